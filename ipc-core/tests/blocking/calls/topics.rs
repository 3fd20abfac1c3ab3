//! What a client subscribes to, keeps, and asks each further connection for.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use ipc_core::blocking::{Client, ClientBuilder};
use ipc_core::protocol::builtin::Value;
use ipc_core::queue::QueueLimits;
use ipc_core::{CallError, CallOptions, Hello, InFlight, MsgPack, SubscribeError};

use super::rig::{DEADLINE, MOMENT, Sockets, both_sockets, heard};
use super::wire::{Listening, Wire, connect};

both_sockets!(
    what_is_published_comes_as_an_event,
    a_further_connection_is_asked_before_what_waits,
    what_is_cut_before_the_answer_is_asked_again,
    what_was_refused_is_not_asked_again,
    a_refusal_on_a_further_connection_is_an_error_event,
    a_server_that_does_not_answer_is_a_deadline_and_nothing_is_kept,
    an_answer_past_the_queue_releases_nothing,
    many_patterns_are_asked_for_in_frames_that_fit,
    what_a_socket_does_not_take_at_once_is_written_whole_or_given_up,
    a_server_without_a_runtime_has_no_topics,
    what_cannot_be_subscribed_to_is_not_asked,
    a_client_says_what_its_server_is,
);

/// Answers the next call, which is this one.
fn granting(mut peer: Wire, method: &'static str) -> JoinHandle<Wire> {
    thread::spawn(move || {
        assert_eq!(peer.hear(), format!("call {method}"));
        peer.answer(peer.number, &Value::map([("topics", 1.into())]));
        peer
    })
}

/// Subscribes to `a`.
fn subscribed(client: &mut Client<MsgPack>, peer: Wire) -> Wire {
    let granting = granting(peer, "$sub");
    client.subscribe(["a"]).unwrap();
    granting.join().unwrap()
}

/// Ends the connection, and returns the next one.
fn again(client: &mut Client<MsgPack>, peer: Wire, listening: &Listening) -> Wire {
    drop(peer);
    assert_eq!(heard(client), "disconnect");
    assert_eq!(heard(client), "connect");
    listening.accept()
}

fn names(client: &Client<MsgPack>) -> Vec<String> {
    client.subscriptions().iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

fn what_is_published_comes_as_an_event(sockets: &Sockets) {
    let server = sockets.serve();
    // The last value is there when `subscribe` returns, and is an event as any.
    let handle = server.server.clone();
    server.server.on_subscription(move |_| {
        let _ = handle.publish("price.EUR", &0_u64);
    });
    let mut client = server.builder().build();
    client.subscribe(["price.*", "news.>"]).unwrap();
    assert_eq!(names(&client), ["news.>", "price.*"]);
    let publish = |topic: &str, n: u64| server.server.publish(topic, &n).unwrap().sent;
    assert_eq!(publish("price.EUR", 1), 1);
    assert_eq!(publish("other", 2), 0);
    client.unsubscribe(["news.>"]).unwrap();
    assert_eq!((publish("news.today", 3), publish("price.USD", 4)), (0, 1));
    client.unsubscribe_all().unwrap();
    assert_eq!((publish("price.EUR", 5), names(&client).len()), (0, 0));
    assert_eq!(heard(&mut client), "connect");
    let mut events = Vec::new();
    while events.last().is_none_or(|event| event != "price.USD [4]") {
        events.push(heard(&mut client));
    }
    assert_eq!(events[0], "price.EUR [0]");
    events.retain(|event| event != "price.EUR [0]");
    assert_eq!(events, ["price.EUR [1]", "price.USD [4]"]);
}

fn a_further_connection_is_asked_before_what_waits(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let hello = |client: ClientBuilder<MsgPack>| client.hello(Some(Hello::new("alice")));
    let (mut client, mut peer) = connect(&listening, hello);
    assert_eq!(peer.hear(), "call $hello");
    let mut peer = subscribed(&mut client, peer);
    for n in 0..2 {
        client.emit("waits", &n).unwrap();
        assert_eq!(peer.hear(), format!("event waits {n}"));
        drop(peer);
        assert_eq!(heard(&mut client), "disconnect");
        client.emit("queued", &n).unwrap();
        assert_eq!(heard(&mut client), "connect");
        peer = listening.accept();
        assert_eq!(peer.hear(), "call $hello");
        assert_eq!(peer.hear(), "call $sub");
        assert_eq!(peer.value, Value::list(["a"]));
        assert!(client.flush());
        assert_eq!(peer.hear(), format!("event queued {n}"));
        peer.answer(peer.number, &Value::Null);
    }
    let granting = granting(peer, "$unsub");
    client.unsubscribe_all().unwrap();
    let peer = granting.join().unwrap();
    // Nothing is left to ask for.
    let mut peer = again(&mut client, peer, &listening);
    client.emit("next", &1).unwrap();
    assert_eq!(peer.hear(), "call $hello");
    assert_eq!(peer.hear(), "event next 1");
}

fn what_is_cut_before_the_answer_is_asked_again(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    // Also if calls do not wait for the next connection.
    let calls = CallOptions::default().fail_when_disconnected(true);
    let (mut client, mut peer) = connect(&listening, |client| client.calls(calls));
    let serving = thread::spawn(move || {
        for _ in 0..3 {
            assert_eq!(peer.hear(), "call $sub");
            drop(peer);
            peer = listening.accept();
        }
        granting(peer, "$sub").join().unwrap()
    });
    client.subscribe(["a"]).unwrap();
    drop(serving.join().unwrap());
    assert_eq!(names(&client), ["a"]);
    for _ in 0..3 {
        assert_eq!(heard(&mut client), "disconnect");
        assert_eq!(heard(&mut client), "connect");
    }
}

fn what_was_refused_is_not_asked_again(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, mut peer) = connect(&listening, |client| client);
    for code in ["denied", "too_many", "unknown_method"] {
        let refusing = thread::spawn(move || {
            assert_eq!(peer.hear(), "call $sub");
            peer.fail(peer.number, code);
            peer
        });
        assert_eq!(client.subscribe(["a"]).unwrap_err().code(), code);
        peer = refusing.join().unwrap();
    }
    assert!(client.subscriptions().is_empty());
    let mut peer = again(&mut client, peer, &listening);
    client.emit("next", &1).unwrap();
    assert_eq!(peer.hear(), "event next 1");
}

fn a_refusal_on_a_further_connection_is_an_error_event(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, peer) = connect(&listening, |client| client);
    let mut peer = subscribed(&mut client, peer);
    for _ in 0..2 {
        peer = again(&mut client, peer, &listening);
        assert_eq!(peer.hear(), "call $sub");
        peer.fail(peer.number, "denied");
        assert_eq!(heard(&mut client), "error not_subscribed");
    }
    assert_eq!(names(&client), ["a"]);
    client.emit("goes on", &1).unwrap();
    assert_eq!(peer.hear(), "event goes on 1");
}

fn a_server_that_does_not_answer_is_a_deadline_and_nothing_is_kept(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let calls = CallOptions::default().deadline(MOMENT);
    let (mut client, mut peer) = connect(&listening, |client| client.calls(calls));
    match client.subscribe(["a"]).unwrap_err() {
        SubscribeError::Call(CallError::Deadline { within }) => assert_eq!(within, MOMENT),
        other => panic!("{other:?}"),
    }
    assert_eq!(peer.hear(), "call $sub");
    // An answer that comes too late changes nothing, nor does another connection.
    peer.answer(peer.number, &Value::Null);
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert!(client.subscriptions().is_empty());
    let mut peer = again(&mut client, peer, &listening);
    client.emit("next", &2).unwrap();
    assert_eq!(peer.hear(), "event next 2");
}

fn an_answer_past_the_queue_releases_nothing(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, peer) = connect(&listening, |client| client.in_flight(InFlight::One));
    // This one is in flight, and its answer releases the next.
    let peer = subscribed(&mut client, peer);
    drop(peer);
    assert_eq!(heard(&mut client), "disconnect");
    for n in 0..3 {
        client.emit("n", &n).unwrap();
    }
    assert_eq!(heard(&mut client), "connect");
    let mut peer = listening.accept();
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert_eq!(peer.hear(), "call $sub");
    assert_eq!(peer.hear(), "event n 0");
    peer.answer(peer.number, &Value::Null);
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert!(peer.is_silent(), "the answer has released the next message");
    for n in 1..3 {
        peer.event("got it", n);
        assert_eq!(heard(&mut client), format!("got it [{n}]"));
        assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
        assert_eq!(peer.hear(), format!("event n {n}"));
    }
}

fn many_patterns_are_asked_for_in_frames_that_fit(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let limits = ipc_codec::Limits::default().with_max_frame(400);
    let (mut client, mut peer) = connect(&listening, |client| client.limits(limits));
    for n in 0..20 {
        let granting = granting(peer, "$sub");
        client.subscribe([format!("{n}").repeat(100)]).unwrap();
        peer = granting.join().unwrap();
    }
    let mut peer = again(&mut client, peer, &listening);
    client.emit("next", &1).unwrap();
    let mut calls = 0;
    loop {
        let heard = peer.hear();
        if heard == "event next 1" {
            break;
        }
        assert_eq!(heard, "call $sub");
        calls += 1;
    }
    assert!((7..=20).contains(&calls), "{calls} calls");
    assert_eq!(client.subscriptions().len(), 20);
}

/// Returns a client that has subscribed to more than a socket takes whose peer does not read: some 10 MiB
/// over TCP.
fn subscribed_to_much(listening: &Listening, timeout: Duration) -> (Client<MsgPack>, Wire) {
    let (mut client, mut peer) = connect(listening, |client| client.connect_timeout(timeout));
    let patterns = |n: usize| (0..32).map(move |m| format!("{n}.{m}.{}", "\u{ffff}".repeat(200)));
    for n in 0..32 {
        let granting = granting(peer, "$sub");
        client.subscribe(patterns(n)).unwrap();
        peer = granting.join().unwrap();
    }
    assert_eq!(client.subscriptions().len(), 1024);
    (client, peer)
}

fn what_a_socket_does_not_take_at_once_is_written_whole_or_given_up(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, peer) = subscribed_to_much(&listening, DEADLINE);
    drop(peer);
    assert_eq!(heard(&mut client), "disconnect");
    client.emit("after", &1).unwrap();
    assert_eq!(heard(&mut client), "connect");
    let mut peer = listening.accept();
    let reading = thread::spawn(move || {
        assert_eq!(peer.hear(), "call $sub");
        assert_eq!(peer.value.as_list().len(), 1024);
        assert_eq!(peer.hear(), "event after 1");
        peer
    });
    assert!(client.flush());
    drop(reading.join().unwrap());
    assert_eq!(heard(&mut client), "disconnect");
    // A close waits for it as for what is queued.
    assert_eq!(heard(&mut client), "connect");
    let mut peer = listening.accept();
    let reading = thread::spawn(move || (peer.hear(), peer.hear()));
    assert!(client.close().undelivered.is_empty());
    assert_eq!(reading.join().unwrap(), ("call $sub".to_owned(), "end".to_owned()));
    if let Sockets::Tcp = sockets {
        // Its buffers are larger than what a client may keep.
        return;
    }
    let (mut client, peer) = subscribed_to_much(&listening, Duration::from_secs(1));
    drop(peer);
    assert_eq!(heard(&mut client), "disconnect");
    assert_eq!(heard(&mut client), "connect");
    let _silent = listening.accept();
    assert_eq!(heard(&mut client), "error connection_lost");
    assert_eq!(heard(&mut client), "disconnect");
}

fn a_server_without_a_runtime_has_no_topics(sockets: &Sockets) {
    let mut server = sockets.accept();
    let transport = server.endpoint().transport().unwrap();
    let serving = thread::spawn(move || {
        let mut connection = server.accept().unwrap();
        assert_eq!(heard(&mut connection), "disconnect");
    });
    let mut client = Client::builder(MsgPack::new(), transport).unwrap().build();
    match client.subscribe(["a"]).unwrap_err() {
        SubscribeError::Call(CallError::UnknownMethod(_)) => {}
        other => panic!("{other:?}"),
    }
    client.close();
    serving.join().unwrap();
    let closed = client.subscribe(["a"]).unwrap_err();
    assert_eq!((closed.code(), client.subscriptions().len()), ("closed", 0));
}

fn what_cannot_be_subscribed_to_is_not_asked(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let few = QueueLimits::default().with_max_bytes(100);
    let (mut client, mut peer) = connect(&listening, |client| client.queue(few));
    let error = client.subscribe(["a", "a..b"]).unwrap_err();
    assert!(matches!(error, SubscribeError::Pattern(_)), "{error:?}");
    let many = client.subscribe((0..1025).map(|n| n.to_string())).unwrap_err();
    assert!(matches!(many, SubscribeError::TooMany(_)), "{many:?}");
    let large = client.subscribe(["a".repeat(200)]).unwrap_err();
    assert_eq!(large.code(), "larger_than_queue");
    assert!(peer.is_silent() && client.subscriptions().is_empty());
}

fn a_client_says_what_its_server_is(sockets: &Sockets) {
    let server = sockets.serve();
    let mut client = server.builder().build();
    let about = client.about();
    match sockets {
        Sockets::Unix(_) => {
            assert_eq!(about.unwrap().pid, Some(std::process::id().into()));
        }
        Sockets::Tcp => assert_eq!(about.unwrap_err().code(), "denied"),
    }
    // Like any call it does not wait for a connection if calls do not.
    let calls = CallOptions::default().fail_when_disconnected(true);
    let mut client = server.builder().calls(calls).build();
    assert_eq!(client.about().unwrap_err().code(), "disconnected");
    let short = CallOptions::default().deadline(Duration::from_millis(1));
    let elsewhere = sockets.another();
    let listening = Listening::at(&elsewhere);
    let (mut client, _peer) = connect(&listening, |client| client.calls(short));
    assert_eq!(client.about().unwrap_err().code(), "deadline");
}
