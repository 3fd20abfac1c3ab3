//! The limits of a send queue, the results of a push, and the count of what became of messages.

use std::fmt;

use ipc_codec::EncodeError;

use crate::FormatError;

/// How much may wait in a send queue.
///
/// # Defaults
///
/// 8 MiB and 1,048,576 messages. The bytes bound what a peer that does not read can cost; the
/// messages bound the bookkeeping of very small ones (4 bytes each).
///
/// # Examples
///
/// ```
/// use ipc_core::queue::QueueLimits;
///
/// let small = QueueLimits::default().with_max_bytes(64 * 1024);
/// assert_eq!((small.max_bytes(), small.max_messages()), (65_536, 1_048_576));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    pub(super) max_bytes: usize,
    pub(super) max_messages: usize,
}

impl QueueLimits {
    /// Limits that are never reached: for trusted peers that are known to read.
    pub const UNBOUNDED: Self = Self { max_bytes: usize::MAX, max_messages: usize::MAX };

    /// Returns these limits with at most `bytes` bytes of frames waiting (default 8 MiB).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Returns these limits with at most `messages` messages waiting (default 1,048,576).
    #[must_use]
    pub const fn with_max_messages(mut self, messages: usize) -> Self {
        self.max_messages = messages;
        self
    }

    /// Returns how many bytes of frames may wait.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Returns how many messages may wait.
    #[must_use]
    pub const fn max_messages(&self) -> usize {
        self.max_messages
    }
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { max_bytes: 8 * 1024 * 1024, max_messages: 1024 * 1024 }
    }
}

/// How much waits in a send queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct QueuedLen {
    /// How many messages wait, one that is written in part included.
    pub messages: usize,
    /// How many bytes of them are not written yet.
    pub bytes: usize,
}

/// What happens to a message that does not fit into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// `send` waits until it fits; `emit`, which never waits, returns an error. The default.
    #[default]
    Block,
    /// Both `send` and `emit` return an error at once.
    Error,
    /// The message is dropped and counted; the call succeeds.
    DropNewest,
    /// The oldest waiting messages are dropped and counted until the new one fits.
    DropOldest,
    /// The peer is disconnected; what waited is handed back.
    Disconnect,
}

/// Which limit of a queue was exceeded, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueLimit {
    /// The bytes: at most `limit` may wait, and with this message it would be `actual`.
    Bytes {
        /// How many bytes may wait.
        limit: usize,
        /// How many would wait.
        actual: usize,
    },
    /// The messages: at most `limit` may wait, and with this message it would be `actual`.
    Messages {
        /// How many messages may wait.
        limit: usize,
        /// How many would wait.
        actual: usize,
    },
}

impl fmt::Display for QueueLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { limit, actual } => {
                write!(f, "{actual} bytes would wait, the limit is {limit}")
            }
            Self::Messages { limit, actual } => {
                write!(f, "{actual} messages would wait, the limit is {limit}")
            }
        }
    }
}

/// What a push did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pushed {
    /// The message waits to be written.
    Queued,
    /// The message was dropped, as [`OverflowPolicy::DropNewest`] says.
    Dropped,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// The queue is full.
    Full(QueueLimit),
    /// The message alone is larger than the whole queue may be.
    TooLarge {
        /// How many bytes the queue may hold.
        limit: usize,
        /// How many bytes the message has as a frame.
        actual: usize,
    },
    /// The message does not fit into a datagram.
    TooLargeForDatagram {
        /// How many bytes a datagram has at most.
        limit: usize,
        /// How many bytes the message has as a frame.
        actual: usize,
    },
    /// The payload cannot be put into the format.
    Format(FormatError),
    /// The frame cannot be put into the framing.
    Encode(EncodeError),
}

/// What became of the messages of one queue.
///
/// Invariant: `accepted` equals `written + dropped + handed_back` and what still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Messages the queue took.
    pub accepted: u64,
    /// Messages written to the socket whole.
    pub written: u64,
    /// Messages dropped by [`OverflowPolicy::DropNewest`] or [`OverflowPolicy::DropOldest`], and
    /// datagrams that could not be sent.
    pub dropped: u64,
    /// Messages handed back to the caller, not written.
    pub handed_back: u64,
}
