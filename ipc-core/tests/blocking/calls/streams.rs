//! Calls that are answered with items, read as an iterator.

use std::sync::mpsc;
use std::thread;

use ipc_core::{CallError, CallOptions, Failure, MsgPack, Sent, Sink, SinkError};

use super::rig::{AsyncServer, DEADLINE, MOMENT, Place, Sockets, both_sockets, heard};

both_sockets!(
    all_items_come_in_order,
    a_stream_that_is_dropped_is_cancelled,
    a_failure_is_the_last_item,
);

/// Answers `rows` with so many numbers.
fn rows(server: &AsyncServer) {
    server.server.on_stream("rows", |rows: u64, sink: Sink<MsgPack, u64>| async move {
        for row in 0..rows {
            sink.send(&row).await?;
        }
        Ok::<(), SinkError>(())
    });
}

fn all_items_come_in_order(sockets: &Sockets) {
    let server = sockets.serve();
    rows(&server);
    server.server.on_call("echo", |text: String, _| async { Ok::<_, Failure>(text) });
    let mut client = server.client();
    for count in [0, 1, 8, 9, 5000] {
        let items = client.call_stream::<_, u64>("rows", &count).unwrap();
        let items: Result<Vec<u64>, CallError> = items.collect();
        assert_eq!(items.unwrap(), (0..count).collect::<Vec<u64>>());
    }
    // A method that answers once is a stream of one.
    let items = client.call_stream::<_, String>("echo", "once").unwrap();
    assert_eq!(items.collect::<Result<Vec<_>, _>>().unwrap(), ["once"]);
    assert_eq!(client.call::<_, String>("echo", "after it").unwrap(), "after it");
}

fn a_stream_that_is_dropped_is_cancelled(sockets: &Sockets) {
    /// Sends when it is dropped.
    struct Guard(mpsc::Sender<()>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let server = sockets.serve();
    let (ended, ends) = mpsc::channel();
    server.server.on_stream("for ever", move |(): (), sink: Sink<MsgPack, u64>| {
        let guard = Guard(ended.clone());
        async move {
            let _guard = guard;
            for item in 0.. {
                sink.send(&item).await?;
            }
            Ok::<(), SinkError>(())
        }
    });
    server.server.on_call("echo", |text: String, _| async { Ok::<_, Failure>(text) });
    let mut client = server.client();
    let mut items = client.call_stream::<_, u64>("for ever", &()).unwrap();
    for item in 0..100 {
        assert_eq!(items.next().unwrap().unwrap(), item);
    }
    drop(items);
    ends.recv_timeout(DEADLINE).unwrap();
    // The items that were under way belong to no other call.
    assert_eq!(client.call::<_, String>("echo", "after it").unwrap(), "after it");
}

fn a_failure_is_the_last_item(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_stream("fails", |(): (), sink: Sink<MsgPack, u64>| async move {
        sink.send(&1).await?;
        Err::<(), Failure>(Failure::new("not_found", "no more rows"))
    });
    let mut client = server.client();
    let mut items = client.call_stream::<_, u64>("fails", &()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 1);
    assert_eq!(items.next().unwrap().unwrap_err().code(), "not_found");
    assert!(items.next().is_none());
    drop(items);
    let mut unknown = client.call_stream::<_, u64>("none", &()).unwrap();
    assert_eq!(unknown.next().unwrap().unwrap_err().code(), "unknown_method");
    assert!(unknown.next().is_none());
}

const ITEM: &[u8] = b"\x92\xa7$answer\x83\xa1n\x01\xa2ok\x05\xa4more\xc3";
const TEXT: &[u8] = b"\x92\xa7$answer\x83\xa1n\x01\xa2ok\xa1x\xa4more\xc3";

#[test]
fn credit_is_given_as_items_are_read() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[b"\x92\xa5event\x05", ITEM, TEXT, ITEM, ITEM]);
    let mut items = client.call_stream::<_, u64>("rows", &()).unwrap();
    let frame = bare.frame();
    assert!(frame.ends_with(b"\xa6stream\x08"), "{frame:?}");
    assert_eq!(items.next().unwrap().unwrap(), 5);
    // One that is not what was asked for does not end it.
    let other = items.next().unwrap().unwrap_err();
    assert!(matches!(other, CallError::InvalidResult(_)), "{other:?}");
    assert_eq!(items.next().unwrap().unwrap(), 5);
    assert_eq!(items.next().unwrap().unwrap(), 5);
    assert_eq!(&bare.frame()[..], b"\x92\xa5$call\x82\xa1n\x01\xa6credit\x04");
    bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x07"]);
    assert_eq!(items.next().unwrap().unwrap(), 7);
    assert!(items.next().is_none());
    drop(items);
    assert_eq!(heard(&mut client), "event [5]");
}

/// Nothing is received before it is asked for: what is too much waits in the socket.
#[test]
fn items_beyond_the_credit_cost_nothing() {
    let place = Place::new();
    let window = CallOptions::default().window.max_items(1).credit(1, 1);
    let calls = CallOptions::default().window(window);
    let (mut client, mut bare) = place.bare_server(|builder| builder.calls(calls));
    bare.send(&[ITEM; 100]);
    let mut items = client.call_stream::<_, u64>("rows", &()).unwrap();
    for _ in 0..100 {
        assert_eq!(items.next().unwrap().unwrap(), 5);
    }
}

#[test]
fn an_item_that_is_larger_than_the_window_ends_the_stream() {
    let place = Place::new();
    let window = CallOptions::default().window.max_bytes(1);
    let calls = CallOptions::default().window(window);
    let (mut client, mut bare) = place.bare_server(|builder| builder.calls(calls));
    bare.send(&[ITEM, TEXT, ITEM]);
    let mut items = client.call_stream::<_, u64>("rows", &()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 5);
    let overrun = items.next().unwrap().unwrap_err();
    assert!(matches!(overrun, CallError::Overrun(_)), "{overrun:?}");
    assert!(items.next().is_none());
    let heard = std::iter::from_fn(|| Some(bare.heard())).find(|frame| frame == "cancel 1");
    assert!(heard.is_some());
}

#[test]
fn an_item_that_does_not_come_in_time_ends_the_stream() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[ITEM]);
    let mut items = client.call_stream_within::<_, u64>(MOMENT, "rows", &()).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 5);
    let late = items.next().unwrap().unwrap_err();
    assert!(matches!(late, CallError::Deadline { within: MOMENT }), "{late:?}");
    assert!(items.next().is_none());
    assert!(bare.heard().starts_with("call 1 rows"));
    assert_eq!(bare.heard(), "cancel 1");
}

#[test]
fn a_connection_that_is_lost_ends_the_stream_after_its_items() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    let mut items = client.call_stream::<_, u64>("rows", &()).unwrap();
    let peer = thread::spawn(move || {
        assert!(bare.heard().starts_with("call 1 rows"));
        bare.send(&[ITEM, ITEM]);
    });
    assert_eq!(items.next().unwrap().unwrap(), 5);
    peer.join().unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 5);
    let lost = items.next().unwrap().unwrap_err();
    assert!(matches!(lost, CallError::Disconnected { sent: Sent::Maybe }), "{lost:?}");
    assert!(items.next().is_none());
}
