//! `Bucket`: a token bucket, with the time as an argument.

use std::time::{Duration, Instant};

/// Tokens that come at a steady pace, up to as many as the bucket holds. It starts full.
///
/// One thing is taken whenever there is a whole token, whatever it costs: a thing that costs more than
/// there is leaves a debt, which is paid before the next. So what costs more than the bucket holds is
/// taken too, and the pace is kept on average.
///
/// It counts in billionths of a token, so that nothing is lost to rounding however often it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    per_second: u64,
    /// Invariant: at least one token.
    capacity: i128,
    /// Invariant: at most `capacity`.
    level: i128,
    /// When `level` was right.
    at: Instant,
}

impl Bucket {
    /// Returns a full bucket. A pace and a capacity of 0 are taken for 1, or nothing would ever be
    /// taken.
    pub(crate) fn full(per_second: u64, capacity: u64, now: Instant) -> Self {
        let capacity = i128::from(capacity.max(1)) * TOKEN;
        Self { per_second: per_second.max(1), capacity, level: capacity, at: now }
    }

    /// Returns when the next thing may be taken; `None` if that is now.
    pub(crate) fn next_at(&mut self, now: Instant) -> Option<Instant> {
        self.fill(now);
        let missing = TOKEN - self.level;
        if missing <= 0 {
            return None;
        }
        let nanos = missing.unsigned_abs().div_ceil(u128::from(self.per_second));
        let wait = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        // A time that the system cannot express is as good as never: look again in a while.
        self.at.checked_add(wait).or_else(|| self.at.checked_add(LONG))
    }

    /// Takes something that costs this many tokens.
    pub(crate) fn take(&mut self, tokens: u64) {
        self.level = self.level.saturating_sub(i128::from(tokens) * TOKEN);
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_nanos();
        if passed == 0 {
            return;
        }
        // A token per second is a billionth of one per nanosecond.
        let gained = passed.saturating_mul(u128::from(self.per_second));
        let gained = i128::try_from(gained).unwrap_or(i128::MAX);
        self.level = self.level.saturating_add(gained).min(self.capacity);
        self.at = now;
    }
}

/// A whole token, in the unit that is counted in.
const TOKEN: i128 = 1_000_000_000;

/// How long is waited for a debt that would take longer than can be expressed.
const LONG: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::clock;

    /// The same as a child would write it: token by token, millisecond by millisecond.
    struct Naive {
        /// Thousandths of a token: a pace of `n` per second is `n` of them per millisecond.
        level: i64,
        per_second: i64,
        capacity: i64,
    }

    impl Naive {
        fn pass(&mut self, millis: u64) {
            for _ in 0..millis {
                self.level = (self.level + self.per_second).min(self.capacity * 1000);
            }
        }

        /// Returns whether something that costs this much is taken, and takes it.
        fn take(&mut self, tokens: i64) -> bool {
            let takes = self.level >= 1000;
            if takes {
                self.level -= tokens * 1000;
            }
            takes
        }
    }

    proptest! {
        #[test]
        fn it_takes_what_a_naive_one_takes(
            per_second in 1_u64..5000,
            capacity in 1_u64..2000,
            steps in prop::collection::vec((0_u64..300, 0_u64..3000), 0..200),
        ) {
            let mut now = clock::now();
            let mut bucket = Bucket::full(per_second, capacity, now);
            let (per_second, capacity) = (per_second as i64, capacity as i64);
            let mut naive = Naive { level: capacity * 1000, per_second, capacity };
            for (pause, tokens) in steps {
                now += Duration::from_millis(pause);
                naive.pass(pause);
                let takes = bucket.next_at(now).is_none();
                prop_assert_eq!(takes, naive.take(tokens as i64));
                if takes {
                    bucket.take(tokens);
                }
            }
        }

        #[test]
        fn what_it_says_is_the_first_time(
            per_second in 1_u64..u64::MAX,
            capacity in 1_u64..1_000_000,
            debt in 0_u64..1_000_000,
        ) {
            let now = clock::now();
            let mut bucket = Bucket::full(per_second, capacity, now);
            bucket.take(capacity + debt);
            let at = bucket.next_at(now).unwrap();
            let mut early = bucket;
            prop_assert!(at > now);
            prop_assert!(early.next_at(at - Duration::from_nanos(1)).is_some());
            prop_assert_eq!(bucket.next_at(at), None);
        }

        /// However it is asked, no stretch of time has more than the burst and what came meanwhile.
        #[test]
        fn no_stretch_has_more_than_the_burst_and_the_pace(
            per_second in 1_u64..3000,
            capacity in 1_u64..500,
            pauses in prop::collection::vec(0_u64..2_000_000, 1..2000),
        ) {
            let begin = clock::now();
            let mut bucket = Bucket::full(per_second, capacity, begin);
            let (mut now, mut taken) = (begin, Vec::new());
            for pause in pauses {
                now += Duration::from_nanos(pause);
                while bucket.next_at(now).is_none() {
                    bucket.take(1);
                    taken.push(now);
                }
            }
            for (first, from) in taken.iter().enumerate().step_by(97) {
                for (last, to) in taken.iter().enumerate().skip(first).step_by(31) {
                    let within = to.duration_since(*from).as_secs_f64();
                    let most = capacity as f64 + within * per_second as f64 + 1e-6;
                    prop_assert!((last - first + 1) as f64 <= most);
                }
            }
        }
    }

    #[test]
    fn a_debt_without_end_is_no_panic() {
        let now = clock::now();
        let mut bucket = Bucket::full(0, 0, now);
        for _ in 0..10 {
            bucket.take(u64::MAX);
        }
        assert!(bucket.next_at(now).is_some());
        assert!(bucket.next_at(now + Duration::from_secs(1 << 40)).is_some());
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing() {
        let now = clock::now() + Duration::from_secs(100);
        let mut bucket = Bucket::full(1, 1, now);
        bucket.take(1);
        assert_eq!(
            bucket.next_at(now - Duration::from_secs(50)),
            Some(now + Duration::from_secs(1))
        );
    }
}
