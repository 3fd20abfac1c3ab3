//! Messages that may be lost: what came back, and what has arrived.

use std::time::{Duration, Instant};

use crate::meter::{Latencies, begin, now, since};
use crate::pace::sleep;
use crate::{FIRST_SEQ, Outcome, Task};

/// What has not come back after this time is lost.
pub const LONGEST: Duration = Duration::from_millis(100);

/// After this time the end is asked for again: the question or its answer may be lost, too.
pub const AGAIN: Duration = Duration::from_millis(5);

/// So often the end is asked for.
pub const ATTEMPTS: usize = 2_000;

/// Counts messages that come back, one at a time, and those that do not.
#[derive(Debug)]
pub struct Trips {
    task: Task,
    sent: u64,
    lost: u64,
    start: Instant,
    sent_at: Instant,
    latencies: Latencies,
}

impl Trips {
    /// Returns the count of a task.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        let start = now();
        let latencies = Latencies::new();
        Self { task: *task, sent: 0, lost: 0, start, sent_at: start, latencies }
    }

    /// Returns the number of the next message, which is to be sent now, if there is one.
    pub fn next_seq(&mut self) -> Option<u64> {
        if self.sent == self.task.warm_up {
            begin();
            self.start = now();
        }
        let seq = FIRST_SEQ + self.sent;
        let more = self.sent < self.task.total();
        self.sent += u64::from(more);
        self.sent_at = now();
        more.then_some(seq)
    }

    /// Counts whether the message has come back.
    pub fn on(&mut self, came_back: bool) {
        if self.sent <= self.task.warm_up {
            return;
        }
        if came_back {
            self.latencies.add(now() - self.sent_at);
        } else {
            self.lost += 1;
        }
    }

    /// Returns what the round showed. Call it after the last message.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        let came_back = self.task.messages - self.lost;
        let outcome = self.latencies.add_to(since(self.start, came_back));
        with_losses(outcome, self.task.messages, came_back)
    }
}

/// Counts messages that go one way, at a pace if the task has one: first those that warm up, then the
/// others. After each part the peer is asked how many have arrived so far.
#[derive(Debug)]
pub struct Deliveries {
    task: Task,
    sent: u64,
    counted: u64,
    warm: Option<u64>,
    start: Instant,
}

impl Deliveries {
    /// Returns the count of a task.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        Self { task: *task, sent: 0, counted: 0, warm: None, start: now() }
    }

    /// Returns how long it is until the next message is due. Without a pace it is zero.
    #[must_use]
    pub fn wait(&self) -> Duration {
        if self.task.rate == 0 {
            return Duration::ZERO;
        }
        let n = self.sent - self.warm.map_or(0, |_| self.task.warm_up);
        let due = Duration::from_secs(n) / u32::try_from(self.task.rate).unwrap_or(u32::MAX);
        (self.start + due).saturating_duration_since(now())
    }

    /// Returns the number of the next message, if there is one, when it is due.
    pub fn next_seq(&mut self) -> Option<u64> {
        if self.sent == self.task.total() {
            return None;
        }
        let wait = self.wait();
        if wait > Duration::ZERO {
            sleep(wait);
        }
        self.sent += 1;
        Some(FIRST_SEQ + self.sent - 1)
    }

    /// Returns whether the peer is to be asked now.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.sent == self.task.warm_up && self.warm.is_none() || self.sent == self.task.total()
    }

    /// Returns how many had arrived when the peer was last asked.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// Takes the peer's answer.
    pub fn end(&mut self, counted: u64) {
        self.counted = counted;
        if self.warm.is_none() {
            self.warm = Some(counted);
            begin();
            self.start = now();
        }
    }

    /// Returns what the round showed. Call it after the last answer.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        let arrived = self.counted.saturating_sub(self.warm.unwrap_or_default());
        with_losses(since(self.start, arrived), self.task.messages, arrived)
    }
}

fn with_losses(outcome: Outcome, sent: u64, arrived: u64) -> Outcome {
    let seconds = outcome.get("seconds").unwrap_or_default();
    outcome
        .with("sent_rate", sent as f64 / seconds)
        .with("lost_percent", 100.0 * sent.saturating_sub(arrived) as f64 / sent as f64)
}

#[cfg(test)]
mod tests {
    use super::{Deliveries, Trips};
    use crate::{FIRST_SEQ, Task, Work};

    #[test]
    fn a_trip_that_is_lost_is_counted_and_has_no_latency() {
        let mut trips = Trips::new(&Task::new(Work::LossyEcho, 4).warm_up(2));
        let mut sent = Vec::new();
        while let Some(seq) = trips.next_seq() {
            sent.push(seq - FIRST_SEQ);
            // The second, which is not measured, and the fourth.
            trips.on(seq % 2 == 0);
        }
        assert_eq!(sent, [0, 1, 2, 3, 4, 5]);
        let outcome = trips.finish();
        assert_eq!(outcome.get("messages"), Some(2.0));
        assert_eq!(outcome.get("lost_percent"), Some(50.0));
    }

    #[test]
    fn messages_that_warm_up_are_counted_apart() {
        let mut deliveries = Deliveries::new(&Task::new(Work::LossyFlood, 8).warm_up(2));
        let (mut sent, mut asked) = (0, Vec::new());
        while deliveries.next_seq().is_some() {
            sent += 1;
            if deliveries.asks() {
                asked.push(sent);
                // One of those that warm up is lost, and two of the others.
                deliveries.end(if sent == 2 { 1 } else { 7 });
            }
        }
        assert_eq!(asked, [2, 10]);
        let outcome = deliveries.finish();
        assert_eq!(outcome.get("messages"), Some(6.0));
        assert_eq!(outcome.get("lost_percent"), Some(25.0));
    }

    #[test]
    fn the_pace_begins_again_after_the_warm_up() {
        let task = Task::new(Work::LossyFlood, 1_000).warm_up(1).rate(1);
        let mut deliveries = Deliveries::new(&task);
        assert!(deliveries.wait().is_zero());
        assert!(deliveries.next_seq().is_some());
        deliveries.end(1);
        assert!(deliveries.wait().is_zero(), "{deliveries:?}");
        deliveries.sent += 60;
        assert!(deliveries.wait().as_secs() > 50, "{deliveries:?}");
    }
}
