//! Handlers: what is registered for messages and lifecycle events, and how it is called.

pub(crate) mod error;
#[cfg(feature = "tokio")]
mod forward;
pub(crate) mod lifecycle;
#[cfg(feature = "tokio")]
pub(crate) mod options;
pub(crate) mod registry;
pub(crate) mod router;
#[cfg(feature = "tokio")]
mod topics;

#[cfg(feature = "tokio")]
pub use face::Handlers;

#[cfg(feature = "tokio")]
mod enums;
#[cfg(feature = "tokio")]
mod face;
