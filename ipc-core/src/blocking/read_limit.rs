//! `ReadLimit`: how long the reads of a socket may wait, set as seldom as possible. Pure.

use std::time::Duration;

/// The time limit that a socket's reads have.
///
/// Each limit costs a system call, and nearly every read would need its own: the deadline of a call comes
/// nearer, that of an unfinished frame comes and goes. A read that ends too early does no harm, though, since
/// its caller looks at the deadlines and reads again.
#[derive(Debug, Default)]
pub(super) struct ReadLimit {
    set: Option<Duration>,
    /// Whether the last read waited for all of it.
    reached: bool,
}

impl ReadLimit {
    /// Returns the limit to set before a read that may wait for `wanted`, unless what is set will do.
    #[inline]
    pub(super) fn before(&mut self, wanted: Option<Duration>) -> Option<Option<Duration>> {
        let is_shorter = self.set.is_some_and(|set| wanted.is_none_or(|wanted| set <= wanted));
        let will_do = is_shorter && !self.reached && self.set >= Some(LONG);
        self.reached = false;
        if will_do || self.set == wanted {
            return None;
        }
        // Those that follow are a little shorter, and find this one to do.
        self.set = wanted.map(|wanted| if wanted < 2 * LONG { wanted } else { wanted / 8 * 7 });
        Some(self.set)
    }

    /// Handles that a read waited for all of its time.
    pub(super) fn reached(&mut self) {
        self.reached = true;
    }
}

/// A read that ends early after this time costs nothing worth a system call now.
const LONG: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Option<Duration> {
        Some(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn without_a_limit_none_is_set() {
        let mut limit = ReadLimit::default();
        assert_eq!((limit.before(None), limit.before(None)), (None, None));
    }

    #[test]
    fn a_deadline_that_comes_nearer_and_goes_sets_one_limit() {
        let mut limit = ReadLimit::default();
        assert_eq!(limit.before(seconds(32.0)), Some(seconds(28.0)));
        for wanted in [seconds(31.9), None, seconds(32.0), seconds(28.0), None] {
            assert_eq!(limit.before(wanted), None, "{wanted:?}");
        }
        assert_eq!(limit.before(seconds(16.0)), Some(seconds(14.0)));
    }

    #[test]
    fn short_limits_are_set_exactly() {
        let mut limit = ReadLimit::default();
        for wanted in [seconds(0.5), seconds(0.4), seconds(0.5), None, seconds(1.9)] {
            assert_eq!(limit.before(wanted), Some(wanted));
        }
        assert_eq!(limit.before(seconds(1.9)), None);
    }

    #[test]
    fn a_limit_that_ended_a_read_too_early_is_set_anew() {
        let mut limit = ReadLimit::default();
        limit.before(seconds(32.0));
        assert_eq!(limit.before(None), None);
        limit.reached();
        assert_eq!(limit.before(None), Some(None));
        // The rest of a wait that ended too early.
        limit.before(seconds(32.0));
        limit.reached();
        assert_eq!(limit.before(seconds(4.0)), Some(seconds(3.5)));
        limit.reached();
        assert_eq!(limit.before(seconds(0.5)), Some(seconds(0.5)));
    }
}
