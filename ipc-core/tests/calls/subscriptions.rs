//! Subscriptions of a client: kept over connections, and what is not kept.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{
    CallError, CallOptions, Client, ClientBuilder, ClientEvent, EmitError, Error, InFlight,
    MsgPack, Server, SubscribeError,
};
use tokio::task::JoinHandle;

use crate::raw::RawPeer;
use crate::rig::{Notes, client, narrow, raw_server, soon, transport};

both_runtimes!(
    a_further_connection_is_asked_before_what_waits,
    a_server_that_comes_back_publishes_as_before,
    what_is_cut_before_the_answer_is_asked_again,
    what_was_refused_is_not_asked_again,
    a_refusal_on_a_further_connection_is_an_error_event,
    an_answer_past_the_queue_releases_nothing,
    many_patterns_are_asked_for_in_frames_that_fit,
    a_client_that_is_closed_has_not_subscribed,
    what_the_queue_drops_fails_at_once_and_can_be_asked_again,
);

fn subscribing(
    client: &Client<MsgPack>,
    patterns: &'static [&'static str],
) -> JoinHandle<Result<(), SubscribeError>> {
    let client = client.clone();
    tokio::spawn(async move { client.subscribe(patterns).await })
}

/// Hears a call of this method and answers it.
async fn answer(peer: &mut RawPeer, method: &str) {
    assert_eq!(peer.hear().await, format!("call {method} -"));
    let number = peer.number;
    peer.answer(number, ()).await;
}

async fn a_further_connection_is_asked_before_what_waits() {
    let transport = transport();
    let (client, mut peer, mut listener) = raw_server(&transport, |client| client).await;
    let asking = subscribing(&client, &["a", "b.>"]);
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    let on_connect = client.peer().clone();
    client.on_lifecycle(move |event| {
        if let ClientEvent::Connect = event {
            on_connect.emit("on connect", &2_u64).unwrap();
        }
    });
    let notes = Notes::new();
    let other = notes.clone();
    client.on_lifecycle(move |event| {
        if let ClientEvent::Disconnect(_) = event {
            other.note("lost");
        }
    });
    drop(peer);
    notes.until("lost").await;
    client.emit("waits", &1_u64).unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    answer(&mut peer, "$sub").await;
    assert_eq!(peer.hear().await, "event waits 1");
    assert_eq!(peer.hear().await, "event on connect 2");

    let other = client.clone();
    let asking = tokio::spawn(async move { other.unsubscribe_all().await });
    assert_eq!(peer.hear().await, "call $unsub -");
    assert_eq!(client.subscriptions().len(), 2);
    let number = peer.number;
    peer.answer(number, ()).await;
    soon(asking).await.unwrap().unwrap();
    drop(peer);
    // Nothing is left to ask for.
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "event on connect 2");
}

async fn a_server_that_comes_back_publishes_as_before() {
    let transport = transport();
    let client = client(&transport).build();
    let notes = Notes::new();
    let other = notes.clone();
    client.on_topic("price.*", move |n: u64, _| other.note(n)).unwrap();
    let mut server: Option<Server<MsgPack>> = None;
    for n in 0..3_u64 {
        if let Some(server) = server.take() {
            soon(server.shutdown(Duration::from_secs(10))).await;
        }
        let new = Server::builder(MsgPack::new(), transport.clone()).build();
        let subscribed = Notes::new();
        let other = subscribed.clone();
        new.on_subscription(move |_| other.note("subscribed"));
        new.listen().await.unwrap();
        if n == 0 {
            soon(client.subscribe(["price.*"])).await.unwrap();
        }
        subscribed.until("subscribed").await;
        assert_eq!(new.publish("price.EUR", &n).unwrap().sent, 1);
        notes.until_len(usize::try_from(n).unwrap() + 1).await;
        server = Some(new);
    }
    assert_eq!(notes.lines(), ["0", "1", "2"]);
}

async fn what_is_cut_before_the_answer_is_asked_again() {
    let transport = transport();
    let (client, mut peer, mut listener) = raw_server(&transport, |client| client).await;
    let asking = subscribing(&client, &["a"]);
    assert_eq!(peer.hear().await, "call $sub -");
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    assert_eq!(client.subscriptions().len(), 1);
    // What is kept comes first, then what is asked anew.
    let asking = subscribing(&client, &["b"]);
    assert_eq!(peer.hear().await, "call $sub -");
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    answer(&mut peer, "$sub").await;
    assert_eq!(client.subscriptions().len(), 1);
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    assert_eq!(client.subscriptions().len(), 2);
}

async fn what_was_refused_is_not_asked_again() {
    let transport = transport();
    let (client, mut peer, mut listener) = raw_server(&transport, |client| client).await;
    let errors = Notes::of_client(&client);
    for code in ["denied", "too_many", "unknown_method"] {
        let asking = subscribing(&client, &["a"]);
        assert_eq!(peer.hear().await, "call $sub -");
        let number = peer.number;
        peer.fail(number, code).await;
        let error = soon(asking).await.unwrap().unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert!(client.subscriptions().is_empty());
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    client.emit("next", &1_u64).unwrap();
    assert_eq!(peer.hear().await, "event next 1");
    assert_eq!(errors.lines(), [""; 0]);
}

async fn a_refusal_on_a_further_connection_is_an_error_event() {
    let transport = transport();
    let (client, mut peer, mut listener) = raw_server(&transport, |client| client).await;
    let asking = subscribing(&client, &["a"]);
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    let notes = Notes::new();
    let other = notes.clone();
    client.on_lifecycle(move |event| {
        if let ClientEvent::Error(error) = event {
            assert!(matches!(&**error, Error::NotSubscribed(CallError::Denied(_))), "{error:?}");
            assert!(!error.ends_connection());
            other.note(error.code());
        }
    });
    for n in 1..=2 {
        drop(peer);
        peer = RawPeer::accept(&mut listener).await;
        assert_eq!(peer.hear().await, "call $sub -");
        let number = peer.number;
        peer.fail(number, "denied").await;
        notes.until_len(n).await;
    }
    assert_eq!(notes.lines(), ["not_subscribed"; 2]);
    assert_eq!(client.subscriptions().len(), 1);
    client.emit("goes on", &1_u64).unwrap();
    assert_eq!(peer.hear().await, "event goes on 1");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_a_deadline_and_nothing_is_kept() {
    let transport = transport();
    let calls = CallOptions::default().deadline(Duration::from_millis(50));
    let (client, mut peer, mut listener) =
        raw_server(&transport, |client| client.calls(calls)).await;
    let error = soon(client.subscribe(["a"])).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Call(CallError::Deadline { .. })), "{error:?}");
    assert!(client.subscriptions().is_empty());
    assert_eq!(peer.hear().await, "call $sub -");
    // An answer that comes too late changes nothing, nor does another connection.
    let number = peer.number;
    peer.answer(number, ()).await;
    client.emit("goes on", &1_u64).unwrap();
    assert_eq!(peer.hear().await, "event goes on 1");
    assert!(client.subscriptions().is_empty());
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    client.emit("next", &2_u64).unwrap();
    assert_eq!(peer.hear().await, "event next 2");
}

async fn an_answer_past_the_queue_releases_nothing() {
    let transport = transport();
    let one = |client: ClientBuilder<MsgPack>| client.in_flight(InFlight::One);
    let (client, mut peer, mut listener) = raw_server(&transport, one).await;
    let asking = subscribing(&client, &["a"]);
    // This one is in flight, and its answer releases the next.
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    drop(peer);
    for n in 0..3_u64 {
        client.emit("n", &n).unwrap();
    }
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call $sub -");
    let number = peer.number;
    // Whichever was written to the connection that was lost is lost.
    let first = peer.hear().await;
    let next: u64 = first.strip_prefix("event n ").unwrap().parse::<u64>().unwrap() + 1;
    peer.answer(number, ()).await;
    assert!(peer.is_silent().await, "the answer has released the next message");
    for n in next..3 {
        peer.event("got it", n).await;
        assert_eq!(peer.hear().await, format!("event n {n}"));
    }
}

async fn many_patterns_are_asked_for_in_frames_that_fit() {
    let transport = transport();
    let limits = ipc_codec::Limits::default().with_max_frame(400);
    let (client, mut peer, mut listener) =
        raw_server(&transport, |client| client.limits(limits)).await;
    for n in 0..20 {
        let other = client.clone();
        let asking =
            tokio::spawn(async move { other.subscribe([format!("{n}").repeat(100)]).await });
        answer(&mut peer, "$sub").await;
        soon(asking).await.unwrap().unwrap();
    }
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    client.emit("next", &1_u64).unwrap();
    let mut calls = 0;
    loop {
        let heard = peer.hear().await;
        if heard == "event next 1" {
            break;
        }
        assert_eq!(heard, "call $sub -");
        calls += 1;
    }
    assert!((7..=20).contains(&calls), "{calls} calls");
    assert_eq!(client.subscriptions().len(), 20);
}

async fn a_client_that_is_closed_has_not_subscribed() {
    let transport = transport();
    let (client, mut peer, _listener) = raw_server(&transport, |client| client).await;
    let asking = subscribing(&client, &["a"]);
    assert_eq!(peer.hear().await, "call $sub -");
    soon(client.disconnect()).await;
    let error = soon(asking).await.unwrap().unwrap_err();
    assert_eq!(error.code(), "closed");
    let error = soon(client.subscribe(["a"])).await.unwrap_err();
    assert_eq!(error.code(), "closed");
    assert!(client.subscriptions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_the_preamble_is_given_up() {
    let transport = narrow(64);
    let quick = |client: ClientBuilder<MsgPack>| client.connect_timeout(Duration::from_millis(100));
    let (client, mut peer, mut listener) = raw_server(&transport, quick).await;
    let errors = Notes::of_client(&client);
    let other = client.clone();
    let asking = tokio::spawn(async move { other.subscribe(["a".repeat(200)]).await });
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    client.emit("kept", &1_u64).unwrap();
    assert_eq!(peer.hear().await, "event kept 1");
    drop(peer);
    let silent = RawPeer::accept(&mut listener).await;
    client.emit("kept", &2_u64).unwrap();
    errors.until_len(1).await;
    drop(silent);
    let mut peer = RawPeer::accept(&mut listener).await;
    answer(&mut peer, "$sub").await;
    assert_eq!(peer.hear().await, "event kept 2");
    // Or closed by its own program, at once.
    drop(peer);
    let _silent = RawPeer::accept(&mut listener).await;
    soon(client.disconnect()).await;
}

async fn what_the_queue_drops_fails_at_once_and_can_be_asked_again() {
    let limits = QueueLimits::default().with_max_messages(3);
    let settings =
        |client: ClientBuilder<MsgPack>| client.queue(limits).overflow(OverflowPolicy::DropOldest);
    let (client, mut peer, _listener) = raw_server(&narrow(64), settings).await;
    // It is half written, and nothing after it leaves the queue until the peer reads.
    client.emit("fill", "x".repeat(100).as_str()).unwrap();
    let asking = subscribing(&client, &["a"]);
    let other = client.clone();
    let about = tokio::spawn(async move { other.about().await });
    while client.peer().queued().messages < 3 {
        tokio::task::yield_now().await;
    }
    for n in 0..2_u64 {
        client.emit("newer", &n).unwrap();
    }
    let error = soon(asking).await.unwrap().unwrap_err();
    let full = |error: &CallError| matches!(error, CallError::NotSent(EmitError::Full(_)));
    assert!(matches!(&error, SubscribeError::Call(error) if full(error)), "{error:?}");
    let error = soon(about).await.unwrap().unwrap_err();
    assert!(full(&error), "{error:?}");
    assert!(client.subscriptions().is_empty());
    assert_eq!(peer.hear().await, "event fill 100 bytes");
    assert_eq!(peer.hear().await, "event newer 0");
    assert_eq!(peer.hear().await, "event newer 1");
    let asking = subscribing(&client, &["a"]);
    answer(&mut peer, "$sub").await;
    soon(asking).await.unwrap().unwrap();
    assert_eq!(client.subscriptions().len(), 1);
}
