//! The kinds of socket, a folder each, and what several of them share.

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub(crate) mod accept;
#[cfg(any(feature = "unix", feature = "pipe"))]
pub(crate) mod busy;
#[cfg(any(feature = "tcp", feature = "udp"))]
pub(crate) mod families;
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
