//! `Limits`: how long a step of a case may take, and the whole case.

use std::time::{Duration, Instant};

/// A limit for each step and one for all of them together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    step: Duration,
    until: Instant,
}

impl Limits {
    /// Returns the limits of a case that began at `since`.
    pub(crate) fn new(since: Instant, step: Duration, whole: Duration) -> Self {
        Self { step, until: since + whole }
    }

    /// Returns when a step that begins now must be done.
    pub(crate) fn deadline(self) -> Instant {
        (Instant::now() + self.step).min(self.until)
    }

    /// Returns how long a step that begins now may take.
    pub(crate) fn left(self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }
}
