//! The kinds of socket, a folder each, and what several of them share.

#[cfg(any(feature = "unix", feature = "pipe", feature = "tcp", feature = "udp"))]
pub(crate) mod common;
#[cfg(feature = "memory")]
pub(crate) mod memory;
#[cfg(feature = "pipe")]
pub(crate) mod pipe;
#[cfg(feature = "tcp")]
pub(crate) mod tcp;
#[cfg(feature = "tls-base")]
pub(crate) mod tls;
#[cfg(feature = "udp")]
pub(crate) mod udp;
#[cfg(feature = "unix")]
pub(crate) mod unix;
