//! `Meter`: what becomes of each message of one peer under its rate.

use std::time::{Duration, Instant};

use super::bucket::Bucket;
use super::{OverRate, Rate};

/// How much of its rate a peer has used.
#[derive(Debug)]
pub(crate) struct Meter {
    rate: Rate,
    messages: Bucket,
    bytes: Option<Bucket>,
    /// Until when the peer is not read from.
    throttled_until: Option<Instant>,
    /// How many messages were dropped since that was reported last.
    dropped: u64,
    reports: OncePerSecond,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is taken.
    Take,
    /// It is taken, and the next one has to wait.
    TakeAndPause,
    /// It is dropped; how many were, if that is to be reported now.
    Drop { report: Option<u64> },
    /// The connection is to be closed.
    Close,
}

impl Meter {
    /// Returns the meter of a new peer. One that sends datagrams is never throttled or closed.
    pub(crate) fn new(rate: Rate, datagrams: bool, now: Instant) -> Self {
        let rate = if datagrams { rate.over(OverRate::Drop) } else { rate };
        let burst = u64::from(rate.burst_messages());
        Self {
            rate,
            messages: Bucket::full(u64::from(rate.messages_per_second()), burst, now),
            bytes: rate.bytes_per_second().map(|bytes| Bucket::full(bytes, bytes, now)),
            throttled_until: None,
            dropped: 0,
            reports: OncePerSecond::default(),
        }
    }

    /// Returns the rate, with what is really done over it.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Decides about a message whose frame has this many bytes.
    pub(crate) fn take(&mut self, bytes: usize, now: Instant) -> Verdict {
        if self.next_at(now).is_some() {
            match self.rate.when_over() {
                // It was received already. The debt makes the next one wait for longer.
                OverRate::Throttle => {}
                OverRate::Drop => {
                    self.dropped = self.dropped.saturating_add(1);
                    let due = self.reports.is_due(now);
                    return Verdict::Drop {
                        report: due.then(|| std::mem::take(&mut self.dropped)),
                    };
                }
                OverRate::Close => return Verdict::Close,
            }
        }
        self.messages.take(1);
        if let Some(bucket) = &mut self.bytes {
            bucket.take(bytes as u64);
        }
        if self.rate.when_over() == OverRate::Throttle {
            self.throttled_until = self.next_at(now);
        }
        if self.throttled_until.is_some() { Verdict::TakeAndPause } else { Verdict::Take }
    }

    /// Returns until when the peer is not read from, if it is not.
    pub(crate) fn throttled_until(&mut self, now: impl FnOnce() -> Instant) -> Option<Instant> {
        let until = self.throttled_until?;
        if until <= now() {
            self.throttled_until = None;
        }
        self.throttled_until
    }

    fn next_at(&mut self, now: Instant) -> Option<Instant> {
        let bytes_at = self.bytes.as_mut().and_then(|bucket| bucket.next_at(now));
        self.messages.next_at(now).max(bytes_at)
    }
}

/// Says what may be reported now: once a second at most.
#[derive(Debug, Default)]
pub(crate) struct OncePerSecond {
    last: Option<Instant>,
}

impl OncePerSecond {
    /// Returns whether a second has passed since it last returned `true`.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.saturating_duration_since(last) >= SECOND);
        if due {
            self.last = Some(now);
        }
        due
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::clock;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_throttled_peer_waits_for_both_messages_and_bytes() {
        let now = clock::now();
        let rate = Rate::messages(10).burst(2).bytes(1000);
        let mut meter = Meter::new(rate, false, now);
        assert_eq!(meter.take(10, now), Verdict::Take);
        assert_eq!(meter.throttled_until(|| now), None);
        assert_eq!(meter.take(10, now), Verdict::TakeAndPause);
        assert_eq!(meter.throttled_until(|| now), Some(now + 100 * MS));
        // What has come all the same is taken, and paid for.
        assert_eq!(meter.take(10, now), Verdict::TakeAndPause);
        assert_eq!(meter.throttled_until(|| now), Some(now + 200 * MS));
        let later = now + 200 * MS;
        assert_eq!(meter.throttled_until(|| later), None);
        // 1000 - 30 bytes are left, and 30 of them have come back; the bucket is full again.
        assert_eq!(meter.take(1500, later), Verdict::TakeAndPause);
        assert_eq!(meter.throttled_until(|| later), Some(later + 501 * MS));
    }

    #[test]
    fn dropped_messages_cost_nothing_and_are_reported_once_a_second() {
        let now = clock::now();
        let rate = Rate::messages(1).over(OverRate::Drop);
        let mut meter = Meter::new(rate, false, now);
        assert_eq!(meter.take(1, now), Verdict::Take);
        assert_eq!(meter.take(1, now), Verdict::Drop { report: Some(1) });
        for ms in 1..1000 {
            assert_eq!(meter.take(1, now + ms * MS), Verdict::Drop { report: None });
        }
        assert_eq!(meter.take(1, now + SECOND), Verdict::Take);
        assert_eq!(meter.take(1, now + SECOND), Verdict::Drop { report: Some(1000) });
        assert_eq!(meter.throttled_until(|| now), None);
    }

    #[test]
    fn over_datagrams_it_only_drops() {
        let now = clock::now();
        for over in [OverRate::Throttle, OverRate::Drop, OverRate::Close] {
            let mut meter = Meter::new(Rate::messages(1).over(over), true, now);
            assert_eq!(meter.rate().when_over(), OverRate::Drop);
            assert_eq!(meter.take(1, now), Verdict::Take);
            assert_eq!(meter.take(1, now), Verdict::Drop { report: Some(1) });
        }
    }

    #[test]
    fn one_too_many_closes() {
        let now = clock::now();
        let rate = Rate::messages(2).over(OverRate::Close);
        let mut meter = Meter::new(rate, false, now);
        let verdicts = [(); 3].map(|()| meter.take(1, now));
        assert_eq!(verdicts, [Verdict::Take, Verdict::Take, Verdict::Close]);
    }
}
