//! Cancels that find no room, that are not sent, and that outlive a connection.

use std::thread;
use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{CallError, FlushPolicy, InFlight};

use super::rig::{Bare, DEADLINE, MOMENT, Place, heard};

/// More than the sockets hold on their way, whatever the system.
const LARGE: usize = 4 << 20;

/// A call that is written in part has to be followed by its cancel; until it is written whole there is
/// no room for that.
#[test]
fn a_cancel_waits_for_room_in_a_full_queue() {
    let place = Place::new();
    let one = QueueLimits::default().with_max_messages(1);
    let (mut client, mut bare) = place.bare_server(|builder| builder.queue(one));
    let args = "x".repeat(LARGE);
    let late = client.call_within::<_, ()>(MOMENT, "sum", args.as_str()).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    let peer = thread::spawn(move || {
        assert!(bare.frame().len() > LARGE);
        assert_eq!(bare.heard(), "cancel 1");
        bare.send(&[b"\x92\xa5event\x05"]);
        bare
    });
    assert_eq!(heard(&mut client), "event [5]");
    drop(peer.join().unwrap());
}

/// As long as messages gather, the queue is full although the socket is not.
#[test]
fn a_cancel_has_what_gathers_written_to_make_room() {
    let place = Place::new();
    let one = QueueLimits::default().with_max_messages(1);
    let gather = FlushPolicy::Within(Duration::MAX);
    let (mut client, mut bare) =
        place.bare_server(|builder| builder.queue(one).flush_policy(gather));
    let late = client.call_within::<_, ()>(MOMENT, "sum", &1).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    assert_eq!(bare.heard(), "call 1 sum [1]");
    assert_eq!(bare.heard(), "cancel 1");
}

/// A cancel is not answered, so it would keep what follows it from being sent.
#[test]
fn with_one_in_flight_no_cancel_is_sent() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder.in_flight(InFlight::One));
    let late = client.call_within::<_, ()>(MOMENT, "sum", &1).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    // It waits for the answer of the first, and is taken back.
    let late = client.call_within::<_, ()>(MOMENT, "waits", &2).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    let peer = thread::spawn(move || {
        assert_eq!(bare.heard(), "call 1 sum [1]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x06"]);
        assert_eq!(bare.heard(), "call 3 next [3]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x03\xa2ok\x07"]);
        bare
    });
    assert_eq!(client.call::<_, u64>("next", &3).unwrap(), 7);
    drop(peer.join().unwrap());
}

/// A call that goes to the next connection although its time is over is followed there by its cancel.
#[test]
fn a_cancel_that_waits_for_room_survives_a_lost_connection() {
    let place = Place::new();
    let one = QueueLimits::default().with_max_messages(1);
    let policy = ReconnectPolicy::forever(Backoff::fixed(Duration::from_millis(1)));
    let listener = place.listener();
    let mut client = place.builder().queue(one).reconnect(policy).build();
    client.connected().unwrap();
    assert_eq!(heard(&mut client), "connect");
    let bare = Bare::accept(&listener);
    let args = "x".repeat(LARGE);
    let late = client.call_within::<_, ()>(MOMENT, "sum", args.as_str()).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    drop(bare);
    let peer = thread::spawn(move || {
        let mut bare = Bare::accept(&listener);
        assert!(bare.frame().len() > LARGE);
        assert_eq!(bare.heard(), "cancel 1");
        bare.send(&[b"\x92\xa5event\x05"]);
        bare
    });
    assert_eq!(heard(&mut client), "disconnect");
    assert_eq!(heard(&mut client), "connect");
    assert_eq!(heard(&mut client), "event [5]");
    drop(peer.join().unwrap());
    assert!(client.next_timeout(DEADLINE).is_ok());
}
