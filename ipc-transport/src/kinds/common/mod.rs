//! What several kinds of socket share.

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub(crate) mod accept;
#[cfg(any(feature = "unix", feature = "pipe"))]
pub(crate) mod busy;
#[cfg(any(feature = "tcp", feature = "udp"))]
pub(crate) mod ip_families;
