//! Calls whose result is not wanted any more.

use std::future::pending;
use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{Call, CallError, EmitError, Failure, MethodOptions, MsgPack, Server};
use ipc_transport::Transport;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{
    Notes, asking, client, narrow, open, pair, raw_client, raw_server, soon, transport,
};

both_runtimes!(
    an_unsent_call_is_taken_back,
    a_call_that_waits_before_others_is_followed_by_its_cancel,
    a_sent_call_is_followed_by_one_cancel,
    cancelling_stops_the_method,
    what_cannot_be_cancelled_runs_to_its_end,
    a_method_may_wait_for_its_cancel,
    answers_and_cancels_that_cross_are_ignored,
);

async fn an_unsent_call_is_taken_back() {
    let transport = transport();
    let client = client(&transport).build();
    drop(open(client.call("sum", &1)).await);
    assert_eq!(client.peer().queued().messages, 0);
    client.emit("after", &1).unwrap();
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "event after 1");
    soon(client.close()).await;
    assert_eq!(peer.hear().await, "end");
}

async fn a_call_that_waits_before_others_is_followed_by_its_cancel() {
    let transport = transport();
    let client = client(&transport).build();
    let call = open(client.call("sum", &1)).await;
    client.emit("after", &1).unwrap();
    drop(call);
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call sum 1");
    assert_eq!(peer.hear().await, "event after 1");
    assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
}

async fn a_sent_call_is_followed_by_one_cancel() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("sum", &1)).await;
    assert_eq!(peer.hear().await, "call sum 1");
    drop(call);
    assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
    soon(client.close()).await;
    assert_eq!(peer.hear().await, "end");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_taken_back_makes_room_at_once() {
    let limits = QueueLimits::default().with_max_messages(1);
    let client = client(&transport()).queue(limits).build();
    let first = open(client.call("first", &1)).await;
    let second = asking(&client, "second", Duration::from_secs(1000));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(client.peer().queued().messages, 1);
    let began = client.tally().accepted;
    drop(first);
    assert_eq!(client.peer().queued().messages, 0);
    sleep(Duration::from_secs(1)).await;
    // Only the end of the first can have woken it: there is no connection.
    assert_eq!((client.peer().queued().messages, client.tally().accepted), (1, began));
    second.abort();
}

/// With a full queue the cancel waits for room, and goes with what is written next.
#[tokio::test(start_paused = true)]
async fn a_cancel_waits_for_room_in_a_full_queue() {
    for overflow in [OverflowPolicy::Block, OverflowPolicy::Error, OverflowPolicy::DropNewest] {
        let limits = QueueLimits::default().with_max_messages(2);
        let (client, mut peer, _listener) =
            raw_server(&narrow(64), |client| client.queue(limits).overflow(overflow)).await;
        let calls = [open(client.call("one", &1)).await, open(client.call("two", &2)).await];
        assert_eq!(peer.hear().await, "call one 1");
        let first = peer.number;
        assert_eq!(peer.hear().await, "call two 2");
        let second = peer.number;
        // These do not fit into the socket and the queue.
        let text = "x".repeat(100);
        while client.peer().queued().messages < 2 {
            client.emit("fill", text.as_str()).unwrap();
        }
        drop(calls);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(client.peer().queued().messages, 2);
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let line = peer.hear().await;
            if line != "event fill 100 bytes" {
                heard.push(line);
            }
        }
        heard.sort();
        let mut expected = [format!("cancel {first}"), format!("cancel {second}")];
        expected.sort();
        assert_eq!(heard, expected, "{overflow:?}");
    }
}

/// A call that waits before others and is dropped, with no room for its cancel, runs on no other
/// connection: its cancel follows it there.
#[tokio::test(start_paused = true)]
async fn a_cancel_that_waits_for_room_survives_a_lost_connection() {
    let limits = QueueLimits::default().with_max_messages(3);
    let (client, peer, mut listener) = raw_server(&narrow(64), |client| client.queue(limits)).await;
    // It does not fit into the socket, so the others wait behind it.
    client.emit("fill", "x".repeat(100).as_str()).unwrap();
    let call = open(client.call("sum", &1)).await;
    client.emit("after", &1).unwrap();
    drop(call);
    assert_eq!(client.peer().queued().messages, 3);
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "event fill 100 bytes");
    assert_eq!(peer.hear().await, "call sum 1");
    assert_eq!(peer.hear().await, "event after 1");
    assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
    soon(client.close()).await;
    assert_eq!(peer.hear().await, "end");
}

/// Adds a method that notes its start and its end, and waits in between.
fn on_wait(server: &Server<MsgPack>, method: &str, options: MethodOptions, notes: &Notes) {
    let notes = notes.clone();
    server.handlers().on_call_with(options, method, move |detach: bool, call: Call<MsgPack>| {
        let (notes, guard) = (notes.clone(), notes.guard("dropped"));
        async move {
            let _guard = guard;
            if detach {
                call.detach();
            }
            notes.note("started");
            call.cancelled().await;
            tokio::task::yield_now().await;
            notes.note("went on");
            Ok::<u64, Failure>(1)
        }
    });
}

async fn cancelling_stops_the_method() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_call("wait", move |(): (), _| {
        other.note("started");
        let guard = other.guard("dropped");
        async move {
            let _guard = guard;
            pending::<Result<u64, Failure>>().await
        }
    });
    peer.call(1, "wait", ()).await;
    notes.until("started").await;
    peer.cancel(1).await;
    notes.until("dropped").await;
    // Nothing was answered, and the number is free.
    peer.call(1, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
}

async fn what_cannot_be_cancelled_runs_to_its_end() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    for (options, detach) in
        [(MethodOptions::default().uncancellable(), false), (MethodOptions::default(), true)]
    {
        let notes = Notes::new();
        on_wait(&server, "wait", options, &notes);
        peer.call(1, "wait", detach).await;
        notes.until("started").await;
        peer.cancel(1).await;
        notes.until("dropped").await;
        assert_eq!(notes.lines(), ["started", "went on", "dropped"]);
        // Its result is not answered.
        peer.call(2, "none", ()).await;
        assert_eq!(peer.hear().await, "failure 2 unknown_method");
        // Nor does the end of the connection stop it.
        let mut other = RawPeer::dial(&transport).await;
        other.call(1, "wait", detach).await;
        notes.until_len(4).await;
        drop(other);
        notes.until_len(6).await;
        assert_eq!(notes.lines()[3..], ["started", "went on", "dropped"]);
    }
    drop(peer);
    let began = Instant::now();
    soon(server.shutdown(Duration::from_secs(60))).await;
    assert!(began.elapsed() < Duration::from_secs(30));
}

async fn a_method_may_wait_for_its_cancel() {
    let pair = pair().await;
    let notes = Notes::new();
    on_wait(&pair.server, "wait", MethodOptions::default().uncancellable(), &notes);
    let call = open(pair.client.call("wait", &false)).await;
    notes.until("started").await;
    drop(call);
    notes.until("went on").await;
}

async fn answers_and_cancels_that_cross_are_ignored() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("one", &1)).await;
    assert_eq!(peer.hear().await, "call one 1");
    let late = peer.number;
    drop(call);
    peer.answer(late, 7).await;
    peer.fail(late, "error").await;
    peer.item(late, 7).await;
    let call = open(client.call("two", &2)).await;
    assert_eq!(peer.hear().await, format!("cancel {late}"));
    assert_eq!(peer.hear().await, "call two 2");
    peer.answer(peer.number, 8).await;
    assert_eq!(soon(call).await.unwrap(), 8);

    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let notes = Notes::of_server(&server);
    server.on_call("echo", |n: u64, _| async move { Ok::<_, Failure>(n) });
    peer.call(1, "echo", 5).await;
    assert_eq!(peer.hear().await, "answer 1 5");
    peer.cancel(1).await;
    peer.cancel(99).await;
    peer.call(1, "echo", 6).await;
    assert_eq!(peer.hear().await, "answer 1 6");
    assert_eq!(notes.lines(), [""; 0]);
}

/// A future that is not polled again does nothing, and one that is dropped at once asks nothing.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_awaited_is_never_made() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    drop(client.call::<_, u64>("sum", &1));
    drop(client.call::<_, u64>("sum", &1).within(Duration::from_secs(1)).into_future());
    assert!(peer.is_silent().await);
}

/// A method that has answered and goes on is a method that has ended: this one never does, so what
/// stops it is the end of its time.
#[tokio::test(start_paused = true)]
async fn a_detached_call_is_not_waited_for_after_its_deadline() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let (notes, go) = (Notes::new(), std::sync::Arc::new(Notify::new()));
    let (other, gate) = (notes.clone(), std::sync::Arc::clone(&go));
    server.on_call("wait", move |(): (), call| {
        let (notes, gate) = (other.clone(), std::sync::Arc::clone(&gate));
        async move {
            call.detach();
            gate.notified().await;
            notes.note("done");
            Ok::<u64, Failure>(1)
        }
    });
    peer.call_within(1, "wait", (), Duration::from_secs(1)).await;
    assert_eq!(peer.hear().await, "failure 1 deadline");
    go.notify_one();
    notes.until("done").await;
    assert!(peer.is_silent().await);
    let began = Instant::now();
    drop(peer);
    soon(server.shutdown(Duration::from_secs(60))).await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// The error of a call that found no room and was not to wait.
#[tokio::test(start_paused = true)]
async fn a_call_without_room_is_not_sent() {
    let limits = QueueLimits::default().with_max_messages(1);
    let client = client(&transport()).queue(limits).overflow(OverflowPolicy::Error).build();
    client.emit("fill", &1).unwrap();
    let error = soon(client.call::<_, u64>("sum", &1)).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(EmitError::Full(_))), "{error:?}");
    assert!(error.has_not_run());
}
