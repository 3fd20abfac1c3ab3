//! The clock: the only place that reads the time, and where a thread sleeps.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// Returns the time now, as the runtime sees it: a paused runtime has a paused clock.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Keeps the thread waiting, in the blocking driver: for its next attempt, or for a peer that has used
/// up its rate.
#[expect(clippy::disallowed_methods, reason = "a thread that waits for the time alone sleeps")]
pub(crate) fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// Returns a random number from 0 up to, but without, 1: good enough to spread pauses.
pub(crate) fn chance() -> f64 {
    // 53 bits are what an f64 holds exactly.
    let bits = random() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// Returns a random number, good enough to tell one thing from another, not to keep a secret.
pub(crate) fn random() -> u64 {
    // The standard library seeds each hasher from the system's randomness.
    RandomState::new().hash_one(0_u8)
}
