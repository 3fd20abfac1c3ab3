//! One connection: its frames, its deadlines and its end. See [`Machine`].

#[cfg(feature = "tokio")]
pub(crate) mod backpressure;
#[cfg(feature = "tokio")]
pub(crate) mod budget;
mod fault;
mod idle;
mod inbound;
mod input;
mod liveness;
mod machine;
mod rules;
mod silence;

pub use fault::{Ending, Fault};
pub use inbound::Inbound;
pub use input::{Action, Input};
pub use liveness::{Heartbeat, Liveness, Pulse, Unsent};
pub use machine::Machine;
pub use rules::{Role, Rules};
