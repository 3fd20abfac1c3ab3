//! The numbers of frames, by which a call finds out what became of its frame.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::{SHARED, SendQueue};

impl SendQueue {
    /// Returns the number of the frame that was queued last; frames are counted from 0 and over all
    /// connections. Meaningless before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        (self.tally.accepted - self.unnumbered).wrapping_sub(1)
    }

    /// Returns the number of the first frame that is not written whole: the next connection gets it
    /// and those after it. Once a policy has dropped older frames, this may be too large by as many as
    /// were dropped beside a frame that is written in part.
    #[must_use]
    pub fn first_unsent(&self) -> u64 {
        self.tally.accepted - self.unnumbered - self.lengths.len() as u64
    }

    /// Returns the number of the first frame of which no byte is written.
    #[must_use]
    pub fn first_untouched(&self) -> u64 {
        self.first_unsent() + u64::from(self.written > 0)
    }

    /// Takes back the frame that was accepted last, if that is its number and no byte of it is
    /// written. Returns whether it was: as if it had never been accepted.
    pub fn take_back(&mut self, frame: u64) -> bool {
        if self.newest() != frame || self.first_untouched() > frame {
            return false;
        }
        let Some(length) = self.lengths.pop_back() else { return false };
        if length == SHARED {
            self.bytes -= self.shared.pop_back().map_or(0, |frame| frame.len());
        } else {
            self.bytes -= length as usize;
            self.flat_len -= length as usize;
            self.flat.truncate(self.flat_len);
        }
        self.tally.accepted -= 1;
        true
    }

    /// Takes frames out of the queue, wherever they are, and returns the numbers of those that it had:
    /// as if they had never been accepted, so each frame behind one of them counts one less for it. A
    /// frame of which a byte is written stays. `frames` is in ascending order.
    pub fn take_out(&mut self, frames: &[u64]) -> Vec<u64> {
        let untouched = self.first_untouched();
        let taken = |number: &u64| *number >= untouched && frames.binary_search(number).is_ok();
        let (first, mut taken_out) = (self.first_unsent(), Vec::new());
        let (mut kept, mut flat) = (VecDeque::new(), BytesMut::with_capacity(self.flat_len));
        let mut shared = std::mem::take(&mut self.shared).into_iter();
        let mut rest = self.flat.get(..self.flat_len).unwrap_or_default();
        for (number, length) in (first..).zip(self.lengths.drain(..)) {
            let whole = if length == SHARED { shared.next() } else { None };
            let bytes = whole.as_ref().map_or(length as usize, Bytes::len);
            let small = if length == SHARED { 0 } else { length as usize };
            let (frame, behind) = rest.split_at_checked(small).unwrap_or_default();
            rest = behind;
            if taken(&number) {
                taken_out.push(number);
                self.bytes -= bytes;
                continue;
            }
            kept.push_back(length);
            flat.extend_from_slice(frame);
            self.shared.extend(whole);
        }
        (self.lengths, self.flat_len, self.flat) = (kept, flat.len(), flat);
        self.tally.accepted -= taken_out.len() as u64;
        taken_out
    }

    /// Takes the numbers of the frames that [`DropOldest`](crate::protocol::queue::OverflowPolicy::DropOldest) has
    /// dropped since the last call: from the first to the last of them.
    pub fn take_evicted(&mut self) -> Option<Range<u64>> {
        self.evicted.take()
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn has_evicted(&self) -> bool {
        self.evicted.is_some()
    }

    pub(super) fn note_evicted(&mut self, number: u64) {
        let start = self.evicted.as_ref().map_or(number, |evicted| evicted.start);
        self.evicted = Some(start..number + 1);
    }
}
