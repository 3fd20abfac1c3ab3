//! How a connection ends: each deadline at one less, exact, and one more, and whole lives.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use ipc_codec::{Delimiter, Framing, Limits};
use ipc_core::FormatError;
use ipc_core::protocol::connection::{Action, Ending, Fault, Input, Machine, Role, Rules};

const FRAME: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);
const CLOSE: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_nanos(1);

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn rules(role: Role) -> Rules {
    let mut rules = Rules::new(role);
    (rules.frame_timeout, rules.idle_timeout) = (Some(FRAME), Some(IDLE));
    (rules.close_timeout, rules.linger) = (CLOSE, LINGER);
    rules
}

fn machine_with(rules: Rules) -> Machine {
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    Machine::new(framing, Limits::default(), rules)
}

fn machine(role: Role) -> Machine {
    machine_with(rules(role))
}

/// Receives bytes that make no whole frame.
fn receive(machine: &mut Machine, bytes: &[u8]) {
    machine.inbound().extend(bytes);
    assert_eq!(machine.inbound().next_frame(), Ok(None));
}

/// Feeds an input that is no fault.
#[track_caller]
fn feed(machine: &mut Machine, input: Input) {
    let fault = machine.handle(input);
    assert!(fault.is_none(), "{fault:?}");
}

/// Checks that `limit` after `t0` is when the machine acts, with this fault, if any, and ending.
#[track_caller]
fn acts_at(
    make: impl Fn(Instant) -> Machine,
    limit: Duration,
    is_fault: fn(&Option<Fault>) -> bool,
    ending: Ending,
) {
    let t0 = now();
    for (at, acts) in [(limit - STEP, false), (limit, true), (limit + STEP, true)] {
        let mut machine = make(t0);
        assert_eq!(machine.deadline(|| t0), Some(t0 + limit));
        let fault = machine.handle(Input::Tick { now: t0 + at });
        let ended = machine.action() == Some(Action::End(ending));
        assert_eq!(ended, acts, "after {at:?}: {fault:?}, {:?}", machine.action());
        assert!(if acts { is_fault(&fault) } else { fault.is_none() }, "after {at:?}: {fault:?}");
    }
}

#[test]
fn an_unfinished_frame_has_its_time_to_the_nanosecond() {
    let make = |_| {
        let mut machine = machine(Role::Server);
        receive(&mut machine, b"half");
        machine
    };
    let is_fault = |fault: &Option<Fault>| matches!(fault, Some(Fault::FrameTimeout { .. }));
    acts_at(make, FRAME, is_fault, Ending::Failed);
}

#[test]
fn a_silent_peer_has_its_time_to_the_nanosecond() {
    let is_fault =
        |fault: &Option<Fault>| matches!(fault, Some(Fault::IdleTimeout { limit: IDLE }));
    acts_at(|_| machine(Role::Client), IDLE, is_fault, Ending::Failed);
}

#[test]
fn closing_has_its_time_to_the_nanosecond() {
    let make = |t0| {
        let mut machine = machine(Role::Client);
        feed(&mut machine, Input::Close { now: t0 });
        machine
    };
    let is_fault =
        |fault: &Option<Fault>| matches!(fault, Some(Fault::CloseTimeout { limit: CLOSE }));
    acts_at(make, CLOSE, is_fault, Ending::Failed);
    // The answers after the peer's end have as long.
    let make = |t0| {
        let mut machine = machine(Role::Server);
        feed(&mut machine, Input::PeerEnded { now: t0 });
        machine
    };
    acts_at(make, CLOSE, is_fault, Ending::Failed);
}

#[test]
fn lingering_has_its_time_to_the_nanosecond_and_is_no_fault() {
    let make = |t0| {
        let mut machine = machine(Role::Server);
        feed(&mut machine, Input::Close { now: t0 - CLOSE });
        feed(&mut machine, Input::Written);
        feed(&mut machine, Input::ShutDown { now: t0 });
        machine
    };
    acts_at(make, LINGER, Option::is_none, Ending::Local { answered: false });
}

#[test]
fn a_byte_moves_the_deadline_of_a_silent_peer() {
    let (mut machine, t0) = (machine(Role::Server), now());
    assert_eq!(machine.deadline(|| t0), Some(t0 + IDLE));
    let later = t0 + IDLE - STEP;
    receive(&mut machine, b"x");
    // Not asked for the deadline meanwhile: what was received counts all the same.
    feed(&mut machine, Input::Tick { now: t0 + IDLE });
    assert_eq!(machine.deadline(|| later), Some(later + FRAME));
    machine.inbound().extend(b"\n");
    assert!(machine.inbound().next_frame().unwrap().is_some());
    assert_eq!(machine.deadline(|| later), Some(later + IDLE));
}

#[test]
fn a_peer_that_is_not_read_is_not_billed_for_time() {
    let (mut machine, t0) = (machine(Role::Server), now());
    receive(&mut machine, b"half");
    assert_eq!(machine.deadline(|| t0), Some(t0 + FRAME));
    feed(&mut machine, Input::Suspend);
    assert!(!machine.reads());
    assert_eq!(machine.deadline(|| t0), None);
    feed(&mut machine, Input::Tick { now: t0 + IDLE });
    feed(&mut machine, Input::Resume);
    assert!(machine.reads());
    assert_eq!(machine.deadline(|| t0 + IDLE), Some(t0 + IDLE + FRAME));
}

#[test]
fn times_of_for_ever_are_no_deadlines() {
    let mut rules = rules(Role::Client);
    (rules.frame_timeout, rules.idle_timeout) = (None, Some(Duration::MAX));
    (rules.close_timeout, rules.linger) = (Duration::MAX, Duration::MAX);
    let (mut machine, t0) = (machine_with(rules), now());
    receive(&mut machine, b"half");
    assert_eq!(machine.deadline(|| t0), None);
    feed(&mut machine, Input::Close { now: t0 });
    assert_eq!(machine.deadline(|| t0), None);
    feed(&mut machine, Input::Written);
    feed(&mut machine, Input::ShutDown { now: t0 });
    assert_eq!(machine.deadline(|| t0), None);
}

/// Tests W19.
#[test]
fn a_server_answers_after_the_peers_end_and_a_client_keeps_what_waits() {
    let t0 = now();
    let mut client = machine(Role::Client);
    feed(&mut client, Input::PeerEnded { now: t0 });
    assert_eq!(client.action(), Some(Action::End(Ending::PeerClosed)));

    let mut server = machine(Role::Server);
    feed(&mut server, Input::PeerEnded { now: t0 });
    assert_eq!(server.action(), None);
    assert!(server.is_writable() && !server.reads());
    feed(&mut server, Input::Written);
    assert_eq!(server.action(), Some(Action::Shutdown));
    feed(&mut server, Input::ShutDown { now: t0 });
    assert_eq!(server.action(), Some(Action::End(Ending::PeerClosed)));
}

/// Tests W18.
#[test]
fn an_end_within_a_frame_is_a_fault_unless_this_side_has_ended_its_own() {
    let t0 = now();
    let mut open = machine(Role::Client);
    receive(&mut open, b"half");
    let fault = open.handle(Input::PeerEnded { now: t0 });
    assert!(matches!(fault, Some(Fault::Truncated { buffered: 4, .. })), "{fault:?}");
    assert_eq!(open.action(), Some(Action::End(Ending::Truncated { buffered: 4 })));

    let mut lingering = machine(Role::Client);
    receive(&mut lingering, b"half");
    feed(&mut lingering, Input::Close { now: t0 });
    feed(&mut lingering, Input::Written);
    feed(&mut lingering, Input::ShutDown { now: t0 });
    feed(&mut lingering, Input::PeerEnded { now: t0 });
    assert_eq!(lingering.action(), Some(Action::End(Ending::Local { answered: true })));
}

/// Tests W14.
#[test]
fn a_client_stays_away_from_a_server_it_cannot_understand_if_it_is_to_close() {
    for close in [false, true] {
        let mut rules = rules(Role::Client);
        rules.close_on_malformed = close;
        let mut machine = machine_with(rules);
        let fault = machine.handle(Input::Malformed(FormatError::new("bad", "bad")));
        assert!(matches!(fault, Some(Fault::Malformed(_))));
        assert_eq!(machine.action().is_some(), close);
        assert_eq!(machine.may_reconnect(), !close);

        let (mut machine, t0) = (machine_with(rules), now());
        receive(&mut machine, b"half");
        machine.deadline(|| t0);
        assert!(machine.handle(Input::Tick { now: t0 + FRAME }).is_some());
        assert_eq!(machine.may_reconnect(), !close);

        let (mut machine, t0) = (machine_with(rules), now());
        machine.deadline(|| t0);
        assert!(machine.handle(Input::Tick { now: t0 + IDLE }).is_some());
        assert!(machine.may_reconnect(), "silence is nothing that cannot be understood");
    }
}

#[test]
fn what_the_peer_sent_before_it_hung_up_comes_first() {
    let mut broken = machine(Role::Client);
    feed(&mut broken, Input::WriteFailed(ErrorKind::BrokenPipe.into()));
    assert!(broken.reads() && !broken.is_writable() && broken.action().is_none());
    feed(&mut broken, Input::NothingToRead);
    assert_eq!(broken.action(), Some(Action::End(Ending::PeerClosed)));

    let mut failed = machine(Role::Client);
    feed(&mut failed, Input::WriteFailed(ErrorKind::OutOfMemory.into()));
    let fault = failed.handle(Input::NothingToRead);
    assert!(matches!(fault, Some(Fault::Write(_))), "{fault:?}");
    assert_eq!(failed.action(), Some(Action::End(Ending::Failed)));
}
