//! `Pause`: suspends reading from a peer that does not read the answers to its own messages.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::options::ConnectionConfig;

/// Whether one connection's socket is read, by how many bytes of answers wait in its send queue.
///
/// An answer is what a handler sends to the peer whose message it handles. More than the high-water
/// mark of them pauses reading, half of it resumes it. What is sent from elsewhere (a broadcast, a
/// task of the program) never pauses: a peer that only talks is heard however much waits for it.
///
/// If the socket takes nothing for [`PATIENCE`], the peer may be one that says everything before it
/// reads anything: reading goes on, up to the last mark. A server never goes beyond that one, so its
/// peers cost no more.
///
/// **Two peers of ours cannot wait for each other for ever**: a client has no last mark. Once its
/// socket has taken nothing for a while, it reads until every answer is written. So one side
/// always reads, the other side's socket takes bytes again, and what waits there is written. Other
/// clients, node-ipc's too, read all the time.
///
/// Positions count the bytes that were written to the connection, and those that will be.
#[derive(Debug)]
pub(crate) struct Pause {
    /// Beyond so many bytes of answers reading pauses, for a while at least.
    high: usize,
    /// Beyond so many it pauses until they are read.
    last: usize,
    /// The answers that wait, several together.
    answers: VecDeque<Answers>,
    /// The sum of their bytes.
    waiting: usize,
    state: State,
}

#[derive(Debug, Clone, Copy)]
struct Answers {
    /// The position after the last of them.
    end: u64,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Flowing,
    /// Beyond the high-water mark, while the socket still takes something.
    Waiting,
    /// The patience was over: reading goes on until no answer waits any more.
    Yielding,
    /// Beyond the last mark.
    Stopped,
}

impl Pause {
    pub(crate) fn new(config: &ConnectionConfig) -> Self {
        // Beyond half of what may wait at all, the answers to the next message may not fit.
        let half = config.queue.max_bytes() / 2;
        // A datagram that waits holds up nothing, and there is no sender who could be slowed down.
        let mark = config.high_water_mark.filter(|_| config.max_datagram.is_none());
        let high = mark.map_or(usize::MAX, |mark| mark.min(half));
        let last =
            if config.yields { usize::MAX } else { high.saturating_mul(LAST_MARK).min(half) };
        let (answers, state) = (VecDeque::new(), State::Flowing);
        Self { high, last, answers, waiting: 0, state }
    }

    /// Counts an answer that waits, up to the position `end`. Returns whether reading pauses.
    pub(crate) fn answered(&mut self, bytes: usize, end: u64) -> bool {
        if self.high == usize::MAX {
            return false;
        }
        self.waiting = self.waiting.saturating_add(bytes);
        match self.answers.back_mut() {
            Some(last) if last.bytes < self.high / GRAINS => {
                last.bytes = last.bytes.saturating_add(bytes);
                last.end = end;
            }
            _ => self.answers.push_back(Answers { end, bytes }),
        }
        match self.state {
            State::Flowing if self.waiting > self.high => self.state = State::Waiting,
            State::Yielding if self.waiting > self.last => self.state = State::Stopped,
            _ => {}
        }
        self.is_paused()
    }

    /// Takes off the answers before this position, which are written, while the socket is full.
    pub(crate) fn written(&mut self, position: u64) {
        while let Some(first) = self.answers.front().filter(|first| first.end <= position) {
            self.waiting = self.waiting.saturating_sub(first.bytes);
            self.answers.pop_front();
        }
        let enough = if self.state == State::Yielding { 0 } else { self.high / 2 };
        if self.waiting <= enough {
            self.state = State::Flowing;
        }
    }

    /// Forgets all answers: nothing waits for a full socket any more.
    pub(crate) fn clear(&mut self) {
        self.answers = VecDeque::new();
        (self.waiting, self.state) = (0, State::Flowing);
    }

    /// Returns whether an answer waits, or did when this was last checked.
    pub(crate) fn is_counting(&self) -> bool {
        !self.answers.is_empty()
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(self.state, State::Waiting | State::Stopped)
    }

    /// Returns when the patience is over, for a socket that has taken nothing since then.
    pub(crate) fn yields_at(&self, full_since: Option<Instant>) -> Option<Instant> {
        full_since.filter(|_| self.state == State::Waiting)?.checked_add(PATIENCE)
    }

    /// Resumes reading if the patience is over, unless the last mark is passed.
    pub(crate) fn look_at_the_time(&mut self, full_since: Option<Instant>, now: Instant) {
        if self.yields_at(full_since).is_some_and(|at| at <= now) {
            let beyond = self.waiting > self.last;
            self.state = if beyond { State::Stopped } else { State::Yielding };
        }
    }
}

/// How long a socket may take nothing while answers wait for it, until reading goes on.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many times the high-water mark the last one is.
const LAST_MARK: usize = 4;

/// Answers are counted together up to this part of the mark.
const GRAINS: usize = 16;

/// Marks this thread as handling messages of one peer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Handling {
    before: usize,
}

impl Handling {
    /// `peer` is what the peer's messages are answered with, which stays where it is.
    pub(crate) fn of<T>(peer: &T) -> Self {
        Self { before: HANDLED.replace(address(peer)) }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        HANDLED.set(self.before);
    }
}

/// Returns whether this thread handles a message of this peer.
pub(crate) fn is_handled_here<T>(peer: &T) -> bool {
    HANDLED.get() == address(peer)
}

fn address<T>(peer: &T) -> usize {
    std::ptr::from_ref(peer).addr()
}

thread_local! {
    /// The address of the peer whose messages are handled, or 0.
    static HANDLED: Cell<usize> = const { Cell::new(0) };
}
