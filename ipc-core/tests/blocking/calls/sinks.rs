//! Calls that are answered with items, without a runtime.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::{Client, Connection, Incoming, Sink};
use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{CallError, CallOptions, EmitError, Failure, MsgPack, SinkError};

use super::rig::{Bare, DEADLINE, Place, Sockets, async_client, both_sockets, called, heard};

both_sockets!(
    all_items_come_in_order,
    a_client_answers_its_server_with_items,
    a_stream_that_is_dropped_ends_the_sink,
    both_sides_without_a_runtime,
);

/// Answers a call with so many numbers.
fn rows(mut sink: Sink<'_, MsgPack, u64>, rows: u64) -> Result<(), SinkError> {
    for row in 0..rows {
        sink.send(&row)?;
    }
    Ok(sink.end()?)
}

/// Answers every call until the peer goes, and returns how the last sink ended.
fn serve(mut connection: Connection<MsgPack>) -> Result<(), SinkError> {
    let mut ended = Ok(());
    while let Some(event) = connection.next() {
        let Incoming::Call(call) = event else { continue };
        let count: u64 = connection.decode(call.args()).unwrap();
        assert!(call.wants_stream());
        match call.method() {
            "rows" => ended = rows(connection.sink(&call), count),
            // An item that is the result, and a stream that fails.
            "last" => {
                connection.sink(&call).send(&1).unwrap();
                connection.answer(call, &2).unwrap();
            }
            "fail" => {
                let mut sink = connection.sink(&call);
                sink.send(&1).unwrap();
                sink.fail(Failure::new("not_found", "no more rows")).unwrap();
            }
            // Dropped, and with it its stream.
            "drop" => connection.sink(&call).send(&1).unwrap(),
            other => panic!("{other}"),
        }
    }
    ended
}

fn all_items_come_in_order(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let serving = thread::spawn(move || serve(server.accept().unwrap()));
    runtime.block_on(async {
        for count in [0_u64, 1, 8, 9, 5000] {
            let mut items = client.call_stream::<_, u64>("rows", &count).await.unwrap();
            for row in 0..count {
                assert_eq!(items.next().await.unwrap().unwrap(), row);
            }
            assert!(items.next().await.is_none());
        }
        for (method, end) in
            [("last", None), ("fail", Some("not_found")), ("drop", Some("cancelled"))]
        {
            let mut items = client.call_stream::<_, u64>(method, &0_u64).await.unwrap();
            assert_eq!(items.next().await.unwrap().unwrap(), 1);
            match (end, items.next().await.unwrap()) {
                (None, item) => assert_eq!(item.unwrap(), 2),
                (Some(code), item) => assert_eq!(item.unwrap_err().code(), code),
            }
            assert!(items.next().await.is_none(), "{method}");
        }
        client.close().await;
    });
    serving.join().unwrap().unwrap();
}

fn a_client_answers_its_server_with_items(sockets: &Sockets) {
    let server = sockets.serve();
    let (sender, peers) = mpsc::channel();
    server.server.on("ask me", move |(): (), peer| sender.send(peer.clone()).unwrap());
    let mut client = server.client();
    client.emit("ask me", &()).unwrap();
    let answering = thread::spawn(move || {
        let call = called(&mut client);
        rows(client.sink(&call), 1000).unwrap();
        client.close();
    });
    let peer = peers.recv_timeout(DEADLINE).unwrap();
    server.block_on(async {
        let mut items = peer.call_stream::<_, u64>("rows", &()).await.unwrap();
        for row in 0..1000 {
            assert_eq!(items.next().await.unwrap().unwrap(), row);
        }
        assert!(items.next().await.is_none());
    });
    answering.join().unwrap();
}

fn a_stream_that_is_dropped_ends_the_sink(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let serving = thread::spawn(move || serve(server.accept().unwrap()));
    runtime.block_on(async {
        let mut items = client.call_stream::<_, u64>("rows", &u64::MAX).await.unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), 0);
        drop(items);
        // It is answered once the sink has ended.
        let mut items = client.call_stream::<_, u64>("last", &0_u64).await.unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let _without_end = client.call_stream::<_, u64>("rows", &u64::MAX).await.unwrap();
        client.close().await;
    });
    let ended = serving.join().unwrap().unwrap_err();
    assert_eq!((&ended, ended.code()), (&SinkError::Ended, "call_ended"));
}

fn both_sides_without_a_runtime(sockets: &Sockets) {
    let mut server = sockets.accept();
    let transport = server.endpoint().transport().unwrap();
    let serving = thread::spawn(move || serve(server.accept().unwrap()));
    let mut client = Client::builder(MsgPack::new(), transport).unwrap().build();
    let items = client.call_stream::<_, u64>("rows", &2000_u64).unwrap();
    let items: Result<Vec<u64>, CallError> = items.collect();
    assert_eq!(items.unwrap(), (0..2000).collect::<Vec<u64>>());
    client.close();
    serving.join().unwrap().unwrap();
}

/// A call with credit for two items, one with a second's patience, one without a stream, and credit.
const STREAM: &[u8] = b"\x92\xa5$call\x83\xa1n\x01\xa4call\xa4rows\xa6stream\x02";
const HASTY: &[u8] = b"\x92\xa5$call\x84\xa1n\x02\xa4call\xa4rows\xa2ms\x14\xa6stream\x02";
const ONCE: &[u8] = b"\x92\xa5$call\x82\xa1n\x01\xa4call\xa3sum";
const CREDIT: &[u8] = b"\x92\xa5$call\x82\xa1n\x01\xa6credit\x01";
const CANCEL: &[u8] = b"\x92\xa5$call\x82\xa1n\x01\xa6cancel\xc3";
const EVENT: &[u8] = b"\x92\xa5event\x05";

fn asked(place: &Place, frames: &[&[u8]]) -> (Connection<MsgPack>, Bare) {
    let (connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(frames);
    (connection, bare)
}

#[test]
fn no_item_is_sent_without_credit() {
    let place = Place::new();
    let (mut connection, mut bare) = asked(&place, &[STREAM, EVENT]);
    let call = called(&mut connection);
    let mut sink = connection.sink::<u64>(&call);
    sink.try_send(&1).unwrap();
    sink.try_send(&2).unwrap();
    assert_eq!(sink.try_send(&3), Err(SinkError::NoCredit));
    drop(sink);
    assert_eq!(heard(&mut connection), "event [5]");
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer 1 [1] more");
    assert_eq!(bare.heard(), "answer 1 [2] more");
    // Credit is for one item, which another sink of the call may send.
    bare.send(&[CREDIT, EVENT]);
    connection.sink(&call).send(&4).unwrap();
    assert_eq!(connection.sink(&call).try_send(&5), Err(SinkError::NoCredit));
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer 1 [4] more");
    connection.sink::<u64>(&call).end().unwrap();
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer 1 []");
    assert_eq!(connection.sink(&call).send(&6), Err(SinkError::Ended));
    assert_eq!(heard(&mut connection), "event [5]");
}

#[test]
fn a_sink_that_waits_for_credit_ends_with_the_call() {
    for last in [CANCEL, EVENT] {
        let (mut connection, mut bare) = asked(&Place::new(), &[STREAM]);
        let call = called(&mut connection);
        let peer = thread::spawn(move || {
            assert_eq!(bare.heard(), "answer 1 [1] more");
            assert_eq!(bare.heard(), "answer 1 [2] more");
            bare.send(&[last]);
            // Otherwise the connection ends here.
            (last == CANCEL).then_some(bare)
        });
        let mut sink = connection.sink(&call);
        let ended = (1..).find_map(|item| sink.send(&item).err());
        assert_eq!(ended, Some(SinkError::Ended));
        drop(peer.join().unwrap());
    }
}

/// Each item has its time anew, and the asker's patience is this side's deadline.
#[test]
fn a_call_whose_time_is_over_ends_the_sink() {
    let place = Place::new();
    let (mut connection, mut bare) = asked(&place, &[HASTY]);
    let call = called(&mut connection);
    // Longer than the 20 ms of the call.
    assert!(connection.next_timeout(Duration::from_millis(50)).is_err());
    assert_eq!(connection.sink(&call).send(&1), Err(SinkError::Ended));
    assert_eq!(bare.heard(), "failure 2 deadline");
}

#[test]
fn a_call_that_takes_no_items_is_answered_that_it_needs_them() {
    let place = Place::new();
    let (mut connection, mut bare) = asked(&place, &[ONCE]);
    let call = called(&mut connection);
    assert!(!call.wants_stream());
    let error = connection.sink(&call).send(&1).unwrap_err();
    assert_eq!((&error, error.code()), (&SinkError::NoStream, "needs_stream"));
    assert_eq!(bare.heard(), "failure 1 needs_stream");
    assert_eq!(connection.sink(&call).send(&1), Err(SinkError::Ended));
}

#[test]
fn more_events_than_may_wait_end_the_wait_for_credit() {
    let place = Place::new();
    let event = [&b"\x92\xa5event\xc4\xff"[..], &[0; 255]].concat();
    let frames = [STREAM, &event, &event, &event, &event, CREDIT];
    let (mut connection, mut bare) =
        place.bare_client_with(CallOptions::default(), |server| server.event_bytes(500));
    bare.send(&frames);
    let call = called(&mut connection);
    let mut sink = connection.sink(&call);
    sink.send(&1).unwrap();
    sink.send(&2).unwrap();
    let full = sink.send(&3).unwrap_err();
    assert!(matches!(full, SinkError::EventsFull { limit: 500, .. }), "{full:?}");
    assert_eq!(full.code(), "events_full");
    // Once they are taken, it goes on.
    for _ in 0..4 {
        assert!(heard(&mut connection).starts_with("event [196, 255, 0"));
    }
    connection.sink(&call).send(&3).unwrap();
}

/// Credit of an item that finds no room is not lost.
#[test]
fn an_item_that_finds_no_room_can_be_sent_again() {
    let place = Place::new();
    let limits = QueueLimits::default().with_max_messages(1);
    let (mut connection, mut bare) = place.bare_client_with(CallOptions::default(), |server| {
        server.queue(limits).overflow(OverflowPolicy::Error)
    });
    bare.send(&[STREAM]);
    let call = called(&mut connection);
    // It is written in part.
    let large = vec![0_u8; 4 << 20];
    connection.emit("large", &large).unwrap();
    for _ in 0..3 {
        let full = connection.sink(&call).try_send(&1).unwrap_err();
        assert!(matches!(full, SinkError::Emit(EmitError::Full(_))), "{full:?}");
    }
    let peer = thread::spawn(move || {
        assert!(bare.frame().len() > large.len());
        let heard = [bare.heard(), bare.heard()];
        (bare, heard)
    });
    assert!(connection.flush());
    connection.sink(&call).send(&1).unwrap();
    assert!(connection.flush());
    connection.sink(&call).send(&2).unwrap();
    assert_eq!(connection.sink(&call).try_send(&3), Err(SinkError::NoCredit));
    assert!(connection.flush());
    assert_eq!(peer.join().unwrap().1, ["answer 1 [1] more", "answer 1 [2] more"]);
}
