//! `Refusal`: why a server did not let a peer in.

use std::sync::Arc;

use ipc_transport::TransportError;

/// Why a server did not let a peer in. The peer itself is not told.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// As many peers are connected as may be.
    #[error("as many peers are connected as may be: {limit}")]
    TooManyPeers {
        /// How many may be.
        limit: usize,
    },
    /// As many peers of the same user or address are connected as may be.
    #[error("as many peers of the same user or address are connected as may be: {limit}")]
    TooManyOfIdentity {
        /// How many may be.
        limit: usize,
    },
    /// Neither the user nor a group of it is one that is let in.
    #[error("user {uid} of group {gid} is not let in")]
    User {
        /// The user's number.
        uid: u32,
        /// The number of its primary group.
        gid: u32,
    },
    /// The system does not say which user the peer is, as over TCP.
    #[error("the user is not known")]
    UnknownUser,
    /// The peer has shown no certificate that a trusted CA has signed, or the connection is not TLS.
    #[error("there is no verified certificate")]
    NoCertificate,
    /// The transport has refused it: see [`PeerCheck`](ipc_transport::PeerCheck).
    #[error(transparent)]
    Transport(Arc<TransportError>),
    /// The program's own check has refused it, for this reason.
    #[error("{reason}")]
    Denied {
        /// The reason, as the program has it.
        reason: String,
    },
}

impl Refusal {
    /// Returns the refusal of a program's own check. The reason is for this side's program and its logs.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self::Denied { reason: reason.into() }
    }

    /// Returns a stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyPeers { .. } | Self::TooManyOfIdentity { .. } => "too_many_peers",
            Self::User { .. } | Self::UnknownUser | Self::NoCertificate | Self::Denied { .. } => {
                "denied"
            }
            Self::Transport(error) => error.code(),
        }
    }
}

/// The refusal of a program's own check.
impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        Self::new(reason)
    }
}

/// The refusal of a program's own check.
impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::new(reason)
    }
}
