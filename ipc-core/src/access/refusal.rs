//! `Refusal`: why a server did not let a peer in.

use std::sync::Arc;
use std::time::Duration;

use ipc_transport::TransportError;

/// Why a server did not let a peer in. The peer itself is not told, but for what
/// [`ServerBuilder::token`](crate::ServerBuilder::token) says.
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
    /// The program's own check could not decide about it, for this reason. A peer that has said hello may
    /// come back.
    #[error("it could not be decided about: {reason}")]
    Undecided {
        /// The reason, as the program has it.
        reason: String,
    },
    /// It was not let in within the time: see [`WaitingLimits::time`](crate::WaitingLimits::time).
    #[error("{} within {limit:?}", if *.said_hello { "it was not decided about" } else { "it said no hello" })]
    Late {
        /// How long it may take.
        limit: Duration,
        /// Whether it has said hello, and the program's check took too long. Such a peer may come back.
        said_hello: bool,
    },
    /// It has ended the connection, or sent what is no frame, before it said hello.
    #[error("it left without saying hello, or sent what is no frame")]
    NoHello,
    /// It has sent too much before it said hello.
    #[error("it sent {actual} bytes before it said hello, the limit is {limit}")]
    TooManyBytes {
        /// How many bytes it may send.
        limit: usize,
        /// How many have been read.
        actual: usize,
    },
    /// As many peers as may be wait to be let in, and it was this one's turn to go: see
    /// [`WaitingLimits::peers`](crate::WaitingLimits::peers).
    #[error("as many peers wait to be let in as may be: {limit}")]
    TooManyWaiting {
        /// How many may wait.
        limit: usize,
    },
    /// Another peer has its identity: see [`SameIdentity`](crate::SameIdentity). It may come back.
    #[error("another connection is {name:?}")]
    IdentityInUse {
        /// The name.
        name: Arc<str>,
    },
    /// Its identity is refused for a time: see [`Bye::refuse_for`](crate::Bye::refuse_for).
    #[error("{name:?} is refused for another {left:?}")]
    IdentityRefused {
        /// The name.
        name: Arc<str>,
        /// For how much longer.
        left: Duration,
    },
}

impl Refusal {
    /// Returns the refusal of a program's own check. The reason is for this side's program and its logs.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self::Denied { reason: reason.into() }
    }

    /// Returns the refusal of a check that could not decide, since what it asks is not there, say. A peer that
    /// has said hello may come back.
    #[must_use]
    pub fn undecided(reason: impl Into<String>) -> Self {
        Self::Undecided { reason: reason.into() }
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
            Self::Undecided { .. } => "undecided",
            Self::Late { .. } => "late",
            Self::NoHello => "no_hello",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::TooManyWaiting { .. } => "too_many_waiting",
            Self::IdentityInUse { .. } => "identity_in_use",
            Self::IdentityRefused { .. } => "refused",
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
