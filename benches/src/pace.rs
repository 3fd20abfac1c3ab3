//! A fixed pace: messages whose time comes whether or not the last one was answered.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use crate::meter::{Latencies, begin, now, since};
use crate::{FIRST_SEQ, Outcome, Task};

/// Sends the messages of a task, each when its time has come. Runs on a thread of its own.
///
/// # Errors
///
/// What `send` returns.
pub fn pace<E>(
    task: &Task,
    start: Instant,
    mut send: impl FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    precise_sleep();
    for n in 0..task.total() {
        let time = due(task, start, n);
        while let Some(left) = time.checked_duration_since(now()).filter(|left| *left > TICK) {
            sleep(left);
        }
        send(FIRST_SEQ + n)?;
    }
    Ok(())
}

/// Sleeps.
#[expect(clippy::disallowed_methods, reason = "a pace is kept by sleeping")]
pub fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// Returns when the time of message `n` has come.
#[must_use]
pub fn due(task: &Task, start: Instant, n: u64) -> Instant {
    start + lasting(task, n)
}

/// Returns how long so many messages take.
fn lasting(task: &Task, messages: u64) -> Duration {
    Duration::from_secs(messages) / u32::try_from(task.rate.max(1)).unwrap_or(u32::MAX)
}

/// Counts the answers to messages at a fixed pace.
///
/// A latency counts from when the message was due, not from when it was sent: a server that is
/// late makes the messages behind it late too, and that is what they would have met.
#[derive(Debug)]
pub struct PacedMeter {
    task: Task,
    start: Instant,
    begun: Instant,
    /// From when on the latencies of messages count that are due.
    settled: Instant,
    received: u64,
    latencies: Latencies,
}

impl PacedMeter {
    /// Returns the meter of a task whose first message is due at `start`.
    #[must_use]
    pub fn new(task: &Task, start: Instant) -> Self {
        let latencies = Latencies::new();
        Self { task: *task, start, begun: start, settled: start, received: 0, latencies }
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
        Ok(self.on_one_due(due(&self.task, self.start, self.received)))
    }

    /// Counts an answer, in whatever order they come, to a message that was due then. Returns whether it was
    /// the last.
    pub fn on_one_due(&mut self, due: Instant) -> bool {
        let now = now();
        if self.received >= self.task.warm_up && due >= self.settled {
            self.latencies.add(now.saturating_duration_since(due));
        }
        self.received += 1;
        if self.received == self.task.warm_up {
            begin();
            (self.begun, self.settled) = (now, due + settling(&self.task));
        }
        self.received >= self.task.total()
    }

    /// Returns what the round showed. Call it with the last answer.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        self.latencies.add_to(since(self.begun, self.task.messages))
    }
}

/// Returns for how long no latencies count: not for long in a short run.
fn settling(task: &Task) -> Duration {
    SETTLE.min(lasting(task, task.messages) / 10)
}

/// Whoever started this process looks at it and at its server when it says that the measured part begins. It takes a
/// millisecond of a core for that, and what is due meanwhile waits, and what is due next behind it: 300 to 450 of
/// 100,000 messages a second, which is a good part of the slowest hundredth. Those are not the server's latencies.
const SETTLE: Duration = Duration::from_millis(20);

/// Messages whose time comes within this are sent together: a sleep is not more precise.
const TICK: Duration = Duration::from_micros(20);

#[cfg(target_os = "linux")]
fn precise_sleep() {
    // Linux may else be 50 us late on purpose. If it refuses, it is.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

#[cfg(not(target_os = "linux"))]
fn precise_sleep() {
    let _: Option<NonZeroU64> = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Work;

    #[test]
    fn what_was_late_while_this_process_was_looked_at_does_not_count() {
        let task = Task { warm_up: 1, ..Task::new(Work::Paced, 2).rate(1) };
        let start = now();
        let mut meter = PacedMeter::new(&task, start);
        assert!(!meter.on_one_due(start), "the last before");
        assert!(!meter.on_one_due(start), "late");
        assert!(meter.on_one_due(start + Duration::from_secs(60)), "in time");
        assert_eq!(meter.finish().get("max"), Some(0.0));
    }
}
