//! Peers that show a token before anything else of them is handled.

use std::future::{pending, ready};
use std::time::Duration;

use ipc_core::protocol::builtin::Value;
use ipc_core::{
    Allow, Bye, Hello, Identity, MsgPack, PlainPeers, Proof, Refusal, SameIdentity, Server,
    ServerBuilder, ServerEvent, Tokens,
};
use ipc_transport::{MemoryTransport, Transport, UdpTransport};

use crate::greetings::life;
use crate::raw::RawPeer;
use crate::rig::{Notes, client, raw_client, soon, transport};

both_runtimes!(
    a_right_token_lets_in_and_a_wrong_one_does_not,
    nothing_of_a_peer_is_handled_before_it_is_let_in,
    what_was_sent_before_the_hello_is_handled_after_it,
    a_hello_that_cannot_be_read_may_be_said_again,
    a_peer_says_hello_once,
    a_token_that_is_shown_twice_is_as_the_rule_for_identities_says,
    a_client_that_is_refused_ends_and_one_that_may_comes_back,
    a_check_that_panics_refuses,
    a_peer_may_be_kicked_at_once_and_kept_away,
    a_plain_peer_may_be_let_in_without_an_identity,
    what_a_peer_may_do_can_depend_on_who_it_is,
    there_has_to_be_a_place_at_the_end_too,
    who_is_refused_by_access_is_not_asked_for_a_token,
    a_server_that_no_peer_can_show_a_token_to_does_not_listen,
);

pub(crate) fn table(server: ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack> {
    server.tokens(Tokens::new([("alice", "s3cret"), ("bob", "hunter2")]).unwrap())
}

pub(crate) fn showing(name: &str, token: &str) -> Value {
    Value::map([("v", 1.into()), ("name", name.into()), ("token", token.into())])
}

/// Dials, says hello and sends an event.
pub(crate) async fn show(transport: &impl Transport, name: &str, token: &str) -> RawPeer {
    let mut peer = RawPeer::dial(transport).await;
    peer.call(1, "$hello", showing(name, token)).await;
    peer.event("say", name).await;
    peer
}

/// Returns notes of who comes, goes, says something and is refused.
pub(crate) fn visits(server: &Server<MsgPack>) -> Notes {
    let notes = Notes::new();
    let other = notes.clone();
    server.on_lifecycle(move |event| match event {
        ServerEvent::Connect(peer) => other.note(format!("connect {}", peer.id())),
        ServerEvent::Disconnect { peer, .. } => other.note(format!("disconnect {}", peer.id())),
        ServerEvent::Identified { peer, identity } => {
            let Identity { name, proof, .. } = &**identity;
            assert_eq!(peer.identity().as_deref(), Some(&**identity));
            other.note(format!("{} is {name} by {proof:?}", peer.id()));
        }
        ServerEvent::Refused { why, .. } => other.note(format!("refused {}: {why}", why.code())),
        _ => {}
    });
    let other = notes.clone();
    server.on("say", move |text: String, peer| other.note(format!("{} says {text}", peer.id())));
    notes
}

/// Hears that it is refused, and nothing else.
async fn hears_no(peer: &mut RawPeer, code: &str, may_come_back: bool) {
    assert_eq!(peer.hear().await, format!("failure 1 {code}"));
    assert_eq!(peer.hear().await, "notice $bye -");
    assert_eq!(peer.value.get("code").and_then(Value::as_text), Some(code));
    assert_eq!(peer.value.get("reconnect").and_then(Value::as_bool), Some(may_come_back));
    let message = peer.value.get("message").and_then(Value::as_text).unwrap();
    assert!(!message.contains("token") && !message.contains("secret"), "{message}");
    assert_eq!(peer.hear().await, "end");
}

async fn a_right_token_lets_in_and_a_wrong_one_does_not() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut alice = show(&transport, "alice", "s3cret").await;
    assert_eq!(alice.hear().await, "answer 1 -");
    assert_eq!(alice.value.get("peer").and_then(Value::as_u64), Some(1));
    notes.until("1 says alice").await;
    for (name, token) in [("alice", "s3creT"), ("alice", ""), ("bob", "s3cret"), ("eve", "x")] {
        hears_no(&mut show(&transport, name, token).await, "denied", false).await;
    }
    let mut silent = RawPeer::dial(&transport).await;
    silent.call(1, "$hello", Value::map([("v", 1.into()), ("name", "bob".into())])).await;
    hears_no(&mut silent, "denied", false).await;
    let mut bob = show(&transport, "bob", "hunter2").await;
    assert_eq!(bob.hear().await, "answer 1 -");
    notes.until("2 says bob").await;
    let wrong = "refused denied: the token is not in the table";
    assert_eq!(
        notes.lines(),
        [
            "connect 1",
            "1 is alice by Token",
            "1 says alice",
            wrong,
            wrong,
            "refused denied: the token is another's",
            wrong,
            "refused denied: it shows no token",
            "connect 2",
            "2 is bob by Token",
            "2 says bob",
        ]
    );
    let alice = &server.identity("alice")[0];
    assert_eq!(alice.proven_identity().unwrap().proof, Proof::Token);
    // Without a check a name proves nothing.
    let (server, mut peer, _) = raw_client(|server| server).await;
    peer.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(server.identity("alice")[0].proven_identity(), None);
}

async fn nothing_of_a_peer_is_handled_before_it_is_let_in() {
    let transport = transport();
    let asked = Notes::new();
    let (other, (decide, decided)) = (asked.clone(), tokio::sync::oneshot::channel());
    let decided = std::sync::Mutex::new(Some(decided));
    let server = Server::builder(MsgPack::new(), transport.clone()).token(move |claim, info| {
        other.note(format!("asked about {:?} at {}", claim.name, info.endpoint));
        let decided = decided.lock().unwrap().take().unwrap();
        async move { decided.await.map_err(|_| Refusal::undecided("nobody decided")) }
    });
    let server = server.build();
    let notes = visits(&server);
    let calls = notes.clone();
    server.on_call("sum", move |n: u64, _| {
        calls.note("called");
        ready(Ok::<_, ipc_core::Failure>(n))
    });
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    peer.call(1, "$sub", Value::list(["news.*"])).await;
    peer.call(2, "sum", 3).await;
    peer.call(3, "$hello", showing("alice", "s3cret")).await;
    peer.call(4, "sum", 5).await;
    asked.until_len(1).await;
    assert_eq!(asked.lines(), [format!("asked about Some(\"alice\") at {}", transport.endpoint())]);
    // It is nowhere yet, and hears nothing.
    assert_eq!((server.peers().len(), server.identity("alice").len()), (0, 0));
    assert_eq!(server.broadcast("all", &1).unwrap().sent, 0);
    assert_eq!(server.publish("news.today", &1).unwrap().sent, 0);
    assert_eq!(notes.lines(), [""; 0]);
    let _ = decide.send(Identity::by_token("alice the first"));
    assert_eq!(peer.hear().await, "answer 3 -");
    for answer in ["answer 1 -", "answer 2 3", "answer 4 5"] {
        assert_eq!(peer.hear().await, answer);
    }
    let lines = ["connect 1", "1 is alice the first by Token", "called", "called"];
    assert_eq!(notes.lines(), lines);
    assert_eq!(server.publish("news.today", &1).unwrap().sent, 1);
    assert_eq!(server.identity("alice the first").len(), 1);
}

async fn what_was_sent_before_the_hello_is_handled_after_it() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    for text in ["one", "two"] {
        peer.event("say", text).await;
    }
    peer.call(7, "$hello", showing("bob", "hunter2")).await;
    peer.event("say", "three").await;
    notes.until("1 says three").await;
    let lines = ["connect 1", "1 is bob by Token", "1 says one", "1 says two", "1 says three"];
    assert_eq!(notes.lines(), lines);
    // Nothing of one that is refused is handled.
    let mut peer = RawPeer::dial(&transport).await;
    peer.event("say", "four").await;
    peer.call(1, "$hello", showing("bob", "wrong")).await;
    peer.event("say", "five").await;
    hears_no(&mut peer, "denied", false).await;
    assert_eq!(notes.lines().len(), 6, "{:?}", notes.lines());
}

async fn a_hello_that_cannot_be_read_may_be_said_again() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    for (args, code) in [
        (Value::Null, "invalid_args"),
        (Value::map([("v", 2.into())]), "unsupported_version"),
        (Value::map([("v", 1.into()), ("token", 7.into())]), "invalid_args"),
    ] {
        peer.call(1, "$hello", args).await;
        assert_eq!(peer.hear().await, format!("failure 1 {code}"));
    }
    // One that is not to be answered is heard, too.
    let hello = showing("bob", "hunter2");
    peer.send(|out| {
        use ipc_core::protocol::calls::{CallHead, EncodeCall};
        let head = CallHead { number: None, method: "$hello", left: None, credit: None };
        crate::frames::FORMAT.encode_call(&head, &hello, out).unwrap();
    })
    .await;
    peer.event("say", "hi").await;
    notes.until("1 says hi").await;
    assert_eq!(notes.lines(), ["connect 1", "1 is bob by Token", "1 says hi"]);
}

async fn a_peer_says_hello_once() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    peer.call(1, "$hello", showing("bob", "hunter2")).await;
    // One of them comes before the answer.
    peer.call(2, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(peer.hear().await, "failure 2 repeated_hello");
    peer.call(3, "$hello", showing("alice", "wrong")).await;
    assert_eq!(peer.hear().await, "failure 3 repeated_hello");
    assert_eq!((server.identity("alice").len(), server.identity("bob").len()), (0, 1));
}

async fn a_token_that_is_shown_twice_is_as_the_rule_for_identities_says() {
    for rule in [SameIdentity::Allow, SameIdentity::RefuseNew, SameIdentity::ReplaceOld] {
        let transport = transport();
        let server = table(Server::builder(MsgPack::new(), transport.clone())).same_identity(rule);
        let server = server.build();
        let notes = visits(&server);
        server.listen().await.unwrap();
        let mut first = show(&transport, "alice", "s3cret").await;
        assert_eq!(first.hear().await, "answer 1 -");
        notes.until("1 says alice").await;
        let mut second = show(&transport, "alice", "s3cret").await;
        if rule == SameIdentity::RefuseNew {
            hears_no(&mut second, "identity_in_use", true).await;
            notes.until("refused identity_in_use: another connection is \"alice\"").await;
            assert_eq!(server.identity("alice")[0].id().get(), 1);
            continue;
        }
        assert_eq!(second.hear().await, "answer 1 -");
        notes.until("2 says alice").await;
        if rule == SameIdentity::ReplaceOld {
            assert_eq!(first.hear().await, "notice $bye -");
            assert_eq!(first.hear().await, "end");
        }
        let expected = if rule == SameIdentity::Allow { 2 } else { 1 };
        assert_eq!(server.identity("alice").len(), expected, "{rule:?}");
    }
}

async fn a_client_that_is_refused_ends_and_one_that_may_comes_back() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    server.listen().await.unwrap();
    let refused = client(&transport).hello(Some(Hello::new("alice").token("wrong"))).build();
    let notes = life(&refused);
    refused.start().unwrap();
    soon(refused.closed()).await;
    notes.until("destroy").await;
    let lines = ["error hello_refused", "dismissed denied", "disconnect closed_by_peer", "destroy"];
    assert_eq!(notes.lines(), lines);
    drop(server);
    // A check that cannot decide now may later.
    let (server, asked) = undecided_at_first();
    server.listen().await.unwrap();
    let patient = client(&server.1).hello(Some(Hello::new("alice").token("s3cret"))).build();
    let notes = life(&patient);
    patient.start().unwrap();
    notes.until("greeted").await;
    let lines = ["error hello_refused", "dismissed denied", "disconnect closed_by_peer", "greeted"];
    assert_eq!(notes.lines(), lines);
    assert_eq!(asked.lines().len(), 2);
    soon(patient.close()).await;
}

/// A server and the way to it.
struct Way(Server<MsgPack>, MemoryTransport);

impl std::ops::Deref for Way {
    type Target = Server<MsgPack>;

    fn deref(&self) -> &Server<MsgPack> {
        &self.0
    }
}

/// Returns a server whose check cannot decide about the first.
fn undecided_at_first() -> (Way, Notes) {
    let (transport, asked) = (transport(), Notes::new());
    let other = asked.clone();
    let server = Server::builder(MsgPack::new(), transport.clone()).token(move |claim, _| {
        other.note("asked");
        ready(match other.lines().len() {
            1 => Err(Refusal::undecided("the database is away")),
            _ => Ok(Identity::by_token(claim.name.unwrap())),
        })
    });
    (Way(server.build(), transport), asked)
}

async fn a_check_that_panics_refuses() {
    for at_once in [true, false] {
        let transport = transport();
        let server = Server::builder(MsgPack::new(), transport.clone()).token(move |claim, _| {
            let panics = &*claim.name.unwrap() == "eve";
            assert!(!(panics && at_once), "a check panics");
            async move {
                tokio::task::yield_now().await;
                assert!(!panics, "a check panics later");
                Ok(Identity::by_token("anybody"))
            }
        });
        let server = server.build();
        let notes = visits(&server);
        server.listen().await.unwrap();
        hears_no(&mut show(&transport, "eve", "x").await, "denied", true).await;
        let _peer = show(&transport, "bob", "x").await;
        notes.until("1 says bob").await;
        let line =
            "refused undecided: it could not be decided about: the check of the token panicked";
        assert_eq!(notes.lines()[0], line);
    }
}

async fn a_peer_may_be_kicked_at_once_and_kept_away() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.on_lifecycle(|event| {
        if let ServerEvent::Connect(peer) = event {
            // Who it is is known already.
            assert_eq!(&*peer.identity().unwrap().name, "alice");
            peer.kick(Bye::new("limit", "not today").refuse_for(Duration::from_secs(3600)));
        }
    });
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    peer.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(peer.hear().await, "notice $bye -");
    assert_eq!(peer.hear().await, "end");
    notes.until("disconnect 1").await;
    let mut again = RawPeer::dial(&transport).await;
    again.call(1, "$hello", showing("alice", "s3cret")).await;
    hears_no(&mut again, "refused", false).await;
    notes.until_len(4).await;
    let lines = notes.lines();
    assert_eq!(lines[..3], ["connect 1", "1 is alice by Token", "disconnect 1"]);
    assert!(lines[3].starts_with("refused refused: \"alice\" is refused for another"), "{lines:?}");
}

async fn a_plain_peer_may_be_let_in_without_an_identity() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone()));
    let server = server.plain_peers(PlainPeers::Admit).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "hi").await;
    notes.until("1 says hi").await;
    // It cannot become somebody later.
    plain.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(plain.hear().await, "failure 1 denied");
    assert_eq!((server.peers()[0].identity(), server.identity("alice").len()), (None, 0));
    // Who says hello is held to it all the same.
    hears_no(&mut show(&transport, "alice", "wrong").await, "denied", false).await;
    let _alice = show(&transport, "alice", "s3cret").await;
    notes.until("2 says alice").await;
    assert_eq!(notes.lines()[..2], ["connect 1", "1 says hi"]);
    // One that sends more than a hello may have before there is a whole frame is plain, too.
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "x".repeat(100_000)).await;
    notes.until("connect 3").await;
}

async fn what_a_peer_may_do_can_depend_on_who_it_is() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone()));
    let server = server.plain_peers(PlainPeers::Admit).build();
    server.allow_by(|peer| match peer.proven_identity() {
        Some(identity) if &*identity.name == "alice" => Allow::new(),
        Some(_) => Allow::new().events(["say"]).unwrap(),
        None => Allow::nothing(),
    });
    let notes = visits(&server);
    let other = notes.clone();
    server.on("stop", move |(): (), peer| other.note(format!("{} stops it", peer.id())));
    server.listen().await.unwrap();
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "hi").await;
    notes.until("connect 1").await;
    let mut bob = show(&transport, "bob", "hunter2").await;
    bob.event("stop", ()).await;
    notes.until("2 says bob").await;
    let mut alice = show(&transport, "alice", "s3cret").await;
    alice.event("stop", ()).await;
    notes.until("3 stops it").await;
    let lines = notes.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("1 says") || line == "2 stops it"),
        "{lines:?}"
    );
}

async fn there_has_to_be_a_place_at_the_end_too() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).max_connections(1);
    let server = server.build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    // Both are there before one of them is let in.
    let mut first = RawPeer::dial(&transport).await;
    let mut second = RawPeer::dial(&transport).await;
    for peer in [&mut first, &mut second] {
        peer.event("say", "waiting").await;
    }
    first.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(first.hear().await, "answer 1 -");
    second.call(1, "$hello", showing("bob", "hunter2")).await;
    hears_no(&mut second, "denied", true).await;
    notes.until("refused too_many_peers: as many peers are connected as may be: 1").await;
    // It has left no trace of its name.
    assert_eq!((server.peers().len(), server.identity("bob").len()), (1, 0));
    drop(first);
    notes.until("disconnect 1").await;
    let mut third = show(&transport, "bob", "hunter2").await;
    assert_eq!(third.hear().await, "answer 1 -");
}

async fn who_is_refused_by_access_is_not_asked_for_a_token() {
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone())
        .access(ipc_core::Access::check(|_| Err("not today".into())))
        .token(|_, _| -> std::future::Pending<Result<Identity, Refusal>> { panic!("it is asked") })
        .build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    assert_eq!(peer.hear().await, "end");
    notes.until("refused denied: not today").await;
}

async fn a_server_that_no_peer_can_show_a_token_to_does_not_listen() {
    let udp = UdpTransport::udp4("127.0.0.1", 0);
    let server = Server::builder(MsgPack::new(), udp).token(|_, _| pending()).build();
    let error = server.listen().await.unwrap_err();
    assert_eq!(error.code(), "tokens_unsupported");
    let words = "no peer can show its token: datagrams have no connection to say hello on";
    assert_eq!(error.to_string(), words);
    let events =
        ipc_core::CallOptions::default().reserved_events(ipc_core::ReservedEvents::Ordinary);
    let server = table(Server::builder(MsgPack::new(), transport())).calls(events).build();
    let error = server.listen().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no peer can show its token: calls are switched off, or the format has none"
    );
}
