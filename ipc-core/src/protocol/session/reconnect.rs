//! `ReconnectPolicy`: how often and after which pauses a client connects again.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// When a client connects again after a connection is lost or could not be made.
///
/// # Defaults
///
/// For ever, with pauses that grow from 100 ms to 10 s and full jitter, so that the clients of a
/// server that was away do not all come back in the same instant. A permanent failure ends it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::session::{Backoff, ReconnectPolicy};
///
/// let five_times = ReconnectPolicy::times(5, Backoff::fixed(Duration::from_millis(500)));
/// assert_ne!(five_times, ReconnectPolicy::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconnectPolicy {
    attempts: Attempts,
    backoff: Backoff,
    on_permanent: OnPermanent,
}

/// What happens after an attempt that failed for a reason that trying again can never mend, such as
/// a path that does not fit into a socket address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnPermanent {
    /// The client ends, whatever attempts are left. The default.
    #[default]
    End,
    /// It is tried again like any other failure. node-ipc does so.
    Retry,
}

/// How often in a row a client tries again. A connection that is made starts the count anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempts {
    /// Not once.
    Never,
    /// This many times.
    Times(u32),
    /// Without a limit, until it is stopped.
    Forever,
}

/// The pause before each attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    jitter: Jitter,
}

/// Whether pauses are shortened at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// Pauses are what they are.
    None,
    /// A pause is anything between zero and its full length.
    Full,
}

/// A backoff whose cap is below its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidBackoff {
    base: Duration,
    cap: Duration,
}

impl ReconnectPolicy {
    /// Returns the policy that never connects again.
    #[must_use]
    pub const fn never() -> Self {
        Self::new(Attempts::Never, Backoff::fixed(Duration::ZERO))
    }

    /// Returns the policy that tries this often in a row with these pauses.
    #[must_use]
    pub const fn times(times: u32, backoff: Backoff) -> Self {
        Self::new(Attempts::Times(times), backoff)
    }

    /// Returns the policy that tries for ever with these pauses.
    #[must_use]
    pub const fn forever(backoff: Backoff) -> Self {
        Self::new(Attempts::Forever, backoff)
    }

    const fn new(attempts: Attempts, backoff: Backoff) -> Self {
        Self { attempts, backoff, on_permanent: OnPermanent::End }
    }

    /// Sets what happens after a failure that trying again can never mend. Default:
    /// [`OnPermanent::End`].
    #[must_use]
    pub const fn with_on_permanent(mut self, what: OnPermanent) -> Self {
        self.on_permanent = what;
        self
    }

    /// Returns what happens after a failure that trying again can never mend.
    #[must_use]
    pub const fn on_permanent(&self) -> OnPermanent {
        self.on_permanent
    }

    /// Returns the pause before the attempt after `failed` failed ones in a row, or `None` if
    /// there is no further attempt. `chance` is a random number from 0 up to, but without, 1.
    #[must_use]
    pub fn pause(&self, failed: u32, chance: f64) -> Option<Duration> {
        match self.attempts {
            Attempts::Never => None,
            Attempts::Times(times) if failed >= times => None,
            _ => Some(self.backoff.pause(failed, chance)),
        }
    }

    /// Returns how often in a row is tried again.
    #[must_use]
    pub const fn attempts(&self) -> Attempts {
        self.attempts
    }
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self::forever(Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(10),
            jitter: Jitter::Full,
        })
    }
}

impl Backoff {
    /// Returns the backoff that always pauses for `pause`.
    #[must_use]
    pub const fn fixed(pause: Duration) -> Self {
        Self { base: pause, cap: pause, jitter: Jitter::None }
    }

    /// Returns the backoff that pauses for `base` first, twice as long each time after, and never
    /// longer than `cap`.
    ///
    /// # Errors
    ///
    /// [`InvalidBackoff`] if `cap` is shorter than `base`.
    pub fn exponential(
        base: Duration,
        cap: Duration,
        jitter: Jitter,
    ) -> Result<Self, InvalidBackoff> {
        if cap < base {
            return Err(InvalidBackoff { base, cap });
        }
        Ok(Self { base, cap, jitter })
    }

    fn pause(&self, failed: u32, chance: f64) -> Duration {
        let factor = 2_u32.checked_pow(failed).unwrap_or(u32::MAX);
        let full = self.base.checked_mul(factor).unwrap_or(self.cap).min(self.cap);
        match self.jitter {
            Jitter::None => full,
            // Not `mul_f64`, which panics on what is no number or beyond the longest duration.
            Jitter::Full => {
                let part = full.as_secs_f64() * chance.clamp(0.0, 1.0);
                Duration::try_from_secs_f64(part).unwrap_or(full)
            }
        }
    }
}

impl fmt::Display for InvalidBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "backoff cap {:?} is shorter than its base {:?}", self.cap, self.base)
    }
}

impl Error for InvalidBackoff {}

impl InvalidBackoff {
    /// Returns a stable code, for programs: `invalid_backoff`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_backoff"
    }
}
