//! `Rate`: how much a peer may send.

use std::fmt;

/// How much each peer of a server may send, and what happens to one that sends more.
///
/// A peer has a bucket of tokens for its messages and one for its bytes. A message takes one token and
/// as many as its frame has bytes; tokens come back at the pace of the rate. A message is taken while
/// both buckets hold something, so a single message may have more bytes than a second allows: the next
/// one waits for longer. Calls and answers count as the messages that they are.
///
/// # Defaults
///
/// The burst is what a second allows; bytes are not limited; over the rate a peer is throttled.
///
/// # Examples
///
/// ```
/// use ipc_core::{OverRate, Rate};
///
/// let rate = Rate::messages(2_000).burst(4_000).bytes(16 << 20);
/// assert_eq!(rate.to_string(), "2000 messages/s (4000 at once) and 16777216 bytes/s");
/// let strict = Rate::messages(10).over(OverRate::Close);
/// # let _ = strict;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    per_second: u32,
    burst: Option<u32>,
    bytes: Option<u64>,
    over: OverRate,
}

/// What happens to a peer that sends more than its [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverRate {
    /// It is not read from until it may send again: its own writes wait, and nothing is lost. The time
    /// limits of unfinished frames and of silence do not run meanwhile, and its end is noticed later.
    /// The default. Over UDP, where nothing makes a sender wait, it is [`Drop`](Self::Drop).
    #[default]
    Throttle,
    /// What is over the rate is dropped unread, calls too, and counted: see
    /// [`Peer::limited`](crate::Peer::limited). At most once a second
    /// [`Error::RateExceeded`](crate::Error::RateExceeded) says how many.
    Drop,
    /// The connection is closed at once, with
    /// [`Error::RateExceeded`](crate::Error::RateExceeded). Over UDP, where the sender may be forged,
    /// it is [`Drop`](Self::Drop).
    Close,
}

impl Rate {
    /// Returns what follows in an error about a rate, after so many messages were dropped.
    #[cfg(feature = "tokio")]
    pub(crate) fn dropped_words(dropped: u64) -> String {
        match dropped {
            0 => String::new(),
            1 => ": a message was dropped".to_owned(),
            many => format!(": {many} messages were dropped"),
        }
    }

    /// Returns the rate of this many messages per second; 0 is taken for 1.
    #[must_use]
    pub const fn messages(per_second: u32) -> Self {
        Self { per_second, burst: None, bytes: None, over: OverRate::Throttle }
    }

    /// Sets how many messages may come at once after a pause; 0 is taken for 1. Default: as many as a
    /// second allows.
    #[must_use]
    pub const fn burst(self, messages: u32) -> Self {
        Self { burst: Some(messages), ..self }
    }

    /// Sets how many bytes of frames may come per second, and at once after a pause; 0 is taken for 1.
    /// Default: not limited.
    #[must_use]
    pub const fn bytes(self, per_second: u64) -> Self {
        Self { bytes: Some(per_second), ..self }
    }

    /// Sets what happens to a peer that sends more. Default: [`OverRate::Throttle`].
    #[must_use]
    pub const fn over(self, over: OverRate) -> Self {
        Self { over, ..self }
    }

    /// Returns how many messages may come per second.
    #[must_use]
    pub const fn messages_per_second(&self) -> u32 {
        self.per_second
    }

    /// Returns how many messages may come at once.
    #[must_use]
    pub fn burst_messages(&self) -> u32 {
        self.burst.unwrap_or(self.per_second)
    }

    /// Returns how many bytes may come per second, if they are limited.
    #[must_use]
    pub const fn bytes_per_second(&self) -> Option<u64> {
        self.bytes
    }

    /// Returns what happens to a peer that sends more.
    #[must_use]
    pub const fn when_over(&self) -> OverRate {
        self.over
    }
}

/// Says the limits, for people.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages/s ({} at once)", self.per_second, self.burst_messages())?;
        match self.bytes {
            Some(bytes) => write!(f, " and {bytes} bytes/s"),
            None => Ok(()),
        }
    }
}
