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
    start + Duration::from_secs(n) / u32::try_from(task.rate.max(1)).unwrap_or(u32::MAX)
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
    received: u64,
    latencies: Latencies,
}

impl PacedMeter {
    /// Returns the meter of a task whose first message is due at `start`.
    #[must_use]
    pub fn new(task: &Task, start: Instant) -> Self {
        Self { task: *task, start, begun: start, received: 0, latencies: Latencies::new() }
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
        if self.received >= self.task.warm_up {
            self.latencies.add(now.saturating_duration_since(due));
        }
        self.received += 1;
        if self.received == self.task.warm_up {
            begin();
            self.begun = now;
        }
        self.received >= self.task.total()
    }

    /// Returns what the round showed. Call it with the last answer.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        self.latencies.add_to(since(self.begun, self.task.messages))
    }
}

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
