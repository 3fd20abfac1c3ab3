//! Calls that do not wait for a connection.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::{CallError, CallOptions, ClientEvent, Sent};
use ipc_transport::Transport;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{client, narrow, open, raw_server, soon, transport};

both_runtimes!(
    a_call_fails_at_once_without_a_connection,
    who_is_told_of_a_connection_can_call_over_it,
    an_unsent_call_ends_with_its_connection_and_goes_to_no_other,
    a_server_learns_that_its_call_was_not_sent,
);

/// Asserts that a call was not sent, since there is no connection for it.
#[track_caller]
fn assert_unsent<T>(result: Result<T, CallError>) {
    let error = result.err().unwrap();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::No }), "{error:?}");
    assert!(error.has_not_run());
}

fn bound() -> CallOptions {
    CallOptions::default().fail_when_disconnected(true)
}

async fn a_call_fails_at_once_without_a_connection() {
    let transport = transport();
    let client = client(&transport).build();
    assert_unsent(soon(client.call::<_, u64>("sum", &1).fail_when_disconnected(true)).await);
    let stream = client.call_stream::<_, u64>("rows", &1).fail_when_disconnected(true);
    assert_unsent(soon(stream).await);
    assert_eq!(client.peer().queued().messages, 0);
    // It has started the client all the same.
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    let call = open(client.call("sum", &2).fail_when_disconnected(true)).await;
    assert_eq!(peer.hear().await, "call sum 2");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}

/// The program is told before the socket is in its place.
async fn who_is_told_of_a_connection_can_call_over_it() {
    let transport = transport();
    let client = client(&transport).build();
    let (tell, told) = std::sync::mpsc::channel();
    let caller = client.clone();
    client.on_lifecycle(move |event| {
        if let ClientEvent::Connect = event {
            let call = caller.call::<_, u64>("sum", &1).fail_when_disconnected(true);
            let mut call = call.into_future();
            let polled = Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop()));
            tell.send(polled.is_pending()).unwrap();
        }
    });
    let mut listener = transport.listen().await.unwrap();
    client.start().unwrap();
    let _peer = RawPeer::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    assert!(told.try_recv().unwrap());
}

/// With the option every call does so, unless it says that it waits.
#[tokio::test(start_paused = true)]
async fn the_option_is_for_every_call_that_says_nothing_else() {
    let transport = transport();
    let client = client(&transport).calls(bound()).build();
    let began = Instant::now();
    assert_unsent(client.call::<_, u64>("sum", &1).await);
    assert_unsent(client.about().await);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let waits = open(client.call("waits", &2).fail_when_disconnected(false)).await;
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call waits 2");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(waits).await.unwrap(), 7);
}

async fn an_unsent_call_ends_with_its_connection_and_goes_to_no_other() {
    let (client, mut peer, mut listener) = raw_server(&narrow(64), |client| client).await;
    let text = "x".repeat(100);
    let fails = |method, text| client.call(method, text).fail_when_disconnected(true);
    let written = open(fails("written", "a")).await;
    let in_part = open(fails("in part", text.as_str())).await;
    let waits = open(client.call("waits", "b")).await;
    client.emit("event", "c").unwrap();
    let behind = open(fails("behind", "d")).await;
    let last = open(client.call("last", "e")).await;
    assert_eq!(peer.hear().await, "call written a");
    let accepted = client.tally().accepted;
    drop(peer);
    let error = soon(written).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    assert_unsent(soon(in_part).await);
    assert_unsent(soon(behind).await);
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call waits b");
    peer.answer(peer.number, 7).await;
    assert_eq!(peer.hear().await, "event event c");
    assert_eq!(peer.hear().await, "call last e");
    peer.answer(peer.number, 8).await;
    assert_eq!((soon(waits).await.unwrap(), soon(last).await.unwrap()), (7, 8));
    // As if they had never been accepted.
    assert_eq!(client.tally().accepted, accepted - 2);
}

/// As calls of the program do, with the option that says so.
#[tokio::test(start_paused = true)]
async fn a_question_that_was_not_written_ends_with_its_connection() {
    let (client, peer, mut listener) =
        raw_server(&narrow(64), |client| client.calls(bound())).await;
    client.emit("in part", "x".repeat(100).as_str()).unwrap();
    let other = client.clone();
    let about = tokio::spawn(async move { other.about().await });
    sleep(Duration::from_millis(1)).await;
    client.emit("behind", "b").unwrap();
    assert_eq!(client.peer().queued().messages, 3);
    drop(peer);
    assert_unsent(soon(about).await.unwrap());
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "event in part 100 bytes");
    assert_eq!(peer.hear().await, "event behind b");
    // One that was written may have been answered.
    let other = client.clone();
    let about = tokio::spawn(async move { other.about().await });
    assert_eq!(peer.hear().await, "call $info -");
    drop(peer);
    let error = soon(about).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
}

/// Calls whose frames move up in the queue, when one before them is taken out, are known to be written
/// when they are.
#[tokio::test(start_paused = true)]
async fn calls_behind_one_that_is_taken_out_end_with_their_own_connection() {
    let (client, peer, mut listener) = raw_server(&narrow(64), |client| client).await;
    let text = "x".repeat(100);
    let in_part = client.call("in part", text.as_str()).fail_when_disconnected(true);
    let in_part = open(in_part).await;
    let other = client.clone();
    let about = tokio::spawn(async move { other.about().await });
    sleep(Duration::from_millis(1)).await;
    let behind = open(client.call("behind", "b")).await;
    drop(peer);
    assert_unsent(soon(in_part).await);
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call $info -");
    assert_eq!(peer.hear().await, "call behind b");
    drop(peer);
    for error in [soon(about).await.unwrap().unwrap_err(), soon(behind).await.unwrap_err()] {
        assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    }
}

/// What waits for a place among the open calls, or in the queue, waits no longer than the connection
/// lasts.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_to_be_queued_ends_with_the_connection() {
    let began = Instant::now();
    let one_place = bound().max_open(1);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.calls(one_place)).await;
    let first = open(client.call("first", &1)).await;
    let waits = open(client.call("waits", &2)).await;
    assert_eq!(peer.hear().await, "call first 1");
    drop(peer);
    let error = soon(first).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    assert_unsent(soon(waits).await);

    let no_room = QueueLimits::default().with_max_messages(1);
    let (client, peer, _listener) =
        raw_server(&narrow(64), |client| client.calls(bound()).queue(no_room)).await;
    client.emit("fill", "x".repeat(100).as_str()).unwrap();
    let waits = open(client.call("waits", &2)).await;
    drop(peer);
    assert_unsent(soon(waits).await);
    assert!(began.elapsed() < Duration::from_secs(1));
}

async fn a_server_learns_that_its_call_was_not_sent() {
    let transport = narrow(64);
    let server = ipc_core::Server::builder(ipc_core::MsgPack::new(), transport.clone());
    let server = server.calls(bound()).build();
    server.listen().await.unwrap();
    let peer = RawPeer::dial(&transport).await;
    let client = soon(async {
        loop {
            if let Some(client) = server.peers().into_iter().next() {
                return client;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let text = "x".repeat(100);
    let call = open(client.call("sum", text.as_str())).await;
    drop(peer);
    assert_unsent(soon(call).await);
    // From here on there is none that it could wait for, whatever it says.
    let error = soon(client.call::<_, u64>("sum", &1)).await.unwrap_err();
    assert!(error.has_not_run(), "{error:?}");
}
