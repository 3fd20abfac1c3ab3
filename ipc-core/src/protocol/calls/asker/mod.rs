//! `Asker`: the calls that one side has made and that have not ended.

mod ending;

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use super::ById;
use super::deadlines::Deadlines;
use super::shared_numbers::LAST_OWN;
#[cfg(feature = "tokio")]
pub(crate) use ending::move_up;
pub use ending::{Abandoned, Lost, OwedCancel, Sent};

/// The calls that one side has made and that have not ended.
///
/// Each call ends exactly once: by its last answer, at its deadline, when it is abandoned, when it is
/// evicted from the send queue, or when the connection it was written to is lost. Its number is never
/// used again, so an answer that comes too late fits no other call.
///
/// **Report every frame of a call with [`queued`](Self::queued)**: by the frame's number in the send
/// queue it is known later whether the peer may have seen it. Frames are counted from 0 and over all
/// connections.
#[derive(Debug)]
pub struct Asker {
    limits: AskLimits,
    /// The number of the next call. Never 0.
    next: u64,
    open: ById<Open>,
    /// The deadlines of all open calls.
    deadlines: Deadlines,
    /// The calls that have ended here and that the peer may still run, or will.
    cancels: VecDeque<OwedCancel>,
    late_answers: u64,
}

#[derive(Debug)]
struct Open {
    deadline: Instant,
    /// The number of its frame in the send queue, once it is there.
    frame: Option<u64>,
    /// The longest pause before the next item, if items are expected.
    idle: Option<Duration>,
    /// Whether it ends with the connection although its frame is not written.
    bound: bool,
}

/// How many calls may be open, and how long each may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskLimits {
    /// How many calls may be open at a time. Default: 1,024.
    pub max_open: usize,
    /// How long a call may take, waiting in the send queue included. Default: 30 s.
    pub deadline: Duration,
    /// Whether the peer is told to cancel calls that have ended here. Default: `true`. With one message
    /// in flight it is not: a cancel is not answered, so it would keep what follows it from being sent.
    pub cancels: bool,
}

/// An answer to a call, as the peer sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Answer {
    /// The last one.
    Last,
    /// An item, with more to follow.
    Item,
}

/// What an answer is to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Answered {
    /// The last answer: the call has ended.
    Done,
    /// An item, with more to follow. The stream has its idle time anew.
    Item,
    /// An item of a call that expects one answer only: the call has ended, and the peer is told to
    /// cancel it.
    Unexpected,
}

/// As many calls are open as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyCalls {
    /// How many calls may be open.
    pub limit: usize,
}

impl Asker {
    /// Returns a table without calls.
    #[must_use]
    pub fn new(limits: AskLimits) -> Self {
        Self::starting_at(limits, 1)
    }

    /// Returns a table without calls whose first call has this number, or 1 for 0. After 2^52 - 1 they
    /// begin again at 1. Over datagrams the first number is best chosen at random: an answer of an earlier
    /// socket may still arrive.
    #[must_use]
    pub fn starting_at(limits: AskLimits, first: u64) -> Self {
        Self {
            limits,
            next: first.max(1),
            open: ById::default(),
            deadlines: Deadlines::default(),
            cancels: VecDeque::new(),
            late_answers: 0,
        }
    }

    /// Adds a call that is answered once, within the time of the limits, and returns its number.
    ///
    /// # Errors
    ///
    /// [`TooManyCalls`] if as many are open as may be.
    pub fn ask(&mut self, now: Instant) -> Result<u64, TooManyCalls> {
        self.ask_within(now, self.limits.deadline)
    }

    /// Adds a call that is answered once, within `within`, and returns its number.
    ///
    /// # Errors
    ///
    /// [`TooManyCalls`] if as many are open as may be.
    pub fn ask_within(&mut self, now: Instant, within: Duration) -> Result<u64, TooManyCalls> {
        self.ask_until(later(now, within))
    }

    /// Adds a call that is answered once, before `deadline`, and returns its number.
    ///
    /// # Errors
    ///
    /// [`TooManyCalls`] if as many are open as may be.
    pub fn ask_until(&mut self, deadline: Instant) -> Result<u64, TooManyCalls> {
        self.add(deadline, None)
    }

    /// Adds a call that is answered with items and returns its number. `idle` is the longest pause
    /// before the first item and between two.
    ///
    /// # Errors
    ///
    /// [`TooManyCalls`] if as many are open as may be.
    pub fn ask_stream(&mut self, now: Instant, idle: Duration) -> Result<u64, TooManyCalls> {
        self.add(later(now, idle), Some(idle))
    }

    /// Adds a call that is answered once, within `within`, and that has its number already: one of
    /// [`SharedNumbers`](super::SharedNumbers), so that the same frame can go to many peers.
    ///
    /// # Errors
    ///
    /// [`TooManyCalls`] if as many are open as may be.
    pub fn ask_shared(
        &mut self,
        number: u64,
        now: Instant,
        within: Duration,
    ) -> Result<(), TooManyCalls> {
        self.check_place()?;
        self.insert(number, later(now, within), None);
        Ok(())
    }

    #[inline]
    fn add(&mut self, deadline: Instant, idle: Option<Duration>) -> Result<u64, TooManyCalls> {
        self.check_place()?;
        let number = self.take_number();
        self.insert(number, deadline, idle);
        Ok(number)
    }

    #[inline]
    fn check_place(&self) -> Result<(), TooManyCalls> {
        let limit = self.limits.max_open;
        if self.open.len() < limit { Ok(()) } else { Err(TooManyCalls { limit }) }
    }

    #[inline]
    fn insert(&mut self, number: u64, deadline: Instant, idle: Option<Duration>) {
        self.open.insert(number, Open { deadline, frame: None, idle, bound: false });
        self.deadlines.add(deadline, number);
    }

    /// Makes a call end with the connection also if its frame is not written by then, rather than wait
    /// for the next connection.
    pub fn bind(&mut self, number: u64) {
        if let Some(open) = self.open.get_mut(number) {
            open.bound = true;
        }
    }

    /// Returns a number for a call that the driver keeps itself, such as one of a built-in method: it is
    /// not in this table, and no call of this table has its number.
    #[must_use]
    pub fn take_number(&mut self) -> u64 {
        let number = self.next;
        // From the next one on they are for calls of many peers.
        self.next = if number >= LAST_OWN { 1 } else { number + 1 };
        number
    }

    /// Handles that the call's frame is in the send queue, as its frame number `frame`.
    pub fn queued(&mut self, number: u64, frame: u64) {
        if let Some(open) = self.open.get_mut(number) {
            open.frame = Some(frame);
        }
    }

    /// Handles an answer. Returns what it is to its call, or `None` if no such call is open: it came
    /// too late, or fits none at all, and is counted.
    pub fn answer(&mut self, number: u64, answer: Answer, now: Instant) -> Option<Answered> {
        match answer {
            Answer::Last => self.last_answer(number),
            Answer::Item => self.item(number, now),
        }
    }

    /// Handles the last answer to a call, as [`answer`](Self::answer) does, for which no time is needed.
    pub fn last_answer(&mut self, number: u64) -> Option<Answered> {
        match self.remove(number) {
            Some(_) => Some(Answered::Done),
            None => self.too_late(),
        }
    }

    fn item(&mut self, number: u64, now: Instant) -> Option<Answered> {
        let Some(open) = self.open.get_mut(number) else { return self.too_late() };
        let Some(idle) = open.idle else {
            self.cancel(number);
            return Some(Answered::Unexpected);
        };
        let before = std::mem::replace(&mut open.deadline, later(now, idle));
        let deadline = open.deadline;
        // Of items that come together each would leave the same one, and the call would end that often.
        if deadline != before {
            self.forget_deadline(before, number);
            self.deadlines.add(deadline, number);
        }
        Some(Answered::Item)
    }

    #[cold]
    fn too_late(&mut self) -> Option<Answered> {
        self.late_answers = self.late_answers.saturating_add(1);
        None
    }

    /// Ends the calls whose deadline is over, and returns their numbers, the earliest deadline first.
    /// The peer is told to cancel those whose frame is queued.
    pub fn expire(&mut self, now: Instant) -> Vec<u64> {
        let mut expired = Vec::new();
        for number in self.overdue(now) {
            self.cancel(number);
            expired.push(number);
        }
        expired
    }

    /// Returns the calls whose deadline is over, the earliest first, each once. They stay open: this is
    /// for a driver that wakes those who wait for them, and they [`abandon`](Self::abandon) them.
    pub fn overdue(&mut self, now: Instant) -> Vec<u64> {
        let mut overdue = Vec::new();
        let current = |number| deadline(&self.open, number);
        while let Some(number) = self.deadlines.take_due(now, current) {
            overdue.push(number);
        }
        overdue
    }

    /// Returns when the next deadline is.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first(|number| deadline(&self.open, number)).map(|(at, _)| at)
    }

    /// Returns how long a call still has: what its frame says. Zero if it has ended.
    #[must_use]
    pub fn time_left(&self, number: u64, now: Instant) -> Duration {
        self.open
            .get(number)
            .map_or(Duration::ZERO, |open| open.deadline.saturating_duration_since(now))
    }

    /// Returns how many calls are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Returns whether no call is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns how many answers came for calls that were not open.
    #[must_use]
    pub fn late_answers(&self) -> u64 {
        self.late_answers
    }

    fn remove(&mut self, number: u64) -> Option<Open> {
        let open = self.open.remove(number)?;
        self.forget_deadline(open.deadline, number);
        Some(open)
    }

    /// Removes a deadline that the call does not have any more.
    fn forget_deadline(&mut self, at: Instant, number: u64) {
        self.deadlines.remove(at, number, |number| deadline(&self.open, number));
    }

    /// Ends the calls for which this is so, and returns them in the order in which they were made.
    fn end_where(&mut self, ends: impl Fn(&Open) -> bool) -> Vec<(u64, Open)> {
        let mut numbers: Vec<u64> =
            self.open.iter().filter(|(_, open)| ends(open)).map(|(number, _)| number).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| Some((number, self.remove(number)?))).collect()
    }
}

impl Default for AskLimits {
    fn default() -> Self {
        Self { max_open: 1024, deadline: Duration::from_secs(30), cancels: true }
    }
}

impl TooManyCalls {
    /// Returns a short name of the error that never changes: `too_many_calls`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "too_many_calls"
    }
}

impl fmt::Display for TooManyCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls are open, which is the limit", self.limit)
    }
}

impl Error for TooManyCalls {}

/// Returns the deadline of a call, if it is open.
fn deadline(open: &ById<Open>, number: u64) -> Option<Instant> {
    open.get(number).map(|open| open.deadline)
}

/// Returns the time so much later; as good as never if the clock cannot say it.
pub(crate) fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by).unwrap_or_else(|| now + YEAR)
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
