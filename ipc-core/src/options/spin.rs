//! `Spin`: how long a thread looks for bytes before it sleeps.

use std::time::Duration;

/// How long a thread that waits keeps looking at its socket before it sleeps.
///
/// A thread that sleeps has to be woken when bytes come, which takes longer than the message itself: tens
/// of microseconds, mostly for a processor's core to leave its sleep. A thread that spins takes the bytes
/// as soon as they are there, and uses its core fully until then.
///
/// # When to use it
///
/// - **Where answers come within tens of microseconds**, on both sides: a time of two or three round trips,
///   such as 50 to 100 us. What comes later than that has cost the time and gained nothing.
/// - **Where a core is spare for each thread that spins.** On a core that is shared, what the thread waits
///   for cannot run meanwhile: it is slower than sleeping.
///
/// # What it costs
///
/// Up to the whole time, once for each wait. After 8 waits in a row in which nothing came in time only
/// each eighth wait spins, until one succeeds: a connection that is quiet, or has a slow peer, costs little.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::{Spin, SpinTooLong};
///
/// let spin = Spin::for_up_to(Duration::from_micros(50))?;
/// assert_eq!(spin.limit(), Duration::from_micros(50));
/// assert!(Spin::for_up_to(Duration::from_secs(1)).is_err());
/// # Ok::<(), SpinTooLong>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spin(Duration);

impl Spin {
    /// The longest time: 10 ms. Beyond it, waking up is no part of the delay any more.
    pub const MAX: Duration = Duration::from_millis(10);

    /// Returns a spin of at most this time. With a time of zero the socket is looked at once.
    ///
    /// # Errors
    ///
    /// [`SpinTooLong`] if it is longer than [`MAX`](Self::MAX).
    pub const fn for_up_to(time: Duration) -> Result<Self, SpinTooLong> {
        if time.as_nanos() > Self::MAX.as_nanos() {
            return Err(SpinTooLong { limit: Self::MAX, actual: time });
        }
        Ok(Self(time))
    }

    /// Returns how long a wait spins at most.
    #[must_use]
    pub const fn limit(self) -> Duration {
        self.0
    }
}

/// A spin was to last longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("a thread may spin for {limit:?} at most, not {actual:?}")]
pub struct SpinTooLong {
    /// The longest time: [`Spin::MAX`].
    pub limit: Duration,
    /// The time that was asked for.
    pub actual: Duration,
}

impl SpinTooLong {
    /// Returns a stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "spin_too_long"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_is_taken_and_one_more_nanosecond_is_not() {
        let just = Spin::MAX - Duration::from_nanos(1);
        for time in [Duration::ZERO, just, Spin::MAX] {
            assert_eq!(Spin::for_up_to(time).map(Spin::limit), Ok(time));
        }
        let actual = Spin::MAX + Duration::from_nanos(1);
        assert_eq!(Spin::for_up_to(actual), Err(SpinTooLong { limit: Spin::MAX, actual }));
    }
}
