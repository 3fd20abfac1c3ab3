//! Observers of what happens: `tracing`, and watchers of what is sent.

pub(crate) mod sent;
pub(crate) mod trace;
