//! `$hello` on the side of the client: when it is said, and what follows from the answer.

use std::time::Duration;

use ipc_core::protocol::builtin::Value;
use ipc_core::{
    Client, ClientBuilder, ClientEvent, ConnectError, Error, Hello, InFlight, MsgPack, OnPlainPeer,
    ReservedEvents,
};
use ipc_transport::Transport;

use crate::raw::RawPeer;
use crate::rig::{Notes, client, narrow, pair_with, raw_server, soon, transport};

both_runtimes!(
    a_client_and_its_server_know_each_other,
    hello_is_said_again_before_what_waits,
    a_server_that_answers_that_it_does_not_know_it_is_plain,
    a_server_that_refuses_the_hello_is_reported,
    with_one_in_flight_the_answer_releases_nothing,
    over_a_narrow_wire_the_hello_is_whole,
    without_calls_no_hello_is_said,
    a_client_that_insists_sends_nothing_before_the_answer,
);

/// Notes greetings, errors and ends.
pub(crate) fn life(client: &Client<MsgPack>) -> Notes {
    let notes = Notes::new();
    let other = notes.clone();
    client.on_lifecycle(move |event| match event {
        ClientEvent::Greeted(_) => other.note("greeted"),
        ClientEvent::Dismissed(bye) => other.note(format!("dismissed {}", bye.code)),
        ClientEvent::Error(error) => other.note(format!("error {}", error.code())),
        ClientEvent::Disconnect(reason) => other.note(format!("disconnect {}", reason.code())),
        ClientEvent::Destroy => other.note("destroy"),
        _ => {}
    });
    notes
}

fn alice(client: ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack> {
    client.hello(Some(Hello::new("alice")))
}

fn insisting(client: ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack> {
    client.hello(Some(Hello::new("alice").on_plain_peer(OnPlainPeer::Refuse)))
}

/// What a server of this library answers.
fn greeting() -> Value {
    Value::map([("v", 1.into()), ("peer", 7.into()), ("server", "00ff00ff00ff00ff".into())])
}

async fn a_client_and_its_server_know_each_other() {
    let pair = pair_with(alice, |server| server).await;
    assert_eq!(pair.client.greeting(), None);
    let notes = life(&pair.client);
    pair.server.on("who", |(): (), peer| {
        let name = peer.identity().map(|identity| identity.name.to_string());
        peer.emit("you", &name).unwrap();
    });
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    pair.client.on("you", move |name: Option<String>, _| tell.send(name).unwrap());
    // Queued before there is a connection.
    pair.client.emit("who", &()).unwrap();
    assert_eq!(soon(told.recv()).await.unwrap().as_deref(), Some("alice"));
    notes.until("greeted").await;
    let greeting = pair.client.greeting().unwrap();
    let peers = pair.server.identity("alice");
    assert_eq!((peers.len(), greeting.peer), (1, Some(peers[0].id())));
    let server = greeting.server.unwrap();
    assert!(server.len() == 16 && server.bytes().all(|b| b.is_ascii_hexdigit()), "{server}");
    assert_eq!(greeting.features, ["streams".into(), "topics".into(), "identities".into()]);
    assert_eq!(pair.server.emit_to_identity("alice", "you", "there").unwrap().sent, 1);
    assert_eq!(soon(told.recv()).await.unwrap().as_deref(), Some("there"));
    assert_eq!(soon(pair.server.send_to_identity("bob", "you", "there")).await.unwrap().sent, 0);
    soon(pair.client.close()).await;
    assert_eq!(pair.client.greeting(), None);
}

async fn hello_is_said_again_before_what_waits() {
    let hello = Hello::new("alice").token("s3cret");
    let (client, mut peer, mut listener) =
        raw_server(&transport(), |client| client.hello(Some(hello))).await;
    let notes = life(&client);
    let mut numbers = Vec::new();
    for round in 0..3 {
        assert_eq!(peer.hear().await, "call $hello -");
        assert_eq!(peer.left, Some(Duration::from_secs(2)));
        assert_eq!(peer.value.get("v").and_then(Value::as_u64), Some(1));
        assert_eq!(peer.value.get("name").and_then(Value::as_text), Some("alice"));
        assert_eq!(peer.value.get("token").and_then(Value::as_text), Some("s3cret"));
        assert_eq!(peer.value.get("features").map(|list| list.as_list().len()), Some(1));
        if round > 0 {
            assert_eq!(peer.hear().await, format!("event waits {}", round - 1));
        }
        numbers.push(peer.number);
        // One is answered, one is not, one is lost.
        if round == 0 {
            peer.answer(peer.number, greeting()).await;
            notes.until("greeted").await;
            let server = client.greeting().unwrap().server;
            assert_eq!(server.as_deref(), Some("00ff00ff00ff00ff"));
        }
        drop(peer);
        notes.until_len(round + 2).await;
        assert_eq!(client.greeting(), None);
        client.emit("waits", &round).unwrap();
        peer = RawPeer::accept(&mut listener).await;
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 3, "an answer to an earlier one would fit");
    assert_eq!(peer.hear().await, "call $hello -");
    // An answer to the lost one is none to this one.
    peer.answer(numbers[1], greeting()).await;
    peer.event("after", 1).await;
    soon(client.close()).await;
    let lines = notes.lines();
    assert_eq!(lines.iter().filter(|line| *line == "greeted").count(), 1, "{lines:?}");
}

async fn a_server_that_answers_that_it_does_not_know_it_is_plain() {
    for kind in 0..3 {
        for insists in [false, true] {
            let settings = if insists { insisting } else { alice };
            let (client, mut peer, _listener) = raw_server(&transport(), settings).await;
            let notes = life(&client);
            assert_eq!(peer.hear().await, "call $hello -");
            match kind {
                0 => peer.fail(peer.number, "unknown_method").await,
                // Five lines of JavaScript.
                1 => peer.fail(peer.number, "error").await,
                _ => peer.answer(peer.number, 7).await,
            }
            if insists {
                soon(client.closed()).await;
                let ends = ["error plain_peer", "disconnect plain_peer", "destroy"];
                assert_eq!(notes.lines(), ends);
                match soon(client.connected()).await {
                    Err(ConnectError::Failed(error)) => {
                        assert!(matches!(&*error, Error::PlainPeer), "{error:?}");
                    }
                    other => panic!("{other:?}"),
                }
            } else {
                client.emit("goes", &"on").unwrap();
                assert_eq!(peer.hear().await, "event goes on");
                assert_eq!((client.greeting(), notes.lines()), (None, Vec::new()));
            }
        }
    }
}

async fn a_server_that_refuses_the_hello_is_reported() {
    // It knows what it refuses, so it is no plain peer.
    let (client, mut peer, _listener) = raw_server(&transport(), insisting).await;
    let notes = Notes::of_client(&client);
    assert_eq!(peer.hear().await, "call $hello -");
    peer.fail(peer.number, "identity_in_use").await;
    notes.until_len(1).await;
    let line = "the server does not accept who the client says it is: as the test wants it \
                (identity_in_use)";
    assert!(notes.lines()[0].starts_with(line), "{:?}", notes.lines());
    client.emit("goes", &"on").unwrap();
    assert_eq!(peer.hear().await, "event goes on");
}

async fn with_one_in_flight_the_answer_releases_nothing() {
    let sync = |client| alice(client).in_flight(InFlight::One);
    let (client, mut peer, _listener) = raw_server(&transport(), sync).await;
    let notes = life(&client);
    client.emit("first", &1).unwrap();
    client.emit("second", &2).unwrap();
    assert_eq!(peer.hear().await, "call $hello -");
    assert_eq!(peer.hear().await, "event first 1");
    peer.answer(peer.number, greeting()).await;
    notes.until("greeted").await;
    assert_eq!(client.tally().written, 1);
    peer.event("next", 1).await;
    assert_eq!(peer.hear().await, "event second 2");
}

async fn over_a_narrow_wire_the_hello_is_whole() {
    let (client, mut peer, _listener) = raw_server(&narrow(7), alice).await;
    let notes = life(&client);
    client.emit("after", &"it").unwrap();
    assert_eq!(peer.hear().await, "call $hello -");
    assert_eq!(peer.hear().await, "event after it");
    peer.answer(peer.number, greeting()).await;
    notes.until("greeted").await;
}

async fn a_client_that_insists_sends_nothing_before_the_answer() {
    for answers in [true, false] {
        let (client, mut peer, mut listener) = raw_server(&transport(), insisting).await;
        let notes = life(&client);
        for n in 0..3 {
            client.emit("waits", &n).unwrap();
        }
        assert_eq!(peer.hear().await, "call $hello -");
        peer.event("hi", 1).await;
        assert!(peer.is_silent().await);
        assert_eq!(client.tally().written, 0);
        // What it is to a lost connection, it is to the next.
        drop(peer);
        let mut peer = RawPeer::accept(&mut listener).await;
        assert_eq!(peer.hear().await, "call $hello -");
        assert!(peer.is_silent().await);
        if answers {
            peer.answer(peer.number, greeting()).await;
            for n in 0..3 {
                assert_eq!(peer.hear().await, format!("event waits {n}"));
            }
            assert_eq!(soon(client.close()).await.undelivered.len(), 0);
        } else {
            peer.fail(peer.number, "unknown_method").await;
            soon(client.closed()).await;
            notes.until("error plain_peer").await;
            assert_eq!(peer.hear().await, "end");
            assert_eq!(client.peer().take_undelivered().len(), 3);
        }
    }
}

async fn without_calls_no_hello_is_said() {
    let ordinary = ipc_core::CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| alice(client).calls(ordinary)).await;
    client.emit("first", &1).unwrap();
    assert_eq!(peer.hear().await, "event first 1");
    // And a client that insists on it ends.
    let transport = transport();
    let _listener = transport.listen().await.unwrap();
    let client = insisting(crate::rig::client(&transport)).calls(ordinary).build();
    let notes = life(&client);
    soon(client.closed()).await;
    notes.until("error plain_peer").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_plain_after_two_seconds() {
    for insists in [false, true] {
        let settings = if insists { insisting } else { alice };
        let (client, mut peer, _listener) = raw_server(&transport(), settings).await;
        let notes = life(&client);
        assert_eq!(peer.hear().await, "call $hello -");
        let (number, start) = (peer.number, tokio::time::Instant::now());
        if insists {
            soon(client.closed()).await;
            assert_eq!(start.elapsed().as_secs(), 2);
            assert_eq!(notes.lines(), ["error plain_peer", "disconnect plain_peer", "destroy"]);
        } else {
            tokio::time::sleep(Duration::from_secs(5)).await;
            client.emit("goes", &"on").unwrap();
            assert_eq!(peer.hear().await, "event goes on");
            // One that comes late still is the answer.
            peer.answer(number, greeting()).await;
            notes.until("greeted").await;
            assert!(client.greeting().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_reads_nothing_is_left() {
    let transport = narrow(7);
    let mut listener = transport.listen().await.unwrap();
    let client = alice(client(&transport)).build();
    let notes = life(&client);
    client.start().unwrap();
    let peer = RawPeer::accept(&mut listener).await;
    let start = tokio::time::Instant::now();
    notes.until("disconnect connection_lost").await;
    // The time that connecting may take.
    assert_eq!(start.elapsed().as_secs(), 30);
    drop(peer);
    // Nor does a client wait for it that is to end.
    let _peer = RawPeer::accept(&mut listener).await;
    let start = tokio::time::Instant::now();
    soon(client.disconnect()).await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let lost = ["error connection_lost", "disconnect connection_lost"];
    assert_eq!(notes.lines()[..2], lost);
    assert_eq!(notes.lines()[2..], ["disconnect closed_by_this_side", "destroy"]);
}
