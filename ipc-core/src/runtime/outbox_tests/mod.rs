//! Tests of the outbox from inside: the table of its states, and models of the interleavings of the
//! outbox, of the calls over it, and of the buffer of a stream of events.

mod calls;
mod closing;
mod exchange;
mod flushing;
mod notify;
mod primitives;
mod rig;
mod subscribing;
mod table;
mod time;

/// The outbox itself, compiled once more over `primitives`, which loom schedules.
#[path = "../outbox/mod.rs"]
#[expect(dead_code, reason = "a model does not use all of it")]
#[expect(
    clippy::duplicate_mod,
    reason = "the primitives differ: `super::primitives` is another one"
)]
mod outbox;
