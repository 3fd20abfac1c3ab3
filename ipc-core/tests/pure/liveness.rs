//! When a silent peer is asked, and when it is given up: each limit at one less, exact, and one more.

use std::time::{Duration, Instant};

use ipc_core::protocol::connection::{Heartbeat, Liveness, Pulse, Unsent};
use proptest::prelude::*;

const EVERY: Duration = Duration::from_secs(15);
const DEAD: Duration = Duration::from_secs(45);
const STEP: Duration = Duration::from_nanos(1);

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn heartbeat() -> Heartbeat {
    Heartbeat::every(EVERY).dead_after(DEAD)
}

/// Returns the silence since `t0` of a peer that was looked at at these times.
fn after(t0: Instant, looks: &[(Duration, Unsent)]) -> Liveness {
    let mut liveness = Liveness::new(heartbeat(), t0);
    for (at, unsent) in looks {
        liveness.tick(t0 + *at, *unsent);
    }
    liveness
}

/// What happens before, when the limit is, and what it gets there.
type Row = (&'static str, &'static [(Duration, Unsent)], Duration, Unsent, fn(Instant) -> Pulse);

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const ROWS: &[Row] = {
    use Unsent::{Full, Held, Nothing};
    &[
        ("is asked", &[], secs(15), Nothing, |_| Pulse::Ping),
        ("is asked again", &[(secs(15), Nothing)], secs(30), Nothing, |_| Pulse::Ping),
        (
            "is given up after two questions",
            &[(secs(15), Nothing), (secs(30), Nothing)],
            secs(45),
            Nothing,
            |_| Pulse::Dead(secs(45)),
        ),
        ("is asked first by who comes late", &[(secs(100), Nothing)], secs(115), Nothing, |_| {
            Pulse::Ping
        }),
        (
            "is given up by who came late",
            &[(secs(100), Nothing), (secs(115), Nothing)],
            secs(130),
            Nothing,
            |_| Pulse::Dead(secs(130)),
        ),
        ("cannot be asked over a full socket", &[], secs(15), Full(7), |t0| {
            Pulse::WakeAt(t0 + secs(30))
        }),
        (
            "is given up when the socket takes nothing",
            &[(secs(15), Full(7)), (secs(30), Full(7))],
            secs(45),
            Full(7),
            |_| Pulse::Dead(secs(45)),
        ),
        (
            "lives while the socket takes something",
            &[(secs(15), Full(7)), (secs(30), Full(7))],
            secs(45),
            Full(8),
            |t0| Pulse::WakeAt(t0 + secs(60)),
        ),
        (
            "is asked once the socket has taken everything",
            &[(secs(15), Full(7)), (secs(30), Full(7))],
            secs(45),
            Nothing,
            |_| Pulse::Ping,
        ),
        (
            "has its whole time after the socket took something",
            &[(secs(15), Full(7)), (secs(30), Full(8)), (secs(45), Full(8)), (secs(60), Full(8))],
            secs(75),
            Full(8),
            |_| Pulse::Dead(secs(45)),
        ),
        (
            "is given up if the socket fills after a question",
            &[(secs(15), Nothing), (secs(30), Full(7))],
            secs(45),
            Full(7),
            |_| Pulse::Dead(secs(45)),
        ),
        ("is not asked behind what this side holds back", &[], secs(15), Held, |t0| {
            Pulse::WakeAt(t0 + secs(30))
        }),
        (
            "is asked after this side held something back",
            &[(secs(15), Held)],
            secs(30),
            Nothing,
            |_| Pulse::Ping,
        ),
        (
            "is given up if the question itself is what is in flight",
            &[(secs(15), Nothing), (secs(30), Held)],
            secs(45),
            Held,
            |_| Pulse::Dead(secs(45)),
        ),
    ]
};

#[test]
fn each_limit_holds_to_the_nanosecond() {
    let t0 = now();
    for (name, looks, limit, unsent, expected) in ROWS {
        for (at, acts) in [(*limit - STEP, false), (*limit, true), (*limit + STEP, true)] {
            let mut liveness = after(t0, looks);
            assert_eq!(liveness.due(), t0 + *limit, "{name}");
            let pulse = liveness.tick(t0 + at, *unsent);
            let late = at.saturating_sub(*limit);
            let expected = match expected(t0) {
                _ if !acts => Pulse::WakeAt(t0 + *limit),
                Pulse::Dead(actual) => Pulse::Dead(actual + late),
                Pulse::WakeAt(next) => Pulse::WakeAt(next + late),
                Pulse::Ping => Pulse::Ping,
            };
            assert_eq!(pulse, expected, "{name}, after {at:?}");
        }
    }
}

#[test]
fn a_byte_starts_the_time_anew_however_late_it_is() {
    let t0 = now();
    for at in [Duration::ZERO, EVERY, DEAD - STEP, DEAD, DEAD + STEP] {
        let mut liveness = after(t0, &[(EVERY, Unsent::Nothing), (EVERY * 2, Unsent::Full(1))]);
        liveness.received(t0 + at);
        assert_eq!(liveness.due(), t0 + at + EVERY);
        assert_eq!(liveness.tick(t0 + at + EVERY, Unsent::Nothing), Pulse::Ping);
        assert_eq!(liveness.tick(t0 + at + DEAD - STEP, Unsent::Nothing), Pulse::Ping);
        assert_eq!(liveness.tick(t0 + at + DEAD, Unsent::Nothing), Pulse::Dead(DEAD));
    }
}

#[test]
fn limits_that_leave_no_time_for_an_answer_are_raised() {
    let of = |every, dead| Heartbeat::every(every).dead_after(dead);
    for (dead, limit) in [
        (Duration::ZERO, EVERY * 2),
        (EVERY * 2 - STEP, EVERY * 2),
        (EVERY * 2, EVERY * 2),
        (EVERY * 2 + STEP, EVERY * 2 + STEP),
    ] {
        assert_eq!(of(EVERY, dead).limit(), limit);
        assert_eq!(of(EVERY, dead).patience(), limit - EVERY);
    }
    let ms = Duration::from_millis(1);
    for (every, at_least) in
        [(Duration::ZERO, ms), (ms - STEP, ms), (ms, ms), (ms + STEP, ms + STEP)]
    {
        assert_eq!(Heartbeat::every(every).interval(), at_least);
        assert_eq!(Heartbeat::every(every).limit(), at_least * 3);
    }
    // As good as never, and no overflow.
    let mut never = Liveness::new(Heartbeat::every(Duration::MAX), now());
    assert!(matches!(never.tick(now() + DEAD, Unsent::Nothing), Pulse::WakeAt(_)));
}

proptest! {
    /// However a driver comes and what it finds: no peer is given up that was not asked, or whose socket
    /// did not stand still, for the whole patience; and none is asked that gave a sign of life within
    /// the interval.
    #[test]
    fn no_peer_is_given_up_unasked(
        steps in prop::collection::vec((0_u64..40, 0..6), 1..60),
    ) {
        let (start, patience) = (now(), heartbeat().patience());
        let (mut now, mut liveness) = (start, Liveness::new(heartbeat(), start));
        // Since when it has been asked without an answer, or its socket known to stand still.
        let (mut heard, mut owes, mut full) = (start, None, None);
        for (later, what) in steps {
            now += Duration::from_secs(later);
            let unsent = match what {
                0 => {
                    liveness.received(now);
                    (heard, owes, full) = (now, None, None);
                    continue;
                }
                1 | 2 => Unsent::Nothing,
                3 => Unsent::Held,
                // 5 moves.
                _ => Unsent::Full(if what == 5 { 1 + full.unwrap_or(0) } else { full.unwrap_or(0) }),
            };
            let due = liveness.due() <= now;
            let pulse = liveness.tick(now, unsent);
            prop_assert_eq!(due, !matches!(pulse, Pulse::WakeAt(at) if at == liveness.due() && !due));
            if !due {
                continue;
            }
            let moved = full.is_some() && what != 4;
            if moved {
                (heard, owes) = (now, None);
            }
            let held = what == 3 && owes.is_none();
            if held {
                (heard, owes) = (now, None);
            }
            full = if let Unsent::Full(written) = unsent { Some(written) } else { None };
            match pulse {
                Pulse::Ping => {
                    prop_assert_eq!(unsent, Unsent::Nothing);
                    prop_assert!(moved || now - heard >= EVERY);
                    owes = owes.or(Some(now));
                }
                Pulse::Dead(actual) => {
                    prop_assert!(owes.is_some_and(|since| now - since >= patience));
                    prop_assert!(actual >= DEAD);
                    prop_assert_eq!(actual, now - heard);
                    break;
                }
                Pulse::WakeAt(at) => {
                    prop_assert!(at > now && unsent != Unsent::Nothing);
                    if !held {
                        owes = owes.or(Some(now));
                    }
                }
            }
        }
    }
}
