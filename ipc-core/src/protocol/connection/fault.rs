//! `Fault` and `Ending`: what goes wrong on a connection, and how it ends.

use std::io;
use std::time::Duration;

use ipc_codec::DecodeError;

use crate::protocol::queue::QueueLimit;
use crate::{Denied, FormatError, LooksLike, Rate};

/// What went wrong on a connection, to be reported to the program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The peer sent a frame that the format cannot decode.
    Malformed(FormatError),
    /// The peer sent bytes that are not a frame of this framing, or a frame that is too large.
    Frame {
        /// What is wrong with the frame.
        error: DecodeError,
        /// What it looks like, if that may be why.
        looks_like: Option<LooksLike>,
    },
    /// The peer ended the connection within a frame, which is lost.
    Truncated {
        /// How many bytes of the frame had arrived.
        buffered: usize,
        /// What they look like, if that may be why.
        looks_like: Option<LooksLike>,
    },
    /// An unfinished frame made no progress in time.
    FrameTimeout {
        /// How long it may take.
        limit: Duration,
        /// What its beginning looks like, if that may be why.
        looks_like: Option<LooksLike>,
    },
    /// The peer sent nothing for too long.
    IdleTimeout {
        /// How long it may be silent.
        limit: Duration,
    },
    /// The peer gave no sign of life, and was asked for one.
    Silent {
        /// How long it may give none.
        limit: Duration,
        /// How long it gave none.
        actual: Duration,
    },
    /// Closing took too long.
    CloseTimeout {
        /// How long it may take.
        limit: Duration,
    },
    /// The unfinished frames of all peers together take more memory than they may.
    OverBudget {
        /// How many bytes they may take.
        limit: usize,
        /// How many they would take.
        actual: usize,
    },
    /// The peer sent more than its rate.
    OverRate(Rate),
    /// The peer did what it may not.
    Denied {
        /// What it did.
        what: Denied,
        /// The name of the event, method or topic.
        name: String,
    },
    /// The send queue is full, and its policy is to disconnect.
    Overflow(QueueLimit),
    /// Reading failed.
    Read(io::Error),
    /// Writing failed.
    Write(io::Error),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// This side closed it.
    Local {
        /// Whether the peer ended its side in answer: it has then read everything.
        answered: bool,
    },
    /// The peer closed it, between two frames.
    PeerClosed,
    /// The peer closed it although it had not read everything.
    Reset,
    /// The peer closed it within a frame.
    Truncated {
        /// How many bytes of the unfinished frame had arrived.
        buffered: usize,
    },
    /// It failed: with the fault that was reported last.
    Failed,
}

impl Ending {
    /// This side closed it, and the peer has not answered.
    pub(super) const LOCAL: Self = Self::Local { answered: false };

    /// Returns how a peer ended whose socket gave this error, or `None` if the error is not how a
    /// peer's end shows.
    pub(super) fn of_hangup(error: &io::Error) -> Option<Self> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            // A peer that closes with unread bytes in its buffer resets the connection.
            ConnectionReset => Some(Self::Reset),
            BrokenPipe | ConnectionAborted | UnexpectedEof => Some(Self::PeerClosed),
            _ => None,
        }
    }

    /// Returns the ending of a peer's end that turned out to be within a frame.
    pub(super) fn within_a_frame(self, buffered: usize) -> Self {
        match self {
            Self::PeerClosed => Self::Truncated { buffered },
            other => other,
        }
    }
}

impl Fault {
    /// Returns whether the peer sent what cannot be understood: the next connection would end the
    /// same way.
    // Wire rule W14
    pub(super) fn is_misunderstanding(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Frame { .. } | Self::FrameTimeout { .. })
    }
}
