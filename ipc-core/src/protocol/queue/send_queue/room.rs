//! Room for one more message: the limits, and what is dropped to make it fit.

use super::{SHARED, SendQueue};
use crate::protocol::queue::{OverflowPolicy, PushError, Pushed, QueueLimit};

impl SendQueue {
    /// Counts a message of `length` bytes as accepted if it fits, or does after the policy dropped
    /// others.
    #[inline]
    pub(super) fn make_room(&mut self, length: usize) -> Result<Pushed, PushError> {
        let limits = &self.options.limits;
        let fits = self.bytes <= limits.max_bytes
            && length <= limits.max_bytes - self.bytes
            && self.lengths.len() < limits.max_messages;
        if !fits || self.options.max_datagram.is_some() {
            return self.make_room_by_policy(length);
        }
        self.tally.accepted += 1;
        Ok(Pushed::Queued)
    }

    #[cold]
    fn make_room_by_policy(&mut self, length: usize) -> Result<Pushed, PushError> {
        let limit = self.options.limits.max_bytes;
        if length > limit {
            return Err(PushError::TooLarge { limit, actual: length });
        }
        if let Some(limit) = self.options.max_datagram.filter(|limit| length > *limit) {
            return Err(PushError::TooLargeForDatagram { limit, actual: length });
        }
        while let Some(limit) = self.exceeded(length) {
            match self.options.overflow {
                OverflowPolicy::DropNewest => {
                    self.tally.accepted += 1;
                    self.tally.dropped += 1;
                    self.unnumbered += 1;
                    return Ok(Pushed::Dropped);
                }
                OverflowPolicy::DropOldest if self.would_fit_alone(length) => self.drop_oldest(),
                _ => return Err(PushError::Full(limit)),
            }
        }
        self.tally.accepted += 1;
        Ok(Pushed::Queued)
    }

    pub(super) fn exceeded(&self, length: usize) -> Option<QueueLimit> {
        let bytes = self.bytes.saturating_add(length);
        let messages = self.lengths.len().saturating_add(1);
        if bytes > self.options.limits.max_bytes {
            Some(QueueLimit::Bytes { limit: self.options.limits.max_bytes, actual: bytes })
        } else if messages > self.options.limits.max_messages {
            Some(QueueLimit::Messages { limit: self.options.limits.max_messages, actual: messages })
        } else {
            None
        }
    }

    /// Returns whether a frame would fit beside what cannot be dropped: a frame of which the first
    /// bytes are written.
    fn would_fit_alone(&self, length: usize) -> bool {
        let (messages, bytes) = match self.first_length() {
            Some(first) if self.written > 0 => (1, first - self.written),
            _ => (0, 0),
        };
        messages < self.options.limits.max_messages
            && bytes.saturating_add(length) <= self.options.limits.max_bytes
    }

    /// Drops the oldest frame of which nothing is written.
    fn drop_oldest(&mut self) {
        // A frame that is half on the wire has to be finished, or the stream breaks. It is set
        // aside, so that what is dropped is always at the front of the small frames.
        let index = usize::from(self.written > 0);
        if let (1, Some(first)) = (index, self.lengths.front_mut()) {
            if *first != SHARED {
                let length = *first as usize;
                self.flat_len -= length;
                self.shared.push_front(self.flat.split_to(length).freeze());
                *first = SHARED;
            }
        }
        let number = self.first_unsent() + index as u64;
        let Some(length) = self.lengths.remove(index) else { return };
        if length == SHARED {
            self.bytes -= self.shared.remove(index).map_or(0, |frame| frame.len());
        } else {
            self.bytes -= length as usize;
            self.drop_flat_front(length as usize);
        }
        self.tally.dropped += 1;
        self.note_evicted(number);
    }
}
