//! `Answerer`: the calls that one side runs for its peer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::ById;
use super::asker::later;
use super::deadlines::Deadlines;
use super::shared_numbers::MAX_NUMBER;

/// The calls that one side runs for its peer and has not answered.
///
/// It says which calls run and which are refused without a look at their arguments, and whether an
/// answer is still wanted when a handler is done. It bounds what a peer can cause: how many calls run
/// at a time, and for how long.
#[derive(Debug)]
pub struct Answerer {
    limits: AnswerLimits,
    /// The call that came last, with its id, while it runs. It is in none of the tables: most have
    /// ended before the next one comes.
    newest: Option<(u64, Running)>,
    /// The calls that run, by an id of this side's own: a notice has no number.
    running: ById<Running>,
    /// The peer chooses the numbers, hence no hash that it could foresee: they are in order.
    by_number: BTreeMap<CallNumber, u64>,
    deadlines: Deadlines,
    next: u64,
    duplicates: u64,
}

#[derive(Debug)]
struct Running {
    number: Option<CallNumber>,
    deadline: Instant,
    /// The longest pause before an item, if it answers with items.
    idle: Option<Duration>,
    /// Whether it waits for credit.
    stalled: bool,
}

/// How many calls a peer may have run at a time, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerLimits {
    /// How many calls run at a time for one peer. Default: 256.
    pub max_running: usize,
    /// How long a call runs at most, whatever its peer asks for. Default: 5 minutes.
    pub max_time: Duration,
}

/// The number of a call, chosen by the side that asks: an integer from 1 to 2^53 - 1, or text of 1 to
/// 64 bytes. It is echoed as it came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallNumber {
    /// An integer.
    Integer(u64),
    /// Text.
    Text(Box<str>),
}

/// Whether a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Admission {
    /// It runs.
    Run {
        /// Its id, unique on this side.
        id: u64,
        /// When it is stopped at the latest.
        deadline: Instant,
    },
    /// As many calls of this peer run as may: it is refused at once.
    Busy {
        /// How many may run.
        limit: usize,
    },
    /// A call with this number runs already: this one is ignored.
    Duplicate,
}

/// A call whose deadline is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expired {
    /// Its id on this side.
    pub id: u64,
    /// Its number, to be answered; a notice has none.
    pub number: Option<CallNumber>,
}

impl Answerer {
    /// Returns a table without calls.
    #[must_use]
    pub fn new(limits: AnswerLimits) -> Self {
        Self {
            limits,
            newest: None,
            running: ById::default(),
            by_number: BTreeMap::new(),
            deadlines: Deadlines::default(),
            next: 0,
            duplicates: 0,
        }
    }

    /// Handles a call that has come. `number` is `None` for a notice, which is never answered. `left`
    /// is the time that the peer gives it; without one it has the most that a call may have.
    pub fn call(
        &mut self,
        now: Instant,
        number: Option<CallNumber>,
        left: Option<Duration>,
    ) -> Admission {
        self.admit(now, number, left, false)
    }

    /// Handles a call that is answered with items: `idle` is the longest pause before each.
    pub fn call_stream(
        &mut self,
        now: Instant,
        number: CallNumber,
        idle: Option<Duration>,
    ) -> Admission {
        self.admit(now, Some(number), idle, true)
    }

    fn admit(
        &mut self,
        now: Instant,
        number: Option<CallNumber>,
        left: Option<Duration>,
        stream: bool,
    ) -> Admission {
        if number.as_ref().is_some_and(|number| self.running(number).is_some()) {
            self.duplicates = self.duplicates.saturating_add(1);
            return Admission::Duplicate;
        }
        if self.len() >= self.limits.max_running {
            return Admission::Busy { limit: self.limits.max_running };
        }
        let time = left.map_or(self.limits.max_time, |left| left.min(self.limits.max_time));
        let (id, deadline) = (self.next, later(now, time));
        self.next += 1;
        self.file_newest();
        let idle = stream.then_some(time);
        self.newest = Some((id, Running { number, deadline, idle, stalled: false }));
        Admission::Run { id, deadline }
    }

    /// Moves the call that came last into the tables.
    fn file_newest(&mut self) {
        let Some((id, running)) = self.newest.take() else { return };
        if let Some(number) = &running.number {
            self.by_number.insert(number.clone(), id);
        }
        self.deadlines.add(running.deadline, id);
        self.running.insert(id, running);
    }

    fn get(&self, id: u64) -> Option<&Running> {
        match &self.newest {
            Some((newest, running)) if *newest == id => Some(running),
            _ => self.running.get(id),
        }
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Running> {
        match &mut self.newest {
            Some((newest, running)) if *newest == id => Some(running),
            _ => self.running.get_mut(id),
        }
    }

    /// Ends the call that the peer cancels, and returns its id: its handler is to be stopped, and
    /// nothing answered. `None` if no such call runs.
    pub fn cancel(&mut self, number: &CallNumber) -> Option<u64> {
        let id = self.running(number)?;
        self.remove(id);
        Some(id)
    }

    /// Returns the id of the call that runs under this number.
    #[must_use]
    pub fn running(&self, number: &CallNumber) -> Option<u64> {
        match &self.newest {
            Some((id, running)) if running.number.as_ref() == Some(number) => Some(*id),
            _ if self.by_number.is_empty() => None,
            _ => self.by_number.get(number).copied(),
        }
    }

    /// Returns the number to answer a call under. `None` if it is a notice, or has ended.
    #[must_use]
    pub fn number(&self, id: u64) -> Option<&CallNumber> {
        self.get(id)?.number.as_ref()
    }

    /// Returns whether the call runs: it has not ended, been cancelled or expired.
    #[must_use]
    pub fn is_running(&self, id: u64) -> bool {
        self.get(id).is_some()
    }

    /// Ends a call whose handler is done, and returns the number to answer. `None` if no answer is
    /// wanted: it was a notice, or it has ended already (cancelled, expired, connection lost).
    pub fn done(&mut self, id: u64) -> Option<CallNumber> {
        self.remove(id)?.number
    }

    /// Returns the number to send an item under, and gives the call its idle time anew. `None` if the
    /// call has ended, or does not answer with items.
    pub fn item(&mut self, id: u64, now: Instant) -> Option<&CallNumber> {
        let running = self.get_mut(id)?;
        let idle = running.idle?;
        running.stalled = false;
        self.put_off(id, later(now, idle));
        self.number(id)
    }

    /// Handles that a stream waits for credit, and gives its peer so much time for that, counted from
    /// the first call after an item.
    pub fn stalls(&mut self, id: u64, now: Instant, patience: Duration) {
        let Some(running) = self.get_mut(id).filter(|running| !running.stalled) else {
            return;
        };
        running.stalled = true;
        let deadline = running.deadline.max(later(now, patience));
        self.put_off(id, deadline);
    }

    /// Returns when a call is stopped, if it runs.
    #[must_use]
    pub fn deadline(&self, id: u64) -> Option<Instant> {
        self.get(id).map(|running| running.deadline)
    }

    /// Ends the calls whose deadline is over, earliest first: their handlers are to be stopped, and
    /// those with a number answered, so that a peer with more patience learns of it.
    pub fn expire(&mut self, now: Instant) -> Vec<Expired> {
        if self.next_deadline().is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.file_newest();
        let mut expired = Vec::new();
        loop {
            let current = |id| deadline(&self.running, id);
            let Some(id) = self.deadlines.take_due(now, current) else { return expired };
            if let Some(Running { number, .. }) = self.remove(id) {
                expired.push(Expired { id, number });
            }
        }
    }

    /// Ends every call, and returns their ids in the order in which they came: the connection is lost,
    /// so no answer can arrive.
    pub fn connection_lost(&mut self) -> Vec<u64> {
        self.file_newest();
        let mut ids: Vec<u64> = self.running.iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        self.running.clear();
        self.by_number.clear();
        self.deadlines.clear();
        ids
    }

    /// Returns when the next deadline is.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let newest = self.newest.as_ref().map(|(_, running)| running.deadline);
        let first = self.deadlines.first(|id| deadline(&self.running, id)).map(|(at, _)| at);
        newest.into_iter().chain(first).min()
    }

    /// Returns how many calls run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.len() + usize::from(self.newest.is_some())
    }

    /// Returns whether no call runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.newest.is_none() && self.running.is_empty()
    }

    /// Returns how many calls were ignored, since one with the same number ran.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn remove(&mut self, id: u64) -> Option<Running> {
        if self.newest.as_ref().is_some_and(|(newest, _)| *newest == id) {
            return self.newest.take().map(|(_, running)| running);
        }
        let running = self.running.remove(id)?;
        self.forget_deadline(running.deadline, id);
        if let Some(number) = &running.number {
            self.by_number.remove(number);
        }
        Some(running)
    }

    /// Gives a call another deadline.
    fn put_off(&mut self, id: u64, deadline: Instant) {
        if let Some((_, newest)) = self.newest.as_mut().filter(|(newest, _)| *newest == id) {
            newest.deadline = deadline;
            return;
        }
        let Some(running) = self.running.get_mut(id) else { return };
        let before = std::mem::replace(&mut running.deadline, deadline);
        self.forget_deadline(before, id);
        self.deadlines.add(deadline, id);
    }

    /// Removes a deadline that the call does not have any more.
    fn forget_deadline(&mut self, at: Instant, id: u64) {
        self.deadlines.remove(at, id, |id| deadline(&self.running, id));
    }
}

/// Returns the deadline of a call that is in the table.
fn deadline(running: &ById<Running>, id: u64) -> Option<Instant> {
    running.get(id).map(|running| running.deadline)
}

impl CallNumber {
    /// Returns the integer as a number of a call, or `None` if it is 0 or above 2^53 - 1.
    #[must_use]
    pub fn integer(number: u64) -> Option<Self> {
        (1..=MAX_NUMBER).contains(&number).then_some(Self::Integer(number))
    }

    /// Returns the text as a number of a call, or `None` if it is empty or longer than 64 bytes.
    #[must_use]
    pub fn text(text: &str) -> Option<Self> {
        (1..=MAX_TEXT).contains(&text.len()).then(|| Self::Text(text.into()))
    }
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { max_running: 256, max_time: Duration::from_secs(5 * 60) }
    }
}

/// The longest text that is the number of a call, in bytes.
const MAX_TEXT: usize = 64;
