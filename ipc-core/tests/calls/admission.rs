//! Peers that show a token before anything else of them is handled.

use std::future::ready;

use ipc_core::protocol::builtin::Value;
use ipc_core::{
    Hello, Identity, MsgPack, Proof, Refusal, Server, ServerBuilder, ServerEvent, Tokens,
};
use ipc_transport::{MemoryTransport, Transport};

use crate::greetings::life;
use crate::raw::RawPeer;
use crate::rig::{Notes, client, raw_client, soon, transport};

both_runtimes!(
    a_right_token_lets_in_and_a_wrong_one_does_not,
    nothing_of_a_peer_is_handled_before_it_is_let_in,
    what_was_sent_before_the_hello_is_handled_after_it,
    a_hello_that_cannot_be_read_may_be_said_again,
    a_peer_says_hello_once,
    a_client_that_is_refused_ends_and_one_that_may_comes_back,
    a_check_that_panics_refuses,
);

pub(crate) fn table(server: ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack> {
    server.tokens(tokens())
}

pub(crate) fn tokens() -> Tokens {
    Tokens::new([("alice", "s3cret"), ("bob", "hunter2")]).unwrap()
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
pub(crate) async fn hears_no(peer: &mut RawPeer, code: &str, may_come_back: bool) {
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
        async move { decided.await.map_err(|_| Refusal::undecided("not decided")) }
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
    notes.until_len(6).await;
    assert_eq!(notes.lines()[5], "refused denied: the token is not in the table");
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
