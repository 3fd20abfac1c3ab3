//! Handlers: which of them run for a message, and in which order.

pub(crate) mod router;
