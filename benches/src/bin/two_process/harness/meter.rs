//! `Meter`: counts the answers of a round and takes its time.

use std::time::{Duration, Instant};

use ipc_benches::FIRST_SEQ;

use super::Result;
use super::clock::{Moment, now};
use super::subject::Mode;

/// What one round showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// The time of one message, on average.
    pub(super) per_message: Duration,
    /// The processor time that the measuring process spent on one message, on average.
    pub(super) cpu: Duration,
    /// The median and the 99th percentile of a round trip, if each was timed.
    pub(super) trip: Option<(Duration, Duration)>,
}

/// Counts the answers of a round and takes its time. The first tenth warms up and is not timed.
#[derive(Debug)]
pub(super) struct Meter {
    warm_up: u64,
    total: u64,
    sent: u64,
    received: u64,
    start: Moment,
    last: Instant,
    trips: Option<Vec<Duration>>,
}

impl Meter {
    pub(super) fn new(mode: Mode, messages: u64) -> Self {
        let start = Moment::now();
        let trips = Vec::with_capacity(usize::try_from(messages).unwrap_or_default());
        Self {
            warm_up: messages / 10,
            total: messages / 10 + messages,
            sent: 0,
            received: 0,
            start,
            last: now(),
            trips: (mode == Mode::RoundTrip).then_some(trips),
        }
    }

    /// Returns the number of the next message to send, if there is one.
    pub(super) fn next(&mut self) -> Option<u64> {
        let seq = FIRST_SEQ + self.sent;
        let more = self.sent < self.total;
        self.sent += u64::from(more);
        more.then_some(seq)
    }

    /// Takes note of an answer. Returns whether it was the last.
    pub(super) fn on_answer(&mut self, seq: u64) -> Result<bool> {
        if seq != FIRST_SEQ + self.received {
            return Err(format!("answer {seq} came in the place of {}", self.received).into());
        }
        Ok(self.on_answers(1))
    }

    /// Takes note of some answers that have no numbers. Returns whether the last is among them.
    pub(super) fn on_answers(&mut self, count: u64) -> bool {
        let was_warm = self.received >= self.warm_up;
        self.received += count;
        if let Some(trips) = &mut self.trips {
            let now = now();
            if was_warm {
                trips.push(now - self.last);
            }
            self.last = now;
        }
        if !was_warm && self.received >= self.warm_up {
            (self.start, self.warm_up) = (Moment::now(), self.received);
        }
        self.received >= self.total
    }

    /// Returns what the round showed. Call it with the last answer.
    pub(super) fn finish(&mut self) -> Round {
        let mut round = Round::since(self.start, self.total - self.warm_up);
        if let Some(trips) = &mut self.trips {
            trips.sort_unstable();
            let at = |percent: usize| trips.get(trips.len() * percent / 100).copied();
            round.trip = at(50).zip(at(99));
        }
        round
    }
}

impl Round {
    /// Returns the round of so many messages that began at `start` and ends now.
    pub(super) fn since(start: Moment, messages: u64) -> Self {
        let (wall, cpu) = start.elapsed();
        let messages = messages.max(1) as f64;
        Self { per_message: wall.div_f64(messages), cpu: cpu.div_f64(messages), trip: None }
    }
}
