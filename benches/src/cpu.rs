//! The processor time a thread has used.

use std::time::Duration;

/// Returns the processor time this thread has used. Unlike the clock on the wall, it does not run
/// while others have the processor.
#[cfg(unix)]
#[must_use]
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Returns the time on the wall, since there is no other here.
#[cfg(not(unix))]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub fn cpu_time() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
