//! Waiting for a server that is there and has no place for another client.

use std::time::Duration;

#[cfg(any(all(unix, feature = "unix"), all(windows, feature = "pipe"), test))]
mod open;

#[cfg(any(all(unix, feature = "unix"), all(windows, feature = "pipe"), test))]
pub(crate) use open::open_when_free;

/// How long a dial waits for a place.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(any(all(unix, feature = "unix"), all(windows, feature = "pipe"), test)),
    expect(dead_code, reason = "a transport of another system keeps it, and never dials")
)]
pub(crate) struct BusyTimeout(Option<Duration>);

impl BusyTimeout {
    pub(crate) const fn of(timeout: Duration) -> Self {
        Self(Some(timeout))
    }
}

#[cfg(any(all(unix, feature = "unix"), all(windows, feature = "pipe"), test))]
impl BusyTimeout {
    /// Returns the time for a dial that has no other limit.
    pub(crate) fn alone(self) -> Duration {
        self.0.unwrap_or(DEFAULT)
    }

    /// Returns the time for a dial that has this limit: all of it, unless less was asked for.
    pub(crate) fn within(self, limit: Duration) -> Duration {
        self.0.map_or(limit, |own| own.min(limit))
    }
}

/// Far longer than it takes to accept, and shorter than a person waits.
#[cfg(any(all(unix, feature = "unix"), all(windows, feature = "pipe"), test))]
const DEFAULT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_dials_unless_less_was_asked_for() {
        let [second, minute] = [1, 60].map(Duration::from_secs);
        assert_eq!(BusyTimeout::default().alone(), Duration::from_secs(5));
        assert_eq!(BusyTimeout::default().within(minute), minute);
        assert_eq!(BusyTimeout::of(second).alone(), second);
        assert_eq!(BusyTimeout::of(second).within(minute), second);
        assert_eq!(BusyTimeout::of(minute).within(second), second);
    }
}
