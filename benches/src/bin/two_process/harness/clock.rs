//! The clocks.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A moment, on the wall and on this process's processor clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    wall: Instant,
    cpu: Duration,
}

impl Moment {
    /// Returns this moment.
    pub(super) fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = Duration::from_secs(cpu.tv_sec.unsigned_abs());
        Self { wall: now(), cpu: seconds + Duration::from_nanos(cpu.tv_nsec.unsigned_abs()) }
    }

    /// Returns how long ago this moment was, and how much processor time this process has used
    /// since.
    pub(super) fn elapsed(self) -> (Duration, Duration) {
        let now = Self::now();
        (now.wall - self.wall, now.cpu.saturating_sub(self.cpu))
    }
}

/// Returns the time now.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub(super) fn now() -> Instant {
    Instant::now()
}
