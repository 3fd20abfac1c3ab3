//! How calls end without an answer: dropped, evicted, or with their connection.

use std::ops::Range;

use super::{Asker, Open};

/// Whether the peer may have seen a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Sent {
    /// It was not written whole, so the peer has not run it: to call again is safe.
    No,
    /// It was written, so the peer may have run it.
    Maybe,
}

/// What becomes of the frame of a call whose future was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Abandoned {
    /// The frame can be taken back: the send queue has not begun to write it.
    TakeBack {
        /// The number of the frame.
        frame: u64,
    },
    /// The frame is written, at least in part: the peer is told to cancel the call.
    Cancel,
    /// There is nothing to do: the call had ended, or was never queued.
    Nothing,
}

/// A call that the peer is to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwedCancel {
    /// The number of the call.
    pub number: u64,
    /// The number of the call's frame in the send queue.
    pub frame: u64,
}

/// What a lost connection ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Lost {
    /// The calls, in the order in which they were made.
    pub calls: Vec<(u64, Sent)>,
    /// The frames of those that were not sent, in ascending order: the next connection must not get
    /// them. Report which the send queue has removed with [`Asker::taken_out`].
    pub frames: Vec<u64>,
}

impl Asker {
    /// Ends a call whose future was dropped. `first_unsent` is the number
    /// of the first frame in the send queue of which no byte is written.
    pub fn abandon(&mut self, number: u64, first_unsent: u64) -> Abandoned {
        let Some(open) = self.remove(number) else { return Abandoned::Nothing };
        match open.frame {
            None => Abandoned::Nothing,
            Some(frame) if frame >= first_unsent => Abandoned::TakeBack { frame },
            Some(frame) => {
                self.owe_cancel(number, frame);
                Abandoned::Cancel
            }
        }
    }

    /// Ends a call that the peer has answered and goes on with: it is told to cancel it.
    pub fn cancel(&mut self, number: u64) {
        if let Some(Open { frame: Some(frame), .. }) = self.remove(number) {
            self.owe_cancel(number, frame);
        }
    }

    /// Makes the peer cancel a call that has ended here: its frame, with this number in the send queue,
    /// could not be taken back after [`abandon`](Self::abandon), or the send queue had no capacity for
    /// its cancel.
    ///
    /// As many cancels wait as calls may be open. Beyond that the oldest is forgotten: the peer then
    /// runs that call up to its deadline.
    pub fn owe_cancel(&mut self, number: u64, frame: u64) {
        if !self.limits.cancels {
            return;
        }
        if self.cancels.len() >= self.limits.max_open {
            self.cancels.pop_front();
        }
        self.cancels.push_back(OwedCancel { number, frame });
    }

    /// Ends the calls whose frames the send queue dropped, and returns their numbers: they were not
    /// sent.
    pub fn evicted(&mut self, frames: Range<u64>) -> Vec<u64> {
        let ended = self.end_where(|open| open.frame.is_some_and(|frame| frames.contains(&frame)));
        ended.into_iter().map(|(number, _)| number).collect()
    }

    /// Ends the calls that the lost connection has carried, and those that are [bound](Self::bind) to
    /// it: `written` is how many frames had left the send queue by then, each with its last byte. The
    /// others stay: their frames go to the next connection, each followed by its cancel if that is
    /// owed.
    pub fn connection_lost(&mut self, written: u64) -> Lost {
        // The peer has dropped all that it ran for this side.
        self.cancels.retain(|cancel| cancel.frame >= written);
        let was_sent = |frame: Option<u64>| frame.is_some_and(|frame| frame < written);
        let lost = self.end_where(|open| open.bound || was_sent(open.frame));
        let mut frames: Vec<u64> = lost
            .iter()
            .filter_map(|(_, open)| open.frame.filter(|frame| *frame >= written))
            .collect();
        frames.sort_unstable();
        let sent = |open: &Open| if was_sent(open.frame) { Sent::Maybe } else { Sent::No };
        Lost { calls: lost.iter().map(|(number, open)| (*number, sent(open))).collect(), frames }
    }

    /// Handles that these frames, in ascending order, were removed from the send queue, wherever they
    /// were: each behind them counts one less for each.
    pub fn taken_out(&mut self, frames: &[u64]) {
        let open = self.open.values_mut().filter_map(|open| open.frame.as_mut());
        let owed = self.cancels.iter_mut().map(|cancel| &mut cancel.frame);
        open.chain(owed).for_each(|frame| move_up(frame, frames));
    }

    /// Ends every call, and returns them in the order in which they were made, each with whether the
    /// peer may have seen it: there is no next connection.
    pub fn closed(&mut self, written: u64) -> Vec<(u64, Sent)> {
        let mut ended = self.connection_lost(written).calls;
        self.cancels.clear();
        let unsent = self.end_where(|_| true);
        ended.extend(unsent.into_iter().map(|(number, _)| (number, Sent::No)));
        ended.sort_unstable_by_key(|(number, _)| *number);
        ended
    }

    /// Takes the next call that the peer has to cancel, oldest first. One that finds no capacity
    /// in the send queue is given back with [`owe_cancel`](Self::owe_cancel).
    pub fn next_cancel(&mut self) -> Option<OwedCancel> {
        self.cancels.pop_front()
    }

    /// Returns whether the peer has calls to cancel.
    #[must_use]
    pub fn owes_cancels(&self) -> bool {
        !self.cancels.is_empty()
    }
}

/// Gives a frame the number that it has once these, in ascending order, were removed from the queue.
pub(crate) fn move_up(frame: &mut u64, taken_out: &[u64]) {
    *frame -= taken_out.partition_point(|taken| *taken < *frame) as u64;
}
