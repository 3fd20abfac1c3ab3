//! A connection with a heartbeat: whose silence counts, when it counts, and how it ends.

use std::time::{Duration, Instant};

use ipc_codec::{Delimiter, Framing, Limits};
use ipc_core::protocol::connection::{
    Action, Ending, Fault, Heartbeat, Input, Machine, Role, Rules, Unsent,
};

const EVERY: Duration = Duration::from_secs(15);
const DEAD: Duration = Duration::from_secs(45);
const IDLE: Duration = Duration::from_secs(100);
const STEP: Duration = Duration::from_nanos(1);

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn unanswering() -> Machine {
    let mut rules = Rules::new(Role::Server);
    rules.heartbeat = Some(Heartbeat::every(EVERY).dead_after(DEAD));
    rules.frame_timeout = None;
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    Machine::new(framing, Limits::default(), rules)
}

/// Returns a machine whose peer answers calls and is silent from `t0` on.
fn silent(t0: Instant) -> Machine {
    let mut machine = unanswering();
    machine.answers_calls();
    assert_eq!(machine.deadline(|| t0), Some(t0 + EVERY));
    machine
}

/// Looks after a peer to which nothing waits to be written, and returns whether it is asked.
#[track_caller]
fn look(machine: &mut Machine, now: Instant) -> bool {
    assert!(machine.is_silent(now));
    machine.look_after(now, Unsent::Nothing).unwrap()
}

#[test]
fn a_silent_peer_is_asked_and_given_up_to_the_nanosecond() {
    let t0 = now();
    for late in [Duration::ZERO, STEP] {
        let mut machine = silent(t0);
        assert!(!machine.is_silent(t0 + EVERY - STEP));
        assert!(look(&mut machine, t0 + EVERY));
        assert!(!machine.is_silent(t0 + EVERY), "it is asked once");
        assert_eq!(machine.deadline(|| t0 + EVERY), Some(t0 + EVERY * 2));
        assert!(look(&mut machine, t0 + EVERY * 2));
        assert!(!machine.is_silent(t0 + DEAD - STEP));
        let fault = machine.look_after(t0 + DEAD + late, Unsent::Nothing);
        let as_expected = matches!(
            fault,
            Err(Fault::Silent { limit: DEAD, actual }) if actual == DEAD + late
        );
        assert!(as_expected, "{fault:?}");
        assert_eq!(machine.action(), Some(Action::End(Ending::Failed)));
        assert!(machine.may_reconnect());
        assert!(!machine.is_silent(t0 + DEAD * 2));
    }
}

#[test]
fn a_peer_that_answers_no_calls_is_left_alone() {
    let (mut machine, t0) = (unanswering(), now());
    assert_eq!(machine.deadline(|| t0), None);
    assert!(!machine.is_silent(t0 + DEAD * 10));
    assert!(matches!(machine.look_after(t0 + DEAD * 10, Unsent::Nothing), Ok(false)));
    // Its time starts with the answer that shows it.
    machine.answers_calls();
    let answered = t0 + DEAD * 10;
    assert_eq!(machine.deadline(|| answered), Some(answered + EVERY));
}

#[test]
fn without_a_heartbeat_no_peer_is_asked() {
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let mut machine = Machine::new(framing, Limits::default(), Rules::new(Role::Server));
    let t0 = now();
    machine.answers_calls();
    assert_eq!(machine.deadline(|| t0), None);
    assert!(!machine.is_silent(t0 + DEAD));
}

#[test]
fn a_byte_within_a_frame_is_a_sign_of_life() {
    let t0 = now();
    for at in [EVERY, DEAD - STEP, DEAD, DEAD + STEP] {
        let mut machine = silent(t0);
        assert!(look(&mut machine, t0 + EVERY));
        machine.inbound().extend(b"x");
        assert_eq!(machine.inbound().next_frame(), Ok(None));
        // Also before anybody has looked at the time again.
        assert!(!machine.is_silent(t0 + at));
        assert!(matches!(machine.look_after(t0 + at, Unsent::Nothing), Ok(false)));
        assert_eq!(machine.deadline(|| t0 + at), Some(t0 + at + EVERY));
    }
}

#[test]
fn the_time_does_not_run_while_this_side_does_not_read() {
    let t0 = now();
    let mut machine = silent(t0);
    assert!(look(&mut machine, t0 + EVERY));
    assert!(machine.handle(Input::Suspend).is_none());
    assert_eq!(machine.deadline(|| t0 + EVERY), None);
    let later = t0 + DEAD * 10;
    assert!(!machine.is_silent(later));
    assert!(machine.handle(Input::Resume).is_none());
    assert!(!machine.is_silent(later), "it has had no time to send anything");
    assert_eq!(machine.deadline(|| later), Some(later + EVERY));
    assert!(look(&mut machine, later + EVERY));
}

#[test]
fn a_connection_that_closes_asks_nothing() {
    let t0 = now();
    let mut machine = silent(t0);
    assert!(machine.handle(Input::Close { now: t0 }).is_none());
    assert_eq!(machine.deadline(|| t0), Some(t0 + Rules::new(Role::Server).close_timeout));
    assert!(!machine.is_silent(t0 + DEAD));
    let mut machine = silent(t0);
    assert!(machine.handle(Input::PeerEnded { now: t0 }).is_none());
    assert!(!machine.is_silent(t0 + DEAD));
    let mut machine = silent(t0);
    let broken = Input::WriteFailed(std::io::ErrorKind::BrokenPipe.into());
    assert!(machine.handle(broken).is_none());
    assert!(!machine.is_silent(t0 + DEAD));
}

#[test]
fn a_ping_is_no_traffic_for_the_idle_timeout() {
    let mut rules = Rules::new(Role::Server);
    (rules.idle_timeout, rules.frame_timeout) = (Some(IDLE), None);
    rules.heartbeat = Some(Heartbeat::every(EVERY));
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let t0 = now();
    for ping in [true, false] {
        let mut machine = Machine::new(framing.clone(), Limits::default(), rules);
        machine.answers_calls();
        assert_eq!(machine.deadline(|| t0), Some(t0 + EVERY));
        let at = t0 + IDLE - STEP;
        machine.inbound().extend(b"hello\n");
        let frame = machine.inbound().next_frame().unwrap();
        if ping {
            machine.received_ping(frame.map_or(0, |frame| frame.len()));
        }
        // It is a sign of life all the same.
        assert_eq!(machine.deadline(|| at), Some(if ping { t0 + IDLE } else { at + EVERY }));
        let fault = machine.handle(Input::Tick { now: t0 + IDLE });
        assert_eq!(matches!(fault, Some(Fault::IdleTimeout { limit: IDLE })), ping, "{fault:?}");
    }
}
