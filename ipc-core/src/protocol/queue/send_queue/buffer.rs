//! The buffer of a queue, which an idle connection leaves to another one.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::SendQueue;

impl SendQueue {
    /// Returns the buffer of an empty queue, if it has more than `keep` bytes, for another queue. It has
    /// no memory otherwise.
    pub fn release(&mut self, keep: usize) -> BytesMut {
        if !self.lengths.is_empty() {
            return BytesMut::new();
        }
        if self.lengths.capacity() > keep / size_of::<u32>() {
            self.lengths = VecDeque::new();
        }
        if self.flat.capacity() <= keep {
            return BytesMut::new();
        }
        self.flat_len = 0;
        self.released = self.flat.capacity();
        std::mem::take(&mut self.flat)
    }

    /// Returns how large the buffer was that this queue released last, if it has none now: one may be
    /// [lent](Self::lend).
    #[inline]
    #[must_use]
    pub fn wants_buffer(&self) -> Option<usize> {
        if self.flat.capacity() > 0 || self.released == 0 { None } else { Some(self.released) }
    }

    /// Takes a buffer to queue small frames in, if there is none. If this one has no memory, it gets as
    /// much as was in use before the last was released, up to 128 KiB: a buffer that grows from nothing
    /// while messages gather is copied again and again.
    pub fn lend(&mut self, mut buffer: BytesMut) {
        if self.flat.capacity() > 0 {
            return;
        }
        buffer.clear();
        if buffer.capacity() == 0 {
            buffer.reserve(self.most.min(AT_ONCE));
        }
        (self.flat, self.most) = (buffer, 0);
    }
}

/// How many bytes a buffer has at most that did not grow to its size: few bytes may follow many.
const AT_ONCE: usize = 128 * 1024;
