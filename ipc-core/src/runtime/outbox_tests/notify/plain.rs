//! The same model over an ordinary lock, so that it runs without loom.

#[path = "model.rs"]
#[expect(clippy::duplicate_mod, reason = "the primitives differ")]
pub(super) mod model;

mod primitives {
    pub(super) use std::sync::{Mutex, MutexGuard};
}
