//! The life of a client as a pure state machine: no socket, no clock, no runtime.

mod machine;
mod reconnect;
mod state;

pub use machine::{Input, Output, Session};
pub use reconnect::{Attempts, Backoff, InvalidBackoff, Jitter, OnPermanent, ReconnectPolicy};
pub use state::State;
