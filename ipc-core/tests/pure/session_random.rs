//! `Session`: whatever is put in, in whatever order, what comes out makes sense.

use std::time::{Duration, Instant};

use ipc_core::session::{
    Backoff, Input, Jitter, OnPermanent, Output, ReconnectPolicy, Session, State,
};
use proptest::prelude::*;

fn policies() -> impl Strategy<Value = ReconnectPolicy> {
    let pauses = (0_u64..1000, 0_u64..100_000, any::<bool>());
    let backoff = prop_oneof![
        Just(Backoff::fixed(Duration::MAX)),
        pauses.prop_map(|(base, more, jitter)| {
            let jitter = if jitter { Jitter::Full } else { Jitter::None };
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(base + more));
            Backoff::exponential(base, cap, jitter).unwrap()
        }),
    ];
    prop_oneof![
        Just(ReconnectPolicy::never()),
        (0_u32..4, backoff.clone())
            .prop_map(|(times, backoff)| { ReconnectPolicy::times(times, backoff) }),
        backoff.clone().prop_map(ReconnectPolicy::forever),
        backoff.prop_map(|backoff| {
            ReconnectPolicy::forever(backoff).with_on_permanent(OnPermanent::Retry)
        }),
    ]
}

/// Inputs at any time of two minutes, with any chance at all.
fn inputs(start: Instant) -> impl Strategy<Value = Vec<Input>> {
    let now = (0_u64..120_000).prop_map(move |ms| start + Duration::from_millis(ms));
    let input = prop_oneof![
        Just(Input::Start),
        Just(Input::Dialed),
        Just(Input::Dialed),
        (now.clone(), any::<f64>(), any::<bool>())
            .prop_map(|(now, chance, permanent)| Input::DialFailed { permanent, now, chance }),
        (now.clone(), any::<f64>()).prop_map(|(now, chance)| Input::Lost { now, chance }),
        now.prop_map(|now| Input::Tick { now }),
        Just(Input::Tick { now: start + Duration::from_secs(400 * 24 * 60 * 60) }),
        prop_oneof![Just(Input::Close), Just(Input::Disconnect), Just(Input::StopRetrying)],
        policies().prop_map(Input::SetReconnect),
    ];
    proptest::collection::vec(input, 0..60)
}

/// Compares the outputs so far with what a user may rely on.
#[track_caller]
fn check(outputs: &[Output], state: State) {
    let mut connected = false;
    let mut attempt = false;
    for (index, output) in outputs.iter().enumerate() {
        match output {
            Output::Dial => {
                assert!(!connected && !attempt, "one at a time: {outputs:?}");
                attempt = true;
            }
            Output::Connected => {
                assert!(attempt && !connected, "connected without an attempt: {outputs:?}");
                (connected, attempt) = (true, false);
            }
            Output::Disconnected => {
                assert!(connected || attempt, "nothing was there to end: {outputs:?}");
                (connected, attempt) = (false, false);
            }
            Output::Drain => assert!(connected, "{outputs:?}"),
            Output::Hangup => assert!(connected || attempt, "{outputs:?}"),
            Output::WakeAt(_) => assert!(!connected && !attempt, "{outputs:?}"),
            Output::Destroyed => {
                assert!(!connected && !attempt, "destroyed before disconnected: {outputs:?}");
                assert_eq!(index, outputs.len() - 1, "something after the end: {outputs:?}");
            }
            other => panic!("unknown: {other:?}"),
        }
    }
    assert_eq!(connected, matches!(state, State::Connected | State::Draining));
    assert_eq!(attempt, matches!(state, State::Dialing { .. }));
    assert_eq!(outputs.last() == Some(&Output::Destroyed), state == State::Destroyed);
    let waits = outputs.iter().rev().find(|output| **output != Output::Disconnected);
    if let State::Waiting(at) = state {
        assert_eq!(waits, Some(&Output::WakeAt(at)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn outputs_make_sense(
        policy in policies(),
        inputs in inputs(tokio::time::Instant::now().into_std()),
        polled in any::<bool>(),
    ) {
        let mut session = Session::new(policy);
        let mut outputs = Vec::new();
        for input in inputs {
            session.handle_input(input);
            // Outputs may also be taken later, all at once: none is lost.
            if polled {
                outputs.extend(std::iter::from_fn(|| session.poll_output()));
                check(&outputs, session.state());
            }
        }
        outputs.extend(std::iter::from_fn(|| session.poll_output()));
        check(&outputs, session.state());
    }
}
