//! A model of calls: an answer, a deadline, a drop and a lost connection that come at the same time.

mod ending;
mod losing;
mod rig;
mod waiting;

/// The calls themselves, compiled once more over `primitives`, which loom schedules.
#[path = "../../calls/shared/mod.rs"]
#[expect(dead_code, reason = "a model does not use all of it")]
#[expect(
    clippy::duplicate_mod,
    reason = "the primitives differ: `super::super::primitives` is another one"
)]
mod shared;

use super::{outbox, primitives, time};
