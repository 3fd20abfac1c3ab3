//! `CallError`: why a call has no result.

use std::time::Duration;

use crate::protocol::calls::{Failure, Overrun, Sent, TooManyCalls};
use crate::{EmitError, FormatError};

/// Why a call has no result.
///
/// Whether the peer may have run it, [`has_not_run`](Self::has_not_run) says: if it has not, to call
/// again is safe.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No answer came in time. The peer is asked to cancel the call.
    #[error("no answer within {within:?}")]
    Deadline {
        /// How long the call could take.
        within: Duration,
    },
    /// The peer stopped the call, since its time was over.
    #[error("the peer stopped the call")]
    PeerDeadline(#[source] Box<Failure>),
    /// The connection was lost; or there was none, and the call was not to wait for one
    /// ([`fail_when_disconnected`](crate::CallOptions::fail_when_disconnected)).
    #[error("the connection was lost{}", may_have_run(*sent))]
    Disconnected {
        /// Whether the peer may have seen the call.
        sent: Sent,
    },
    /// The client, or the server's peer, is closed.
    #[error("the connection is closed{}", may_have_run(*sent))]
    Closed {
        /// Whether the peer may have seen the call.
        sent: Sent,
    },
    /// The call could not be put into the send queue, or was evicted from it.
    #[error("the call was not sent")]
    NotSent(#[source] EmitError),
    /// As many calls are open as may be.
    #[error(transparent)]
    TooMany(#[from] TooManyCalls),
    /// The peer has no such method.
    #[error(transparent)]
    UnknownMethod(Box<Failure>),
    /// The arguments are not what the peer's method takes.
    #[error(transparent)]
    InvalidArgs(Box<Failure>),
    /// As many calls run at the peer as may.
    #[error(transparent)]
    Busy(Box<Failure>),
    /// The peer cancelled the call.
    #[error(transparent)]
    Cancelled(Box<Failure>),
    /// The peer is about to close and takes no new calls.
    #[error(transparent)]
    Closing(Box<Failure>),
    /// The peer does not allow the call.
    #[error(transparent)]
    Denied(Box<Failure>),
    /// The method failed: the error is the peer's own.
    #[error("{0}")]
    Remote(Box<Failure>),
    /// The result is not what was asked for.
    #[error("the result is not what the caller expects")]
    InvalidResult(#[source] FormatError),
    /// The peer answered with a stream of items, and one answer was asked for. It is asked to cancel.
    #[error("the peer answers with a stream")]
    UnexpectedStream,
    /// More items of a stream wait to be read than may: the peer ignored its credit. It is asked to
    /// cancel.
    #[error(transparent)]
    Overrun(#[from] Overrun),
    /// More was received while the call waited for its answer than may wait to be taken. Only the
    /// blocking driver has it: take events first. The call is taken back if it was not sent, and the
    /// peer is asked to cancel it otherwise.
    #[error("{actual} bytes of events wait to be taken, the limit is {limit}")]
    EventsFull {
        /// How many bytes may wait.
        limit: usize,
        /// How many do.
        actual: usize,
    },
    /// The format, or the kind of socket, has no such calls.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl CallError {
    /// Returns a short code, for programs: of an error of the peer's method the peer's own, of any
    /// other one that never changes.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Remote(failure) => &failure.code,
            other => other.fixed_code(),
        }
    }

    fn fixed_code(&self) -> &'static str {
        match self {
            Self::Deadline { .. } | Self::PeerDeadline(_) => "deadline",
            Self::Disconnected { .. } => "disconnected",
            Self::Closed { .. } => "closed",
            Self::NotSent(error) => error.code(),
            Self::TooMany(error) => error.code(),
            Self::UnknownMethod(_) => "unknown_method",
            Self::InvalidArgs(_) => "invalid_args",
            Self::Busy(_) => "busy",
            Self::Cancelled(_) => "cancelled",
            Self::Closing(_) => "closing",
            Self::Denied(_) => "denied",
            Self::Remote(_) => "error",
            Self::InvalidResult(error) => error.code(),
            Self::UnexpectedStream => "unexpected_stream",
            Self::Overrun(error) => error.code(),
            Self::EventsFull { .. } => "events_full",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// Returns whether the peer has certainly not run the call, so that to call again is safe.
    #[must_use]
    pub const fn has_not_run(&self) -> bool {
        match self {
            Self::Disconnected { sent } | Self::Closed { sent } => matches!(sent, Sent::No),
            Self::NotSent(_)
            | Self::TooMany(_)
            | Self::UnknownMethod(_)
            | Self::InvalidArgs(_)
            | Self::Busy(_)
            | Self::Closing(_)
            | Self::Denied(_)
            | Self::Unsupported(_) => true,
            _ => false,
        }
    }

    /// Returns what the peer said, if the error came from it.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::PeerDeadline(failure)
            | Self::UnknownMethod(failure)
            | Self::InvalidArgs(failure)
            | Self::Busy(failure)
            | Self::Cancelled(failure)
            | Self::Closing(failure)
            | Self::Denied(failure)
            | Self::Remote(failure) => Some(failure),
            _ => None,
        }
    }
}

/// Tells the failures that the other side's library answers with from those of its methods, by code.
impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        let failure = Box::new(failure);
        match &*failure.code {
            "deadline" => Self::PeerDeadline(failure),
            "unknown_method" => Self::UnknownMethod(failure),
            "invalid_args" => Self::InvalidArgs(failure),
            "busy" => Self::Busy(failure),
            "cancelled" => Self::Cancelled(failure),
            "closing" => Self::Closing(failure),
            "denied" => Self::Denied(failure),
            _ => Self::Remote(failure),
        }
    }
}

fn may_have_run(sent: Sent) -> &'static str {
    match sent {
        Sent::No => " before the call was sent",
        Sent::Maybe => " after the call was sent; the peer may have run it",
    }
}
