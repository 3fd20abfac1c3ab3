//! `DisconnectReason`: why a connection ended.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::protocol::connection::Ending;

/// Why a connection ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// This side closed it.
    Local,
    /// The peer closed it, between two frames.
    PeerClosed,
    /// The peer closed it although it had not read everything: what was written last is lost,
    /// without anybody knowing where the loss begins.
    Reset,
    /// The peer closed it within a frame, of which this many bytes had come.
    Truncated {
        /// How many bytes of the unfinished frame had come.
        buffered: usize,
    },
    /// It ended with an error.
    Error(Arc<Error>),
}

impl DisconnectReason {
    /// Returns the reason of an ending; `failure` is the error that was reported last.
    pub(crate) fn of(ending: Ending, failure: Option<Arc<Error>>) -> Self {
        match (ending, failure) {
            (Ending::PeerClosed, _) => Self::PeerClosed,
            (Ending::Reset, _) => Self::Reset,
            (Ending::Truncated { buffered }, _) => Self::Truncated { buffered },
            (Ending::Failed, Some(error)) => Self::Error(error),
            (Ending::Local { .. } | Ending::Failed, _) => Self::Local,
        }
    }

    /// Returns a stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Local => "closed_by_this_side",
            Self::PeerClosed => "closed_by_peer",
            Self::Reset => "reset_by_peer",
            Self::Truncated { .. } => "truncated",
            Self::Error(error) => error.code(),
        }
    }
}

/// Says who ended it, for people; of an error all that it has to say.
impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("by this side"),
            Self::PeerClosed => f.write_str("by the other side"),
            Self::Reset => f.write_str("by the other side, before it had read everything"),
            Self::Truncated { buffered } => {
                write!(f, "by the other side, within a frame, after {buffered} bytes of it")
            }
            Self::Error(error) => error.fmt(f),
        }
    }
}
