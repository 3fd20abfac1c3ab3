//! How much may be open, run, wait and be sent.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{
    Call, CallError, CallOptions, Client, EmitError, Failure, InFlight, MethodOptions, MsgPack,
    Sent,
};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{
    Notes, asking, client, narrow, open, pair_with, raw_client, raw_server, soon, transport,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn one_call_too_many_waits_for_a_place_until_its_deadline() {
    let options = CallOptions::default().max_open(2);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.calls(options)).await;
    let calls = [open(client.call("one", &1)).await, open(client.call("two", &2)).await];
    let began = Instant::now();
    let error = soon(client.call::<_, u64>("late", &3).within(SECOND)).await.unwrap_err();
    assert!(matches!(error, CallError::TooMany(too_many) if too_many.limit == 2), "{error:?}");
    assert!(error.has_not_run());
    assert_eq!(began.elapsed().as_millis(), 1000);
    let next = asking(&client, "next", 10 * SECOND);
    assert_eq!(peer.hear().await, "call one 1");
    let one = peer.number;
    assert_eq!(peer.hear().await, "call two 2");
    sleep(SECOND).await;
    peer.answer(one, 7).await;
    assert_eq!(peer.hear().await, "call next 1");
    peer.answer(peer.number, 8).await;
    assert_eq!(soon(next).await.unwrap().unwrap(), 8);
    // A call that is dropped leaves its place, too.
    let [_one, two] = calls;
    let more = [open(client.call("more", &4)).await];
    let next = asking(&client, "next", 10 * SECOND);
    sleep(SECOND).await;
    drop(two);
    assert_eq!(peer.hear().await, "call more 4");
    assert!(peer.hear().await.starts_with("cancel "));
    assert_eq!(peer.hear().await, "call next 1");
    drop(more);
    next.abort();
}

#[tokio::test(start_paused = true)]
async fn beyond_256_running_calls_the_next_is_busy_at_once() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    let notes = Notes::of_server(&server);
    let gate = Arc::new(Semaphore::new(0));
    let other = Arc::clone(&gate);
    server.on_call("wait", move |n: u64, _| {
        let gate = Arc::clone(&other);
        async move {
            let _permit = gate.acquire_owned().await;
            Ok::<_, Failure>(n)
        }
    });
    for n in 1..=256 {
        peer.call(n, "wait", n).await;
    }
    peer.call(257, "wait", 257).await;
    assert_eq!(peer.hear().await, "failure 257 busy");
    // Before its arguments are looked at: these are no number.
    peer.call(258, "wait", "text").await;
    assert_eq!(peer.hear().await, "failure 258 busy");
    assert_eq!(notes.lines(), [""; 0]);
    // Another peer has places of its own.
    let mut other = RawPeer::dial(&transport).await;
    other.call(1, "wait", 7).await;
    gate.add_permits(1000);
    assert_eq!(other.hear().await, "answer 1 7");
    for n in 1..=256 {
        assert_eq!(peer.hear().await, format!("answer {n} {n}"));
    }
    peer.call(257, "wait", 257).await;
    assert_eq!(peer.hear().await, "answer 257 257");
}

#[tokio::test(start_paused = true)]
async fn beyond_4096_running_calls_of_all_peers_the_next_is_busy() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    let started = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&started);
    server.on_call("wait", move |(): (), _| {
        other.fetch_add(1, Ordering::Relaxed);
        pending::<Result<u64, Failure>>()
    });
    let mut peers = Vec::new();
    for _ in 0..16 {
        let mut peer = RawPeer::dial(&transport).await;
        for n in 1..=256 {
            peer.call(n, "wait", ()).await;
        }
        // The last of them was handled once this is answered.
        peer.call(1000, "none", ()).await;
        assert_eq!(peer.hear().await, "failure 1000 unknown_method");
        peers.push(peer);
    }
    assert_eq!(started.load(Ordering::Relaxed), 4096);
    peer.call(1, "wait", ()).await;
    assert_eq!(peer.hear().await, "failure 1 busy");
    drop(peers.pop());
    sleep(SECOND).await;
    peer.call(1, "wait", ()).await;
    peer.call(2, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 2 unknown_method");
    assert_eq!(started.load(Ordering::Relaxed), 4097);
}

#[tokio::test(start_paused = true)]
async fn a_method_may_run_for_one_call_at_a_time() {
    let pair = pair_with(|client| client, |server| server).await;
    let most = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&most);
    let options = MethodOptions::default().concurrency(1);
    pair.server.handlers().on_call_with(options, "work", move |n: u64, _: Call<MsgPack>| {
        let most = Arc::clone(&other);
        async move {
            assert_eq!(most.fetch_add(1, Ordering::Relaxed), 0, "two at a time");
            sleep(SECOND).await;
            most.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, Failure>(n)
        }
    });
    let began = Instant::now();
    let calls = (0..3).map(|_| asking(&pair.client, "work", 10 * SECOND)).collect::<Vec<_>>();
    // It would be the fourth, which is later than its deadline.
    let late = asking(&pair.client, "work", 2 * SECOND);
    assert!(matches!(soon(late).await.unwrap(), Err(CallError::Deadline { .. })));
    assert_eq!(began.elapsed().as_millis(), 2000);
    for call in calls {
        soon(call).await.unwrap().unwrap();
    }
    assert_eq!(began.elapsed().as_millis(), 3000);
}

/// Returns a client without a connection whose queue is full: a call of it waits there, and an event.
fn full(overflow: OverflowPolicy) -> Client<MsgPack> {
    let limits = QueueLimits::default().with_max_messages(2);
    client(&transport()).queue(limits).overflow(overflow).build()
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_does_as_its_policy_says() {
    for overflow in [
        OverflowPolicy::Block,
        OverflowPolicy::Error,
        OverflowPolicy::DropNewest,
        OverflowPolicy::DropOldest,
        OverflowPolicy::Disconnect,
    ] {
        let client = full(overflow);
        let waiting = open(client.call("waits", &1)).await;
        client.emit("fill", &1).unwrap();
        let began = Instant::now();
        let next = soon(client.call::<_, u64>("next", &2).within(SECOND)).await.unwrap_err();
        match overflow {
            OverflowPolicy::Block | OverflowPolicy::DropOldest => {
                assert!(matches!(next, CallError::Deadline { .. }), "{overflow:?} {next:?}");
                assert_eq!(began.elapsed().as_millis(), 1000);
            }
            _ => {
                assert!(matches!(next, CallError::NotSent(EmitError::Full(_))), "{next:?}");
                assert!(next.has_not_run());
                assert_eq!(began.elapsed().as_millis(), 0, "{overflow:?}");
            }
        }
        let began = Instant::now();
        let waited = soon(waiting).await.unwrap_err();
        match overflow {
            OverflowPolicy::DropOldest => {
                assert!(matches!(waited, CallError::NotSent(EmitError::Full(_))), "{waited:?}");
                assert!(waited.has_not_run());
                assert_eq!(began.elapsed().as_millis(), 0);
            }
            OverflowPolicy::Disconnect => {
                assert!(matches!(waited, CallError::Closed { sent: Sent::No }), "{waited:?}");
                assert_eq!(began.elapsed().as_millis(), 0);
            }
            _ => assert!(matches!(waited, CallError::Deadline { .. }), "{overflow:?} {waited:?}"),
        }
    }
}

/// The evicted call fails at once, whether an event or another call takes its place, and also while a
/// connection is there that takes nothing.
#[tokio::test(start_paused = true)]
async fn an_evicted_call_fails_at_once() {
    for by_call in [false, true] {
        let limits = QueueLimits::default().with_max_messages(2);
        let settings = |client: ipc_core::ClientBuilder<MsgPack>| {
            client.queue(limits).overflow(OverflowPolicy::DropOldest)
        };
        let (client, _peer, _listener) = raw_server(&narrow(64), settings).await;
        let text = "x".repeat(100);
        client.emit("fill", text.as_str()).unwrap();
        let evicted = asking(&client, "evicted", 30 * SECOND);
        sleep(SECOND).await;
        assert_eq!(client.peer().queued().messages, 2);
        let began = Instant::now();
        let by = by_call.then(|| asking(&client, "by", 30 * SECOND));
        if !by_call {
            client.emit("by", &1).unwrap();
        }
        let error = soon(evicted).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::NotSent(EmitError::Full(_))), "{error:?}");
        assert_eq!(began.elapsed().as_millis(), 0, "by a call: {by_call}");
        by.inspect(tokio::task::JoinHandle::abort);
    }
}

/// What the queue has dropped is known not to be sent, whatever happens next.
#[tokio::test(start_paused = true)]
async fn an_evicted_call_is_unsent_although_the_connection_ends() {
    let limits = QueueLimits::default().with_max_messages(2);
    let settings = |client: ipc_core::ClientBuilder<MsgPack>| {
        client.queue(limits).overflow(OverflowPolicy::DropOldest)
    };
    let (client, _peer, _listener) = raw_server(&narrow(64), settings).await;
    let text = "x".repeat(100);
    client.emit("fill", text.as_str()).unwrap();
    let evicted = asking(&client, "evicted", 30 * SECOND);
    sleep(SECOND).await;
    client.emit("by", &1).unwrap();
    // The connection's task has not run in between.
    soon(client.disconnect()).await;
    let error = soon(evicted).await.unwrap().unwrap_err();
    assert!(error.has_not_run(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_too_large_is_not_sent() {
    let frames = Limits::default().with_max_frame(1000);
    let queue = QueueLimits::default().with_max_bytes(500);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.limits(frames).queue(queue)).await;
    for size in [600, 2000] {
        let text = "x".repeat(size);
        let error = soon(client.call::<_, u64>("sum", text.as_str())).await.unwrap_err();
        let CallError::NotSent(reason) = &error else { panic!("{error:?}") };
        assert!(!matches!(reason, EmitError::Full(_) | EmitError::Closed), "{reason:?}");
        assert!(error.has_not_run());
    }
    assert!(peer.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_answered_as_that() {
    let frames = Limits::default().with_max_frame(1000);
    let pair = pair_with(|client| client, |server| server.limits(frames)).await;
    pair.server.on_call("long", |n: usize, _| async move { Ok::<_, Failure>("x".repeat(n)) });
    let text: String = soon(pair.client.call("long", &100)).await.unwrap();
    assert_eq!(text.len(), 100);
    let error = soon(pair.client.call::<_, String>("long", &2000)).await.unwrap_err();
    let CallError::Remote(failure) = &error else { panic!("{error:?}") };
    assert_eq!(&*failure.code, "too_large");
    assert!(failure.message.contains("1000"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn with_one_in_flight_the_answer_of_a_call_releases_the_next() {
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.in_flight(InFlight::One)).await;
    let one = open(client.call("one", &1)).await;
    let two = open(client.call("two", &2)).await;
    assert_eq!(peer.hear().await, "call one 1");
    assert!(peer.is_silent().await);
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(one).await.unwrap(), 7);
    assert_eq!(peer.hear().await, "call two 2");
    // A cancel is answered with nothing, so it would release nothing: none is sent, and the answer
    // that comes all the same releases the next.
    drop(two);
    let three = open(client.call("three", &3)).await;
    assert!(peer.is_silent().await);
    peer.answer(peer.number, 8).await;
    assert_eq!(peer.hear().await, "call three 3");
    peer.answer(peer.number, 9).await;
    assert_eq!(soon(three).await.unwrap(), 9);
}
