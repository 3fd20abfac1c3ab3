//! Calls, and connections that are lost or not there yet.

use std::thread;
use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{CallError, CallOptions, Failure, ReservedEvents, Sent};

use super::rig::{Bare, MOMENT, Place, Sockets, both_sockets, called, heard};

both_sockets!(a_server_that_goes_ends_the_call_at_once);

fn a_server_that_goes_ends_the_call_at_once(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_call("go", |(): (), call| async move {
        call.peer().disconnect();
        std::future::pending::<Result<(), Failure>>().await
    });
    let mut client = server.client();
    // The deadline is far.
    let lost = client.call_within::<_, ()>(Duration::from_secs(600), "go", &()).unwrap_err();
    assert!(matches!(lost, CallError::Disconnected { sent: Sent::Maybe }), "{lost:?}");
    assert!(!lost.has_not_run());
    assert_eq!(heard(&mut client), "disconnect");
    assert_eq!(heard(&mut client), "destroy");
    let closed = client.call::<_, ()>("go", &()).unwrap_err();
    assert!(matches!(closed, CallError::Closed { sent: Sent::No }), "{closed:?}");
}

fn every_millisecond() -> ReconnectPolicy {
    ReconnectPolicy::forever(Backoff::fixed(Duration::from_millis(1)))
}

#[test]
fn a_client_that_goes_ends_the_call_of_its_server_at_once() {
    let place = Place::new();
    let (mut connection, bare) = place.bare_client(CallOptions::default());
    let peer = thread::spawn(move || {
        let mut bare = bare;
        assert!(bare.heard().ends_with(" name [192]"));
    });
    let lost = connection.call::<_, String>("name", &()).unwrap_err();
    assert!(matches!(lost, CallError::Disconnected { sent: Sent::Maybe }), "{lost:?}");
    peer.join().unwrap();
    assert_eq!(heard(&mut connection), "disconnect");
    let closed = connection.call::<_, String>("name", &()).unwrap_err();
    assert!(closed.has_not_run());
}

#[test]
fn without_an_attempt_left_a_call_was_not_sent() {
    let mut client = Place::new().builder().build();
    let closed = client.call::<_, ()>("sum", &()).unwrap_err();
    assert!(matches!(closed, CallError::Closed { sent: Sent::No }), "{closed:?}");
    assert!(closed.has_not_run());
    // It is no message that was not delivered: the error says so.
    assert!(client.close().undelivered.is_empty());
}

#[test]
fn without_a_server_a_call_ends_at_its_deadline_and_is_taken_back() {
    let place = Place::new();
    let mut client = place.builder().reconnect(every_millisecond()).build();
    let late = client.call_within::<_, ()>(MOMENT, "sum", &()).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    let listener = place.listener();
    client.emit("event", &5).unwrap();
    client.connected().unwrap();
    assert!(client.flush());
    assert_eq!(Bare::accept(&listener).heard(), "event [5]");
}

#[test]
fn without_a_connection_a_call_that_does_not_wait_fails_at_once() {
    let place = Place::new();
    let calls = CallOptions::default().fail_when_disconnected(true);
    let limits = QueueLimits::default().with_max_messages(1);
    let builder = place.builder().reconnect(every_millisecond()).calls(calls).queue(limits);
    let mut client = builder.build();
    let unsent = |error: CallError| {
        assert!(matches!(error, CallError::Disconnected { sent: Sent::No }), "{error:?}");
    };
    unsent(client.call::<_, ()>("sum", &()).unwrap_err());
    unsent(client.call_stream::<_, ()>("rows", &()).err().unwrap());
    let listener = place.listener();
    client.connected().unwrap();
    let mut bare = Bare::accept(&listener);
    // Written in part, and the next connection does not get it.
    let peer = thread::spawn(move || bare.read_some(1000));
    let args = "x".repeat(4 << 20);
    unsent(client.call::<_, ()>("sum", args.as_str()).unwrap_err());
    peer.join().unwrap();
    // One that waits for room is not sent, either.
    client.connected().unwrap();
    let mut bare = Bare::accept(&listener);
    client.emit("large", args.as_str()).unwrap();
    let peer = thread::spawn(move || bare.read_some(1000));
    unsent(client.call::<_, ()>("sum", &()).unwrap_err());
    peer.join().unwrap();
    client.connected().unwrap();
    let mut bare = Bare::accept(&listener);
    let peer = thread::spawn(move || (bare.frame().len(), bare.heard()));
    assert!(client.flush());
    client.emit("event", &5).unwrap();
    let (large, next) = peer.join().unwrap();
    assert!(large > args.len());
    assert_eq!(next, "event [5]");
}

#[test]
fn a_call_waits_for_a_server() {
    let place = Place::new();
    let mut client = place.builder().reconnect(every_millisecond()).build();
    // One attempt fails.
    assert!(heard(&mut client).starts_with("error "));
    let listener = place.listener();
    let peer = thread::spawn(move || {
        let mut bare = Bare::accept(&listener);
        assert_eq!(bare.heard(), "call 1 sum [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x06"]);
        bare
    });
    assert_eq!(client.call::<_, u64>("sum", &()).unwrap(), 6);
    drop(peer.join().unwrap());
}

/// The peer has seen a part of the frame only, so it cannot have run the call.
#[test]
fn a_call_that_was_half_written_goes_whole_to_the_next_connection() {
    let place = Place::new();
    let listener = place.listener();
    let mut client = place.builder().reconnect(every_millisecond()).build();
    let peer = thread::spawn(move || {
        let mut first = Bare::accept(&listener);
        first.read_some(100_000);
        drop(first);
        let mut second = Bare::accept(&listener);
        assert!(second.heard().starts_with("call 1 count ["));
        second.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x06"]);
        second
    });
    let text = "x".repeat(5_000_000);
    assert_eq!(client.call::<_, u64>("count", text.as_str()).unwrap(), 6);
    drop(peer.join().unwrap());
}

#[test]
fn a_call_whose_connection_is_lost_is_not_answered_on_the_next_one() {
    let place = Place::new();
    let listener = place.listener();
    let mut client = place.builder().reconnect(every_millisecond()).build();
    client.connected().unwrap();
    assert_eq!(heard(&mut client), "connect");
    let mut first = Bare::accept(&listener);
    first.send(&[b"\x92\xa5$call\x82\xa1n\x01\xa4call\xa3sum"]);
    let taken = called(&mut client);
    drop(first);
    while heard(&mut client) != "connect" {}
    client.answer(taken, &3).unwrap();
    client.emit("after", &1).unwrap();
    assert!(client.flush());
    assert_eq!(Bare::accept(&listener).heard(), "after [1]");
}

/// An answer that still waits may go to the next connection, whose calls have other numbers.
#[test]
fn the_calls_of_two_connections_of_a_server_have_different_numbers() {
    let ask = || {
        let place = Place::new();
        let (mut connection, mut bare) = place.bare_client(CallOptions::default());
        let late = connection.call_within::<_, ()>(MOMENT, "name", &()).unwrap_err();
        assert_eq!(late.code(), "deadline");
        bare.heard()
    };
    assert_ne!(ask(), ask());
}

/// As the async driver has it: they are no messages of the program.
#[test]
fn a_notice_that_never_left_is_not_undelivered() {
    let place = Place::new();
    let mut client = place.builder().reconnect(ReconnectPolicy::never()).build();
    client.notice("log", &1).unwrap();
    client.emit("event", &2).unwrap();
    let report = client.close();
    let events: Vec<_> = report.undelivered.iter().map(|message| message.event()).collect();
    assert_eq!(events, ["event"]);
    // To a program that has the two events for itself they are messages like others.
    let ordinary = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let mut client = place.builder().calls(ordinary).build();
    client.emit("$call", &1).unwrap();
    assert_eq!(client.close().undelivered.len(), 1);
}
