//! What waits, what may wait, and what became of the rest.

use super::SendQueue;
use crate::protocol::queue::{OverflowPolicy, QueueLimits, QueuedLen, Tally};

impl SendQueue {
    /// Returns whether a frame of `length` bytes, delimiter or length included, does not fit now
    /// and would fit later.
    #[must_use]
    pub fn is_full_for(&self, length: usize) -> bool {
        length <= self.options.limits.max_bytes && self.exceeded(length).is_some()
    }

    /// Returns whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Returns whether nothing can be written now: nothing waits, or an answer is awaited.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.lengths.is_empty() || self.is_awaiting()
    }

    /// Returns whether what is pushed now has to wait for an answer to what was sent before, or until
    /// the queue is not [on hold](Self::hold) any more.
    #[must_use]
    pub fn is_awaiting(&self) -> bool {
        self.awaiting_answer || self.on_hold
    }

    /// Returns how many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Returns how many bytes wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many messages and bytes wait.
    #[must_use]
    pub fn queued(&self) -> QueuedLen {
        QueuedLen { messages: self.lengths.len(), bytes: self.bytes }
    }

    /// Returns how much may wait.
    #[must_use]
    pub fn limits(&self) -> QueueLimits {
        self.options.limits
    }

    /// Returns what happens at the limits.
    #[must_use]
    pub fn overflow(&self) -> OverflowPolicy {
        self.options.overflow
    }

    /// Returns what became of the messages so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }
}
