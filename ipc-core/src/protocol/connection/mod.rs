//! The rules of one connection.

#[cfg(feature = "tokio")]
pub(crate) mod backpressure;
#[cfg(feature = "tokio")]
pub(crate) mod budget;
pub mod inbound;
