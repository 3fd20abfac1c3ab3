//! The send queue: frames that wait to be written, bounded, counted and never lost silently.

#[cfg(feature = "tokio")]
pub(crate) mod crowd;
mod limits;
mod options;
mod send_queue;

pub use limits::{OverflowPolicy, PushError, Pushed, QueueLimit, QueueLimits, QueuedLen, Tally};
pub use options::{QueueOptions, Release};
pub use send_queue::SendQueue;
