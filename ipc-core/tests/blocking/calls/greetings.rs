//! `$hello` on the side of the client: when it is said, and what follows from the answer.

use std::thread;
use std::time::Duration;

use ipc_core::blocking::{Client, ClientBuilder, Incoming};
use ipc_core::protocol::builtin::Value;
use ipc_core::session::State;
use ipc_core::{
    CallOptions, ClientEvent, ConnectError, DisconnectReason, Error, Hello, InFlight, MsgPack,
    OnPlainPeer, ReservedEvents,
};
use tokio::time::Instant;

use super::rig::{DEADLINE, MOMENT, Sockets, both_sockets, heard};
use super::wire::{Listening, connect};

both_sockets!(
    a_client_and_its_async_server_know_each_other,
    a_client_and_its_blocking_server_know_each_other,
    hello_is_said_again_before_what_waits,
    a_server_that_answers_that_it_does_not_know_it_is_plain,
    a_server_that_does_not_answer_in_time_is_plain,
    a_server_that_refuses_the_hello_is_reported,
    with_one_in_flight_the_answer_releases_nothing,
    without_calls_no_hello_is_said,
    a_client_that_insists_sends_nothing_before_the_answer,
);

fn alice(client: ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack> {
    client.hello(Some(Hello::new("alice")))
}

fn insisting(client: ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack> {
    let hello = Hello::new("alice").timeout(DEADLINE);
    client.hello(Some(hello.on_plain_peer(OnPlainPeer::Refuse)))
}

/// What a server of this library answers.
fn greeting() -> Value {
    Value::map([("v", 1.into()), ("peer", 7.into()), ("server", "00ff00ff00ff00ff".into())])
}

fn a_client_and_its_async_server_know_each_other(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on("who", |(): (), peer| {
        let name = peer.identity().map(|identity| identity.name.to_string());
        peer.emit("you", &name).unwrap();
    });
    let mut client = server.builder().hello(Some(Hello::new("alice"))).build();
    // Queued before there is a connection.
    client.emit("who", &()).unwrap();
    assert_eq!(heard(&mut client), "connect");
    assert_eq!(client.greeting(), None);
    assert_eq!(heard(&mut client), "greeted");
    assert_eq!(heard(&mut client), r#"you [165, 97, 108, 105, 99, 101]"#);
    let greeting = client.greeting().unwrap();
    let peers = server.server.identity("alice");
    assert_eq!((peers.len(), greeting.peer), (1, Some(peers[0].id())));
    assert_eq!(greeting.features, ["streams".into(), "topics".into(), "identities".into()]);
    server.server.emit_to_identity("alice", "you", "there").unwrap();
    assert_eq!(heard(&mut client), r#"you [165, 116, 104, 101, 114, 101]"#);
    client.close();
    assert_eq!(client.greeting(), None);
}

fn a_client_and_its_blocking_server_know_each_other(sockets: &Sockets) {
    let mut server = sockets.accept();
    let transport = server.endpoint().transport().unwrap();
    let builder = Client::builder(MsgPack::new(), transport).unwrap();
    let mut client = builder.hello(Some(Hello::new("alice"))).build();
    let serving = thread::spawn(move || {
        let mut connection = server.accept().unwrap();
        assert!((connection.identity(), connection.id().get()) == (None, 1));
        assert_eq!(heard(&mut connection), "who [192]");
        let identity = connection.identity().unwrap().clone();
        connection.emit("you", &*identity.name).unwrap();
        assert_eq!(heard(&mut connection), "disconnect");
        assert_eq!(*connection.identity().unwrap().name, *"alice");
    });
    client.emit("who", &()).unwrap();
    for expected in ["connect", "greeted", "you [165, 97, 108, 105, 99, 101]"] {
        assert_eq!(heard(&mut client), expected);
    }
    let greeting = client.greeting().unwrap();
    let server = greeting.server.as_deref().unwrap();
    assert!(server.len() == 16 && server.bytes().all(|b| b.is_ascii_hexdigit()), "{server}");
    assert_eq!(greeting.peer.map(ipc_core::PeerId::get), Some(1));
    assert_eq!(greeting.features, ["identities".into()]);
    client.close();
    serving.join().unwrap();
}

fn hello_is_said_again_before_what_waits(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let hello = Hello::new("alice").token("s3cret");
    let (mut client, mut peer) = connect(&listening, |client| client.hello(Some(hello)));
    let mut numbers = Vec::new();
    for round in 0..3_u64 {
        // Before the client waits for anything.
        assert_eq!(peer.hear(), "call $hello");
        assert_eq!(peer.left, Some(Duration::from_secs(2)));
        assert_eq!(peer.value.get("v").and_then(Value::as_u64), Some(1));
        assert_eq!((peer.said("name"), peer.said("token")), (Some("alice"), Some("s3cret")));
        numbers.push(peer.number);
        // One is answered, one is not, one is lost.
        if round == 0 {
            peer.answer(peer.number, &greeting());
            assert_eq!(heard(&mut client), "greeted");
            let server = client.greeting().unwrap().server.as_deref();
            assert_eq!(server, Some("00ff00ff00ff00ff"));
        } else {
            assert!(client.flush());
            assert_eq!(peer.hear(), format!("event waits {}", round - 1));
        }
        drop(peer);
        assert_eq!(heard(&mut client), "disconnect");
        assert_eq!(client.greeting(), None);
        client.emit("waits", &round).unwrap();
        assert_eq!(heard(&mut client), "connect");
        peer = listening.accept();
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 3, "an answer to an earlier one would fit");
    assert_eq!(peer.hear(), "call $hello");
    // An answer to the lost one is none to this one.
    peer.answer(numbers[1], &greeting());
    peer.event("after", 1);
    assert_eq!(heard(&mut client), "after [1]");
}

fn a_server_that_answers_that_it_does_not_know_it_is_plain(sockets: &Sockets) {
    for kind in 0..3 {
        for insists in [false, true] {
            let sockets = sockets.another();
            let listening = Listening::at(&sockets);
            let settings = if insists { insisting } else { alice };
            let (mut client, mut peer) = connect(&listening, settings);
            assert_eq!(peer.hear(), "call $hello");
            match kind {
                0 => peer.fail(peer.number, "unknown_method"),
                // Five lines of JavaScript.
                1 => peer.fail(peer.number, "error"),
                _ => peer.answer(peer.number, &7.into()),
            }
            if insists {
                ends_as_plain(&mut client);
            } else {
                client.emit("goes on", &1).unwrap();
                assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
                assert_eq!(peer.hear(), "event goes on 1");
                assert_eq!(client.greeting(), None);
            }
        }
    }
}

#[track_caller]
fn ends_as_plain(client: &mut Client<MsgPack>) {
    assert_eq!(heard(client), "error plain_peer");
    match client.next_timeout(DEADLINE).unwrap() {
        Incoming::Lifecycle(ClientEvent::Disconnect(DisconnectReason::Error(error))) => {
            assert!(matches!(*error, Error::PlainPeer), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(heard(client), "destroy");
    assert_eq!(client.state(), State::Destroyed);
    match client.connected() {
        Err(ConnectError::Failed(error)) => assert_eq!(error.code(), "plain_peer"),
        other => panic!("{other:?}"),
    }
}

fn a_server_that_does_not_answer_in_time_is_plain(sockets: &Sockets) {
    for insists in [false, true] {
        let sockets = sockets.another();
        let listening = Listening::at(&sockets);
        let policy = if insists { OnPlainPeer::Refuse } else { OnPlainPeer::Ignore };
        let hello = Hello::new("alice").timeout(MOMENT).on_plain_peer(policy);
        let began = Instant::now();
        let (mut client, mut peer) = connect(&listening, |client| client.hello(Some(hello)));
        assert_eq!(peer.hear(), "call $hello");
        assert_eq!(peer.left, Some(MOMENT));
        if insists {
            ends_as_plain(&mut client);
            assert!(began.elapsed() >= MOMENT, "{:?}", began.elapsed());
        } else {
            assert_eq!(client.next_timeout(2 * MOMENT).unwrap_err().code(), "receive_timeout");
            client.emit("goes on", &1).unwrap();
            assert_eq!(peer.hear(), "event goes on 1");
            // One that comes late still is the answer.
            peer.answer(peer.number, &greeting());
            assert_eq!(heard(&mut client), "greeted");
            assert!(client.greeting().is_some());
        }
    }
}

fn a_client_that_insists_sends_nothing_before_the_answer(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, mut peer) = connect(&listening, insisting);
    for n in 0..3 {
        client.emit("waits", &n).unwrap();
    }
    assert_eq!(peer.hear(), "call $hello");
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert!(peer.is_silent());
    assert_eq!(client.tally().written, 0);
    peer.answer(peer.number, &greeting());
    assert_eq!(heard(&mut client), "greeted");
    for n in 0..3 {
        assert_eq!(peer.hear(), format!("event waits {n}"));
    }
    // Whoever closes waits for the answer, and what a plain server was not sent is handed back.
    drop(peer);
    assert_eq!(heard(&mut client), "disconnect");
    client.emit("kept", &1).unwrap();
    assert_eq!(heard(&mut client), "connect");
    let mut peer = listening.accept();
    assert_eq!(peer.hear(), "call $hello");
    peer.fail(peer.number, "unknown_method");
    let report = client.close();
    assert_eq!(report.undelivered.len(), 1);
    assert_eq!(peer.hear(), "end");
}

fn a_server_that_refuses_the_hello_is_reported(sockets: &Sockets) {
    // It knows what it refuses, so it is no plain peer.
    let listening = Listening::at(sockets);
    let (mut client, mut peer) = connect(&listening, insisting);
    assert_eq!(peer.hear(), "call $hello");
    peer.fail(peer.number, "identity_in_use");
    match client.next_timeout(DEADLINE).unwrap() {
        Incoming::Lifecycle(ClientEvent::Error(error)) => {
            assert!(matches!(&*error, Error::HelloRefused(why) if why.code() == "identity_in_use"));
        }
        other => panic!("{other:?}"),
    }
    client.emit("goes on", &1).unwrap();
    assert_eq!(peer.hear(), "event goes on 1");
}

fn with_one_in_flight_the_answer_releases_nothing(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let (mut client, mut peer) =
        connect(&listening, |client| alice(client).in_flight(InFlight::One));
    client.emit("first", &1).unwrap();
    client.emit("second", &2).unwrap();
    assert_eq!(peer.hear(), "call $hello");
    assert_eq!(peer.hear(), "event first 1");
    peer.answer(peer.number, &greeting());
    assert_eq!(heard(&mut client), "greeted");
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert!(peer.is_silent());
    assert_eq!(client.tally().written, 1);
    peer.event("next", 1);
    assert_eq!(heard(&mut client), "next [1]");
    assert_eq!(client.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert_eq!(peer.hear(), "event second 2");
}

fn without_calls_no_hello_is_said(sockets: &Sockets) {
    let ordinary = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let listening = Listening::at(sockets);
    let (mut client, mut peer) = connect(&listening, |client| alice(client).calls(ordinary));
    client.emit("first", &1).unwrap();
    assert_eq!(peer.hear(), "event first 1");
    // And a client that insists on it ends.
    let (mut client, _peer) = connect(&listening, |client| insisting(client).calls(ordinary));
    ends_as_plain(&mut client);
}
