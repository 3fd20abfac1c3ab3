//! Room for one more message: the limits, and what is dropped for its sake.

use super::{SHARED, SendQueue};
use crate::protocol::queue::{OverflowPolicy, PushError, Pushed, QueueLimit};

impl SendQueue {
    /// Takes note of a message of `length` bytes, if there is room for it or can be.
    pub(super) fn make_room(&mut self, length: usize) -> Result<Pushed, PushError> {
        if length > self.limits.max_bytes {
            return Err(PushError::TooLarge { limit: self.limits.max_bytes, actual: length });
        }
        if let Some(limit) = self.max_datagram.filter(|limit| length > *limit) {
            return Err(PushError::TooLargeForDatagram { limit, actual: length });
        }
        while let Some(limit) = self.exceeded(length) {
            match self.overflow {
                OverflowPolicy::DropNewest => {
                    self.tally.accepted += 1;
                    self.tally.dropped += 1;
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
        if bytes > self.limits.max_bytes {
            Some(QueueLimit::Bytes { limit: self.limits.max_bytes, actual: bytes })
        } else if messages > self.limits.max_messages {
            Some(QueueLimit::Messages { limit: self.limits.max_messages, actual: messages })
        } else {
            None
        }
    }

    /// Returns whether a frame would have room beside what cannot be dropped: a frame of which
    /// the first bytes are written.
    fn would_fit_alone(&self, length: usize) -> bool {
        let (messages, bytes) = match self.first_length() {
            Some(first) if self.written > 0 => (1, first - self.written),
            _ => (0, 0),
        };
        messages < self.limits.max_messages && bytes.saturating_add(length) <= self.limits.max_bytes
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
        let Some(length) = self.lengths.remove(index) else { return };
        if length == SHARED {
            self.bytes -= self.shared.remove(index).map_or(0, |frame| frame.len());
        } else {
            self.bytes -= length as usize;
            self.drop_flat_front(length as usize);
        }
        self.tally.dropped += 1;
    }
}
