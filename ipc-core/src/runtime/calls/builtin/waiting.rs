//! `Waiting`: the calls of built-in methods that this side has made.

use std::fmt;
use std::ops::Range;

use super::Report;
use crate::calls::CallError;
use crate::protocol::builtin::Value;
use crate::protocol::calls::{ById, TooManyCalls, move_up};

/// How such a call has ended.
pub(crate) type Outcome = Result<Value, CallError>;

/// What is done with the outcome of a call, in the connection's task or in that of whoever closes it.
/// It may not block.
///
/// Returns what it leaves to report, if the connection goes on.
pub(crate) type OnAnswer = Box<dyn FnOnce(Outcome) -> Option<Report> + Send>;

/// The calls of built-in methods that this side has made and that have not ended, by their numbers.
///
/// They are beside the table of the program's calls: they take none of its places, and neither a close
/// waits for them nor is one cancelled.
#[derive(Default)]
pub(crate) struct Waiting {
    open: ById<Open>,
}

struct Open {
    /// The number of its frame in the send queue; `None` if it was written past the queue.
    frame: Option<u64>,
    /// Whether it ends with the connection although its frame is not written.
    bound: bool,
    on_answer: OnAnswer,
}

/// How a call gets to the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the send queue, over the next connection if need be.
    Queue,
    /// Through the send queue, over the present connection or none.
    Bound,
    /// Written before anything of the send queue.
    PastQueue,
}

/// A call that ends with its connection.
pub(crate) struct Lost {
    pub(crate) on_answer: OnAnswer,
    /// The number of its frame in the send queue, if that was not written: no connection may get it.
    pub(crate) unsent: Option<u64>,
}

impl Waiting {
    /// Adds a call. One that is not to be put into the send queue, of which each connection has but one,
    /// always has a place.
    pub(super) fn add(
        &mut self,
        number: u64,
        way: Way,
        on_answer: OnAnswer,
    ) -> Result<(), TooManyCalls> {
        if way != Way::PastQueue && self.open.len() >= MAX_WAITING {
            return Err(TooManyCalls { limit: MAX_WAITING });
        }
        self.open.insert(number, Open { frame: None, bound: way == Way::Bound, on_answer });
        Ok(())
    }

    /// Handles that the frame of a call is in the send queue.
    pub(super) fn queued(&mut self, number: u64, frame: u64) {
        if let Some(open) = self.open.get_mut(number) {
            open.frame = Some(frame);
        }
    }

    pub(super) fn is_open(&self, number: u64) -> bool {
        self.open.get(number).is_some()
    }

    /// Ends a call, and returns what is done with its outcome.
    pub(super) fn take(&mut self, number: u64) -> Option<OnAnswer> {
        self.open.remove(number).map(|open| open.on_answer)
    }

    /// Ends a call that is answered. Returns what is done with its outcome, and whether it was written
    /// past the queue.
    #[inline]
    pub(crate) fn answered(&mut self, number: u64) -> Option<(OnAnswer, bool)> {
        // Nearly always there is none, and an answer is the program's.
        if self.open.is_empty() {
            return None;
        }
        self.open.remove(number).map(|open| (open.on_answer, open.frame.is_none()))
    }

    /// Ends the calls that a lost connection has carried, and those that are bound to it; the others from
    /// frame `first_unsent` on wait for the next.
    pub(crate) fn connection_lost(&mut self, first_unsent: u64) -> Vec<Lost> {
        let unsent = |open: &Open| open.frame.filter(|frame| *frame >= first_unsent);
        let ended = self.take_all(|open| open.bound || unsent(open).is_none());
        let lost = |open: Open| Lost { unsent: unsent(&open), on_answer: open.on_answer };
        ended.into_iter().map(lost).collect()
    }

    /// Ends the calls whose frames the send queue has dropped for newer ones.
    pub(crate) fn evicted(&mut self, frames: &Range<u64>) -> Vec<OnAnswer> {
        on_answers(self.take_all(|open| open.frame.is_some_and(|frame| frames.contains(&frame))))
    }

    /// Handles that these frames, in ascending order, were removed from the send queue.
    pub(crate) fn taken_out(&mut self, frames: &[u64]) {
        let open = self.open.values_mut().filter_map(|open| open.frame.as_mut());
        open.for_each(|frame| move_up(frame, frames));
    }

    /// Ends all calls: there is no next connection.
    pub(crate) fn closed(&mut self) -> Vec<OnAnswer> {
        on_answers(self.take_all(|_| true))
    }

    fn take_all(&mut self, which: impl Fn(&Open) -> bool) -> Vec<Open> {
        let ended = self.open.iter().filter(|(_, open)| which(open)).map(|(number, _)| number);
        let mut ended: Vec<u64> = ended.collect();
        ended.sort_unstable();
        ended.into_iter().filter_map(|number| self.open.remove(number)).collect()
    }
}

fn on_answers(ended: Vec<Open>) -> Vec<OnAnswer> {
    ended.into_iter().map(|open| open.on_answer).collect()
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.open.iter().map(|(number, _)| number)).finish()
    }
}

/// How many calls of built-in methods this side may have open.
const MAX_WAITING: usize = 64;
