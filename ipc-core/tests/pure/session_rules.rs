//! `Session`: whole lives, told as what was put in and what came out.

use std::time::{Duration, Instant};

use ipc_core::session::{
    Backoff, Input, Jitter, OnPermanent, Output, ReconnectPolicy, Session, State,
};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn fixed(times: u32) -> ReconnectPolicy {
    ReconnectPolicy::times(times, Backoff::fixed(ms(100)))
}

/// A session with a clock that goes where the session wants to be woken.
struct Life {
    session: Session,
    start: Instant,
    now: Instant,
    log: Vec<String>,
}

impl Life {
    fn new(policy: ReconnectPolicy) -> Self {
        let now = tokio::time::Instant::now().into_std();
        Self { session: Session::new(policy), start: now, now, log: Vec::new() }
    }

    fn input(&mut self, input: Input) -> &mut Self {
        self.session.handle_input(input);
        while let Some(output) = self.session.poll_output() {
            let at = (self.now - self.start).as_millis();
            if !matches!(output, Output::WakeAt(_)) {
                self.log.push(format!("{at} {output:?}"));
            }
        }
        self
    }

    fn dial_failed(&mut self) -> &mut Self {
        let now = self.now;
        self.input(Input::DialFailed { permanent: false, now, chance: 0.5 })
    }

    fn lost(&mut self) -> &mut Self {
        let now = self.now;
        self.input(Input::Lost { now, chance: 0.5 })
    }

    /// Waits as long as the session wants to.
    fn tick(&mut self) -> &mut Self {
        if let State::Waiting(at) = self.session.state() {
            self.now = at;
        }
        let now = self.now;
        self.input(Input::Tick { now })
    }

    #[track_caller]
    fn check(&self, expected: &[&str]) {
        assert_eq!(self.log, expected);
    }
}

#[test]
fn retries_go_on_in_their_rhythm_and_end() {
    // As node-ipc does with maxRetries 2 and retry 100: attempts at 0, 100 and 200 ms.
    let mut life = Life::new(fixed(2));
    life.input(Input::Start).dial_failed().tick().dial_failed().tick().dial_failed().tick();
    life.check(&[
        "0 Dial",
        "0 Disconnected",
        "100 Dial",
        "100 Disconnected",
        "200 Dial",
        "200 Disconnected",
        "200 Destroyed",
    ]);
}

#[test]
fn a_connection_starts_the_count_anew() {
    let mut life = Life::new(fixed(1));
    life.input(Input::Start).dial_failed().tick().input(Input::Dialed);
    life.lost().tick().dial_failed();
    life.check(&[
        "0 Dial",
        "0 Disconnected",
        "100 Dial",
        "100 Connected",
        "100 Disconnected",
        "200 Dial",
        "200 Disconnected",
        "200 Destroyed",
    ]);
}

#[test]
fn pauses_grow_and_a_connection_makes_them_short_again() {
    let backoff = Backoff::exponential(ms(100), ms(250), Jitter::None).unwrap();
    let mut life = Life::new(ReconnectPolicy::forever(backoff));
    life.input(Input::Start);
    for _ in 0..4 {
        life.dial_failed().tick();
    }
    life.input(Input::Dialed).lost().tick();
    let dials: Vec<_> = life.log.iter().filter(|line| line.ends_with("Dial")).collect();
    assert_eq!(dials, ["0 Dial", "100 Dial", "300 Dial", "550 Dial", "800 Dial", "900 Dial"]);
}

#[test]
fn never_retries_at_all() {
    let mut life = Life::new(ReconnectPolicy::never());
    life.input(Input::Start).input(Input::Dialed).lost();
    life.check(&["0 Dial", "0 Connected", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn stop_retrying_while_connected_makes_this_the_last_connection() {
    let mut life = Life::new(ReconnectPolicy::default());
    life.input(Input::Start).input(Input::Dialed).input(Input::StopRetrying).lost();
    life.check(&["0 Dial", "0 Connected", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn stop_retrying_while_dialing_lets_the_attempt_finish() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::StopRetrying).input(Input::Dialed);
    life.check(&["0 Dial", "0 Connected"]);
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::StopRetrying).dial_failed();
    life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn stop_retrying_while_waiting_is_the_end() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).dial_failed().input(Input::StopRetrying).tick();
    life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn close_while_dialing_flushes_on_the_last_connection() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Close).input(Input::Dialed).lost();
    life.check(&["0 Dial", "0 Connected", "0 Drain", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn close_while_dialing_makes_the_attempt_the_last() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Close).dial_failed().tick();
    life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn close_while_waiting_is_the_end() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).dial_failed().input(Input::Close).tick();
    life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn close_while_connected_drains() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Dialed).input(Input::Close).input(Input::Close).lost();
    life.check(&["0 Dial", "0 Connected", "0 Drain", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn close_before_the_start_dials_nobody() {
    for input in [Input::Close, Input::Disconnect] {
        let mut life = Life::new(fixed(5));
        life.input(input).input(Input::Start);
        life.check(&["0 Destroyed"]);
    }
}

#[test]
fn disconnect_ends_attempts_and_connections_at_once() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Disconnect).input(Input::Dialed);
    life.check(&["0 Dial", "0 Hangup", "0 Disconnected", "0 Destroyed"]);
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Dialed).input(Input::Disconnect).lost();
    life.check(&["0 Dial", "0 Connected", "0 Hangup", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn disconnect_cuts_a_close_short() {
    let mut life = Life::new(fixed(5));
    life.input(Input::Start).input(Input::Dialed).input(Input::Close).input(Input::Disconnect);
    life.check(&["0 Dial", "0 Connected", "0 Drain", "0 Hangup", "0 Disconnected", "0 Destroyed"]);
}

#[test]
fn another_policy_holds_from_the_next_lost_connection_on() {
    let mut life = Life::new(ReconnectPolicy::never());
    life.input(Input::Start).input(Input::Dialed).input(Input::SetReconnect(fixed(1)));
    life.lost().tick().dial_failed();
    life.check(&[
        "0 Dial",
        "0 Connected",
        "0 Disconnected",
        "100 Dial",
        "100 Disconnected",
        "100 Destroyed",
    ]);
}

#[test]
fn a_policy_without_attempts_ends_a_client_that_waits() {
    let mut life = Life::new(fixed(9));
    life.input(Input::Start).dial_failed().input(Input::SetReconnect(ReconnectPolicy::never()));
    life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
    // Taken back in time it does nothing.
    let mut life = Life::new(fixed(9));
    life.input(Input::Start).input(Input::Dialed);
    life.input(Input::SetReconnect(ReconnectPolicy::never())).input(Input::SetReconnect(fixed(9)));
    life.lost();
    life.check(&["0 Dial", "0 Connected", "0 Disconnected"]);
}

#[test]
fn another_policy_counts_the_attempts_that_were_made_already() {
    let mut life = Life::new(fixed(9));
    life.input(Input::Start).dial_failed().tick().dial_failed().tick();
    life.input(Input::SetReconnect(fixed(2))).dial_failed();
    assert_eq!(life.session.state(), State::Destroyed);
}

#[test]
fn a_pause_beyond_the_clock_is_no_panic() {
    let mut life = Life::new(ReconnectPolicy::forever(Backoff::fixed(Duration::MAX)));
    life.input(Input::Start).dial_failed();
    let State::Waiting(at) = life.session.state() else { panic!("not waiting") };
    assert_eq!(at - life.start, Duration::from_secs(365 * 24 * 60 * 60));
}

#[test]
fn waking_too_early_asks_to_be_woken_again() {
    let start = tokio::time::Instant::now().into_std();
    let mut session = Session::new(fixed(1));
    session.handle_input(Input::Start);
    session.handle_input(Input::DialFailed { permanent: false, now: start, chance: 0.0 });
    session.handle_input(Input::Tick { now: start + ms(99) });
    let outputs: Vec<_> = std::iter::from_fn(|| session.poll_output()).collect();
    let wake = Output::WakeAt(start + ms(100));
    assert_eq!(outputs, [Output::Dial, Output::Disconnected, wake, wake]);
}

/// Returns an attempt's failure that trying again can never mend.
fn never_works(now: Instant) -> Input {
    Input::DialFailed { permanent: true, now, chance: 0.5 }
}

#[test]
fn a_permanent_failure_is_the_end_whatever_attempts_are_left() {
    for policy in [fixed(9), ReconnectPolicy::default(), ReconnectPolicy::never()] {
        let mut life = Life::new(policy);
        let now = life.now;
        life.input(Input::Start).input(never_works(now));
        life.check(&["0 Dial", "0 Disconnected", "0 Destroyed"]);
    }
}

#[test]
fn a_permanent_failure_is_tried_again_if_the_policy_says_so() {
    let mut life = Life::new(fixed(1).with_on_permanent(OnPermanent::Retry));
    let now = life.now;
    life.input(Input::Start).input(never_works(now)).tick();
    assert_eq!(life.session.state(), State::Dialing { last: false });
    // And again no more often than any other failure.
    let now = life.now;
    life.input(never_works(now));
    assert_eq!(life.session.state(), State::Destroyed);
}
