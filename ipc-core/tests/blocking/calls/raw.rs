//! What a call sends, and what it makes of what comes, byte by byte.

use std::io::Write;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::NextError;
use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{CallError, CallOptions, EmitError, FlushPolicy, InFlight, ReservedEvents};

use super::rig::{MOMENT, Place, heard};

#[test]
fn a_call_is_one_frame_and_its_answer_another() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    let peer = thread::spawn(move || {
        assert_eq!(bare.heard(), "call 1 sum [147, 1, 2, 3]");
        // An answer to none, an answer with a text for its number, an event, and the answer.
        bare.send(&[
            b"\x92\xa7$answer\x82\xa1n\x07\xa2ok\x63",
            b"\x92\xa7$answer\x82\xa1n\xa11\xa2ok\x63",
            b"\x92\xa5event\x05",
            b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x06",
        ]);
        assert_eq!(bare.heard(), "call 2 fail [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x02\xa5error\x81\xa4code\xa3no!"]);
        assert_eq!(bare.heard(), "call - log [161, 120]");
        bare
    });
    assert_eq!(client.call::<_, u64>("sum", &[1, 2, 3]).unwrap(), 6);
    let failed = client.call::<_, ()>("fail", &()).unwrap_err();
    assert_eq!(failed.code(), "no!");
    client.notice("log", "x").unwrap();
    drop(peer.join().unwrap());
    assert_eq!(heard(&mut client), "event [5]");
    assert_eq!(heard(&mut client), "disconnect");
}

#[test]
fn after_the_deadline_the_cancel_is_sent_and_a_late_answer_ignored() {
    let place = Place::new();
    // Also if messages gather: nothing else may follow for long.
    let gather = FlushPolicy::Within(Duration::MAX);
    let (mut client, mut bare) = place.bare_server(|builder| builder.flush_policy(gather));
    let late = client.call_within::<_, u64>(MOMENT, "wait", &()).unwrap_err();
    assert_eq!(late.code(), "deadline");
    assert_eq!(bare.heard(), "call 1 wait [192]");
    assert_eq!(bare.heard(), "cancel 1");
    bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x01"]);
    let peer = thread::spawn(move || {
        assert_eq!(bare.heard(), "call 2 next [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x02\xa2ok\x02"]);
        bare
    });
    assert_eq!(client.call::<_, u64>("next", &()).unwrap(), 2);
    drop(peer.join().unwrap());
    assert_eq!(heard(&mut client), "disconnect");
}

#[test]
fn an_answer_that_is_there_counts_although_the_time_is_over() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x07"]);
    assert_eq!(client.call_within::<_, u64>(Duration::ZERO, "sum", &()).unwrap(), 7);
    assert_eq!(bare.heard(), "call 1 sum [192]");
}

/// What it sends is nothing for the program, so that each wait lasts for its time.
#[test]
fn a_peer_that_sends_without_end_makes_no_wait_longer() {
    let place = Place::new();
    let (mut client, bare) = place.bare_server(|builder| builder);
    let mut socket = bare.into_socket();
    let frames = b"\0\0\0\x13\x92\xa5$call\x81\xa4call\xa5$ping".repeat(1000);
    let sending = thread::spawn(move || while socket.write_all(&frames).is_ok() {});
    for _ in 0..10 {
        for time in [Duration::ZERO, MOMENT] {
            assert_eq!(client.next_timeout(time).err(), Some(NextError::TimedOut));
            let late = client.call_within::<_, u64>(time, "sum", &()).unwrap_err();
            assert_eq!(late.code(), "deadline");
        }
    }
    drop(client);
    sending.join().unwrap();
}

#[test]
fn more_events_than_may_wait_end_the_call() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder.event_bytes(1000));
    let event = [&b"\x92\xa5event\xc4\xff"[..], &[0; 255]].concat();
    let frames = [&event[..]; 4];
    bare.send(&frames);
    let full = client.call::<_, u64>("sum", &()).unwrap_err();
    let CallError::EventsFull { limit: 1000, actual } = full else { panic!("{full:?}") };
    assert_eq!(actual, 4 * event.len());
    assert_eq!((full.code(), full.has_not_run()), ("events_full", false));
    assert_eq!(bare.heard(), "call 1 sum [192]");
    assert_eq!(bare.heard(), "cancel 1");
    // As long as they wait, no call is sent.
    let full = client.call::<_, u64>("sum", &()).unwrap_err();
    assert_eq!(full.code(), "events_full");
    for _ in 0..4 {
        assert!(heard(&mut client).starts_with("event [196, 255, 0"));
    }
    let peer = thread::spawn(move || {
        let asked = bare.heard();
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x03\xa2ok\x02"]);
        (bare, asked)
    });
    assert_eq!(client.call::<_, u64>("sum", &()).unwrap(), 2);
    assert_eq!(peer.join().unwrap().1, "call 3 sum [192]");
}

/// Frames that cannot be read are events, too.
#[test]
fn malformed_frames_do_not_pile_up_while_a_call_waits() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder.event_bytes(10_000));
    bare.send(&[&b"\xc1"[..]; 1000]);
    let full = client.call::<_, u64>("sum", &()).unwrap_err();
    assert_eq!(full.code(), "events_full");
    let errors = (0..40).filter(|_| heard(&mut client).starts_with("error")).count();
    assert_eq!(errors, 40);
}

#[test]
fn a_stream_that_was_not_asked_for_ends_the_call() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[b"\x92\xa7$answer\x83\xa1n\x01\xa2ok\x01\xa4more\xc3"]);
    let stream = client.call::<_, u64>("rows", &()).unwrap_err();
    assert!(matches!(stream, CallError::UnexpectedStream), "{stream:?}");
    assert_eq!(bare.heard(), "call 1 rows [192]");
    assert_eq!(bare.heard(), "cancel 1");
}

#[test]
fn a_call_that_finds_no_room_is_not_sent() {
    let place = Place::new();
    let limits = QueueLimits::default().with_max_bytes(40);
    for overflow in [OverflowPolicy::Error, OverflowPolicy::DropNewest, OverflowPolicy::Disconnect]
    {
        let mut client = place.builder().queue(limits).overflow(overflow).build();
        client.emit("takes the room", "there is").unwrap();
        let error = client.call::<_, ()>("sum", &[1]).unwrap_err();
        assert!(matches!(error, CallError::NotSent(EmitError::Full(_))), "{error:?}");
        assert!(error.has_not_run());
    }
    let mut client = place.builder().queue(limits).build();
    let error = client.call::<_, ()>("sum", "x".repeat(50).as_str()).unwrap_err();
    assert!(matches!(error, CallError::NotSent(EmitError::TooLarge { .. })), "{error:?}");
}

#[test]
fn a_call_waits_for_room() {
    let place = Place::new();
    let limits = QueueLimits::default().with_max_bytes(100_000);
    let (mut client, mut bare) = place.bare_server(|builder| builder.queue(limits));
    let text = "x".repeat(10_000);
    let mut sent = 0;
    while client.emit("e", text.as_str()).is_ok() {
        sent += 1;
    }
    // Nothing is read meanwhile.
    let args = "y".repeat(20_000);
    let late = client.call_within::<_, ()>(MOMENT, "echo", args.as_str()).unwrap_err();
    assert!(matches!(late, CallError::Deadline { .. }), "{late:?}");
    let peer = thread::spawn(move || {
        for _ in 0..sent {
            assert!(bare.heard().starts_with("e ["));
        }
        // The first one was taken back.
        assert!(bare.heard().starts_with("call 2 echo ["));
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x02\xa2ok\x07"]);
        bare
    });
    assert_eq!(client.call::<_, u64>("echo", args.as_str()).unwrap(), 7);
    drop(peer.join().unwrap());
}

#[test]
fn a_call_counts_as_a_message_in_flight() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder.in_flight(InFlight::One));
    client.emit("first", &()).unwrap();
    let peer = thread::spawn(move || {
        assert_eq!(bare.heard(), "first [192]");
        bare.send(&[b"\x92\xa5event\x05"]);
        assert_eq!(bare.heard(), "call 1 sum [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x06"]);
        assert_eq!(bare.heard(), "call 2 sum [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x02\xa2ok\x07"]);
        bare
    });
    assert_eq!(client.call::<_, u64>("sum", &()).unwrap(), 6);
    assert_eq!(client.call::<_, u64>("sum", &()).unwrap(), 7);
    drop(peer.join().unwrap());
}

#[test]
fn where_calls_are_off_there_are_none() {
    let place = Place::new();
    let calls = CallOptions::default().max_open(0);
    let error = place.builder().calls(calls).build().call::<_, ()>("sum", &()).unwrap_err();
    assert_eq!((error.code(), error.has_not_run()), ("too_many_calls", true));

    let calls = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let (mut client, mut bare) = place.bare_server(|builder| builder.calls(calls));
    let error = client.call::<_, ()>("sum", &()).unwrap_err();
    assert!(matches!(error, CallError::Unsupported(_)), "{error:?}");
    bare.send(&[b"\x92\xa5$call\x82\xa1n\x07\xa4call\xa3sum"]);
    assert!(heard(&mut client).starts_with("$call ["));
}
