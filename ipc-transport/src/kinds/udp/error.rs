//! `SendRefused`: why a datagram was not given to the system.

use std::io;
use std::net::SocketAddr;

use crate::error::BROADCAST_OFF;

/// Why a datagram was not given to the system; the source of the [`io::Error`] of such a write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendRefused {
    /// The address would have got too many times what came from it: see
    /// [`UdpLimits::with_amplification`](crate::UdpLimits::with_amplification).
    #[error("{to} would have got {actual} bytes, the limit for what came from it is {limit}")]
    Amplification {
        /// The address.
        to: SocketAddr,
        /// How many bytes it may have got by now.
        limit: u64,
        /// How many it would have got.
        actual: u64,
    },
    /// The system does not let us send to the address, which it does for a broadcast address that
    /// was not asked for: see
    /// [`UdpTransport::with_broadcast`](crate::UdpTransport::with_broadcast).
    #[error("{to} {BROADCAST_OFF}")]
    BroadcastOff {
        /// The address.
        to: SocketAddr,
    },
}

impl SendRefused {
    /// Returns a short name of the error that never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Amplification { .. } => "amplification",
            Self::BroadcastOff { .. } => "broadcast_off",
        }
    }
}

impl From<SendRefused> for io::Error {
    fn from(error: SendRefused) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}
