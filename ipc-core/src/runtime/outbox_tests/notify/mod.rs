//! `Notify` of tokio, as far as the code under the models uses it, over a lock that loom schedules:
//! tokio's own is opaque to it, and nothing would come between looking and registering.

mod model;
mod order;
mod plain;
mod tests;

pub(super) use self::model::Notify;

/// What `model` is written over.
mod primitives {
    pub(super) use loom::sync::{Mutex, MutexGuard};
}
