//! `Credit` and `Window`: the two ends of a stream of items.
//!
//! Credit counts items: the side that reads says how many more may come. A peer that ignores it is held
//! to a budget of bytes and items instead, so that a slow reader neither stops the connection nor
//! costs memory without bound.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
#[cfg(feature = "tokio")]
use std::time::Duration;

/// The sending end of a stream: how many items may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    left: u32,
}

/// The receiving end of a stream: the items that are received and not read, and the credit for more.
#[derive(Debug)]
pub struct Window {
    limits: WindowLimits,
    /// The sizes of the items that are received and not read, in bytes.
    unread: VecDeque<usize>,
    bytes: usize,
    /// How many items the peer may still send.
    outstanding: u32,
    /// All items that ever came, and their bytes: for their average size.
    items: u64,
    total: u64,
}

/// What may wait in a [`Window`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowLimits {
    /// How many bytes of items may wait to be read. Default: 8 MiB.
    pub max_bytes: usize,
    /// How many items may wait to be read. Default: 65,536.
    pub max_items: usize,
    /// How many items the peer may send before more credit is given, at first. Default: 8.
    pub first_credit: u32,
    /// How many items the peer may send before more credit is given, at most. Default: 64.
    pub max_credit: u32,
}

/// More items wait to be read than may: the peer ignored the credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overrun {
    /// The items have too many bytes.
    Bytes {
        /// How many bytes may wait.
        limit: usize,
        /// How many would.
        actual: usize,
    },
    /// There are too many items.
    Items {
        /// How many items may wait.
        limit: usize,
        /// How many would.
        actual: usize,
    },
}

impl Credit {
    /// Returns the credit that a call came with.
    #[must_use]
    pub const fn new(items: u32) -> Self {
        Self { left: items }
    }

    /// Adds credit that the peer gave.
    pub fn add(&mut self, items: u32) {
        self.left = self.left.saturating_add(items);
    }

    /// Takes the credit of one item. `false` if there is none: the item has to wait.
    pub fn take(&mut self) -> bool {
        let there = self.left > 0;
        self.left = self.left.saturating_sub(1);
        there
    }

    /// Returns how many items may still be sent.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }
}

impl Window {
    /// Returns the receiving end of a new stream, whose call gives the peer
    /// [`outstanding`](Self::outstanding) credit.
    #[must_use]
    pub fn new(limits: WindowLimits) -> Self {
        Self {
            limits,
            unread: VecDeque::new(),
            bytes: 0,
            outstanding: limits.first_credit.clamp(1, limits.max_credit.max(1)),
            items: 0,
            total: 0,
        }
    }

    /// Handles an item of `bytes` bytes that has come.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if it would be more than may wait. The stream has then to end; what came before can
    /// still be read.
    pub fn received(&mut self, bytes: usize) -> Result<(), Overrun> {
        let WindowLimits { max_bytes, max_items, .. } = self.limits;
        let (items, total) = (self.unread.len() + 1, self.bytes.saturating_add(bytes));
        if total > max_bytes {
            return Err(Overrun::Bytes { limit: max_bytes, actual: total });
        }
        if items > max_items {
            return Err(Overrun::Items { limit: max_items, actual: items });
        }
        self.unread.push_back(bytes);
        self.bytes = total;
        self.outstanding = self.outstanding.saturating_sub(1);
        self.items = self.items.saturating_add(1);
        self.total = self.total.saturating_add(bytes as u64);
        Ok(())
    }

    /// Handles that the oldest item was read, and returns how much credit to give the peer: 0 means
    /// none yet, since credit is given in lots of half of what may be outstanding.
    #[must_use = "without credit the peer stops"]
    pub fn read(&mut self) -> u32 {
        let Some(bytes) = self.unread.pop_front() else { return 0 };
        self.bytes = self.bytes.saturating_sub(bytes);
        let target = self.target();
        let waiting = u32::try_from(self.unread.len()).unwrap_or(u32::MAX);
        let lot = target.saturating_sub(self.outstanding).saturating_sub(waiting);
        if lot < target.div_ceil(2) {
            return 0;
        }
        self.outstanding += lot;
        lot
    }

    /// Returns how many items the peer may still send.
    #[must_use]
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// Returns how many items wait to be read.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Returns how many bytes of items wait to be read.
    #[must_use]
    pub fn unread_bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many items may be sent and unread together: as many as fit into the budget by their
    /// average size. At first as many as the call said, then twice as many as were read, up to the most.
    fn target(&self) -> u32 {
        let average = (self.total / self.items.max(1)).max(1);
        let fitting = (self.limits.max_bytes as u64 / average).min(self.limits.max_items as u64);
        let grown = self.items.max(u64::from(self.limits.first_credit));
        let most = u64::from(self.limits.max_credit);
        u32::try_from(fitting.min(grown).min(most)).unwrap_or(u32::MAX).max(1)
    }
}

impl WindowLimits {
    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Sets [`max_items`](Self::max_items).
    #[must_use]
    pub fn max_items(self, max_items: usize) -> Self {
        Self { max_items, ..self }
    }

    /// Sets how many items the peer may send before more credit is given, at first and at most.
    #[must_use]
    pub fn credit(self, first_credit: u32, max_credit: u32) -> Self {
        Self { first_credit, max_credit, ..self }
    }
}

impl Default for WindowLimits {
    fn default() -> Self {
        Self { max_bytes: 8 * 1024 * 1024, max_items: 65_536, first_credit: 8, max_credit: 64 }
    }
}

impl Overrun {
    /// Returns a short name of the error that never changes: `stream_overrun`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "stream_overrun"
    }
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, limit, actual) = match self {
            Self::Bytes { limit, actual } => ("bytes of items", limit, actual),
            Self::Items { limit, actual } => ("items", limit, actual),
        };
        write!(f, "{actual} {what} of the stream wait to be read, and the limit is {limit}")
    }
}

impl Error for Overrun {}

/// How many streams run at a time for one peer; beyond it calls are answered `busy`.
#[cfg(feature = "tokio")]
pub(crate) const MAX_STREAMS: usize = 128;

/// How long a stream waits for credit.
#[cfg(feature = "tokio")]
pub(crate) const STALL_TIMEOUT: Duration = Duration::from_secs(60);
