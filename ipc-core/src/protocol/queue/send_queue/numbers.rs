//! The numbers of frames, by which a call finds out what became of its frame.

use std::ops::Range;

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

    /// Takes the numbers of the frames that [`DropOldest`](super::OverflowPolicy::DropOldest) has
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
