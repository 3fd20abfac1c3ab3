//! The send queue: frames that wait to be written, bounded, counted and never lost silently.

mod limits;
mod send_queue;

pub use limits::{OverflowPolicy, PushError, Pushed, QueueLimit, QueueLimits, Tally};
pub use send_queue::SendQueue;
