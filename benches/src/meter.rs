//! `Meter`: counts the messages of a round and takes its time.

use std::io::Write;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::{FIRST_SEQ, Outcome, Task};

/// Counts the answers of a round and takes its time. What warms up is not timed.
#[derive(Debug)]
pub struct Meter {
    warm_up: u64,
    total: u64,
    sent: u64,
    received: u64,
    start: Instant,
    last: Instant,
    /// With one message at a time each trip is timed; else that would cost more than it tells.
    trips: Option<Latencies>,
}

impl Meter {
    /// Returns the meter of a task.
    #[must_use]
    pub fn new(task: &Task) -> Self {
        let start = now();
        if task.warm_up == 0 {
            begin();
        }
        Self {
            warm_up: task.warm_up,
            total: task.total(),
            sent: 0,
            received: 0,
            start,
            last: start,
            trips: (task.in_flight == 1).then(Latencies::new),
        }
    }

    /// Returns the number of the next message to send, if there is one.
    pub fn next_seq(&mut self) -> Option<u64> {
        let seq = FIRST_SEQ + self.sent;
        let more = self.sent < self.total;
        self.sent += u64::from(more);
        more.then_some(seq)
    }

    /// Counts an answer. Returns whether it was the last.
    ///
    /// # Errors
    ///
    /// A text if it is not the answer whose turn it is.
    pub fn on_answer(&mut self, seq: u64) -> Result<bool, String> {
        if seq != FIRST_SEQ + self.received {
            return Err(format!("answer {seq} came in the place of {}", self.received));
        }
        Ok(self.on_answers(1))
    }

    /// Counts answers that have no numbers. Returns whether the last is among them.
    pub fn on_answers(&mut self, count: u64) -> bool {
        if count == 0 {
            return false;
        }
        let was_warm = self.received >= self.warm_up;
        self.received += count;
        if let Some(trips) = &mut self.trips {
            let now = now();
            if was_warm {
                trips.add(now - self.last);
            }
            self.last = now;
        }
        if !was_warm && self.received >= self.warm_up {
            begin();
            (self.start, self.warm_up) = (now(), self.received);
            self.last = self.start;
        }
        self.received >= self.total
    }

    /// Returns what the round showed. Call it with the last answer.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        let outcome = since(self.start, self.total - self.warm_up);
        match &self.trips {
            Some(trips) => trips.add_to(outcome),
            None => outcome,
        }
    }
}

/// Latencies, of which percentiles are wanted.
#[derive(Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// Returns an empty collection.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not: the bounds are valid")]
    pub fn new() -> Self {
        // Three digits, up to a minute in nanoseconds.
        #[expect(clippy::expect_used, reason = "these bounds are within what the histogram takes")]
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds");
        Self { histogram }
    }

    /// Adds one; more than a minute counts as a minute.
    pub fn add(&mut self, latency: Duration) {
        self.histogram.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Returns the outcome with the percentiles, in microseconds.
    #[must_use]
    pub fn add_to(&self, outcome: Outcome) -> Outcome {
        let at = |quantile| self.histogram.value_at_quantile(quantile) as f64 / 1e3;
        let outcome = outcome.with("p50", at(0.5)).with("p99", at(0.99)).with("p999", at(0.999));
        outcome.with("max", self.histogram.max() as f64 / 1e3)
    }
}

/// Returns the outcome of so many messages from `start` until now.
#[must_use]
pub fn since(start: Instant, messages: u64) -> Outcome {
    Outcome::new(messages, (now() - start).as_secs_f64())
}

/// Returns the time now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "these programs measure time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Tells whoever started this process that the measured part of the round begins.
pub fn begin() {
    say("begin");
}

/// Prints a line for whoever started this process. A process that does not read it any more does not need it.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
