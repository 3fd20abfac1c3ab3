//! `ReconnectPolicy`: how often, and after which pauses.

use std::time::Duration;

use ipc_core::session::{Attempts, Backoff, Jitter, ReconnectPolicy};

/// Compares the pauses, in milliseconds, before the first attempts; `chance` decides the jitter.
#[track_caller]
fn check(policy: ReconnectPolicy, chance: f64, expected: &[Option<u128>]) {
    let attempts = 0..u32::try_from(expected.len()).unwrap();
    let pauses: Vec<_> = attempts
        .map(|failed| policy.pause(failed, chance).map(|pause| pause.as_millis()))
        .collect();
    assert_eq!(pauses, expected);
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn exponential(base: u64, cap: u64, jitter: Jitter) -> Backoff {
    Backoff::exponential(ms(base), ms(cap), jitter).unwrap()
}

#[test]
fn never_is_never() {
    check(ReconnectPolicy::never(), 0.5, &[None, None]);
    assert_eq!(ReconnectPolicy::never().attempts(), Attempts::Never);
}

#[test]
fn times_are_counted() {
    let pause = Some(100);
    check(ReconnectPolicy::times(2, Backoff::fixed(ms(100))), 0.5, &[pause, pause, None, None]);
    check(ReconnectPolicy::times(0, Backoff::fixed(ms(100))), 0.5, &[None]);
}

#[test]
fn fixed_pauses_stay() {
    let policy = ReconnectPolicy::forever(Backoff::fixed(ms(500)));
    check(policy, 0.0, &[Some(500); 40]);
    assert_eq!(policy.pause(u32::MAX, 0.9), Some(ms(500)));
}

#[test]
fn exponential_pauses_double_up_to_the_cap() {
    let policy = ReconnectPolicy::forever(exponential(100, 1000, Jitter::None));
    let expected = [100, 200, 400, 800, 1000, 1000].map(Some);
    check(policy, 0.1, &expected);
    assert_eq!(policy.pause(u32::MAX, 0.1), Some(ms(1000)));
}

#[test]
fn full_jitter_takes_any_part_of_the_pause() {
    let policy = ReconnectPolicy::forever(exponential(100, 1000, Jitter::Full));
    check(policy, 0.0, &[Some(0); 5]);
    check(policy, 0.25, &[25, 50, 100, 200, 250].map(Some));
    let almost = 1.0 - f64::EPSILON;
    assert!(policy.pause(0, almost).unwrap() <= ms(100));
    assert!(policy.pause(0, almost).unwrap() > ms(99));
}

#[test]
fn the_default_is_for_ever_from_100_ms_to_10_s_with_full_jitter() {
    let policy = ReconnectPolicy::default();
    assert_eq!(policy.attempts(), Attempts::Forever);
    let full = ReconnectPolicy::forever(exponential(100, 10_000, Jitter::Full));
    assert_eq!(policy, full);
}

#[test]
fn a_cap_below_the_base_is_refused() {
    let error = Backoff::exponential(ms(10), ms(9), Jitter::None).unwrap_err();
    assert_eq!(error.to_string(), "backoff cap 9ms is shorter than its base 10ms");
    assert!(Backoff::exponential(ms(10), ms(10), Jitter::None).is_ok());
}

#[test]
fn no_number_makes_it_panic() {
    let longest = Backoff::exponential(ms(1), Duration::MAX, Jitter::Full).unwrap();
    let at_once = Backoff::fixed(Duration::MAX);
    for backoff in [longest, at_once] {
        let policy = ReconnectPolicy::forever(backoff);
        for failed in [0, 1, 31, 32, 33, u32::MAX] {
            for chance in [0.0, 0.5, 1.0, 2.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
                assert!(policy.pause(failed, chance).is_some(), "{failed} {chance}");
            }
        }
    }
    let longest = Backoff::exponential(Duration::MAX, Duration::MAX, Jitter::Full).unwrap();
    for chance in [1.0 - f64::EPSILON, 1.0, f64::NAN] {
        assert!(ReconnectPolicy::forever(longest).pause(0, chance).is_some());
    }
}
