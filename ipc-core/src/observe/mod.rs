//! Observers of what happens: `tracing`, and watchers of what is sent.

pub(crate) mod send_watch;
pub(crate) mod trace;
