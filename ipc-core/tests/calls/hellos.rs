//! `$hello` on the side of the server: who a peer is, and what it is answered.

use ipc_core::protocol::builtin::Value;
use ipc_core::{Hello, MsgPack, Proof, SameIdentity, Server, ServerEvent};
use ipc_transport::MemoryTransport;

use crate::raw::RawPeer;
use crate::rig::{Notes, client, pair_with, raw_client, raw_server, soon, transport};

both_runtimes!(
    each_wrong_hello_is_answered_and_the_connection_goes_on,
    a_peer_is_identified_before_its_first_event,
    several_peers_may_have_one_identity,
    a_second_peer_of_an_identity_is_refused_as_long_as_the_first_is_there,
    an_older_peer_of_an_identity_is_replaced,
    a_client_answers_no_hello,
    a_hello_without_a_name_is_answered,
);

pub(crate) fn named(name: &str) -> Value {
    Value::map([("v", 1.into()), ("name", name.into())])
}

/// Dials and says hello.
pub(crate) async fn say(transport: &MemoryTransport, name: &str) -> RawPeer {
    let mut peer = RawPeer::dial(transport).await;
    peer.call(1, "$hello", named(name)).await;
    peer
}

fn ids(server: &Server<MsgPack>, name: &str) -> Vec<u64> {
    server.identity(name).iter().map(|peer| peer.id().get()).collect()
}

async fn each_wrong_hello_is_answered_and_the_connection_goes_on() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    let errors = Notes::of_server(&server);
    let many = Value::list(vec![0; Value::MAX_VALUES]);
    for (args, code) in [
        (Value::Null, "invalid_args"),
        ("alice".into(), "invalid_args"),
        (many, "invalid_args"),
        (Value::map([("name", "alice".into())]), "invalid_args"),
        (Value::map([("v", 2.into()), ("name", "alice".into())]), "unsupported_version"),
        (named(""), "invalid_args"),
        (named(&"a".repeat(257)), "invalid_args"),
        (Value::map([("v", 1.into()), ("name", 7.into())]), "invalid_args"),
    ] {
        peer.call(1, "$hello", args).await;
        assert_eq!(peer.hear().await, format!("failure 1 {code}"));
        assert_eq!(server.peers()[0].identity(), None);
    }
    // A late one is as good as any, and there is one.
    peer.event("first", 1).await;
    peer.call(2, "$hello", named(&"ä".repeat(256))).await;
    assert_eq!(peer.hear().await, "answer 2 -");
    for name in ["alice", &"ä".repeat(256)] {
        peer.call(3, "$hello", named(name)).await;
        assert_eq!(peer.hear().await, "failure 3 repeated_hello");
    }
    assert_eq!((ids(&server, "alice"), ids(&server, &"ä".repeat(256))), (vec![], vec![1]));
    assert_eq!(errors.lines(), [""; 0]);
}

async fn a_peer_is_identified_before_its_first_event() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_lifecycle(move |event| match event {
        ServerEvent::Identified { peer, identity } => {
            assert_eq!(peer.identity().as_deref(), Some(&**identity));
            other.note(format!("{} is {} ({:?})", peer.id(), identity.name, identity.proof));
        }
        ServerEvent::Disconnect { peer, .. } => {
            other.note(format!("{} was {}", peer.id(), peer.identity().unwrap().name));
        }
        _ => {}
    });
    let other = notes.clone();
    server.on("hi", move |(): (), _| other.note("hi"));
    // In one read, perhaps.
    peer.call(1, "$hello", named("alice")).await;
    peer.event("hi", ()).await;
    notes.until("hi").await;
    let answered = peer.hear().await;
    assert_eq!(answered, "answer 1 -");
    assert_eq!(peer.value.get("peer").and_then(Value::as_u64), Some(1));
    assert_eq!(peer.value.get("v").and_then(Value::as_u64), Some(1));
    let first = peer.value.get("server").and_then(Value::as_text).unwrap().to_owned();
    drop(peer);
    notes.until("1 was alice").await;
    assert_eq!(notes.lines(), ["1 is alice (Claimed)", "hi", "1 was alice"]);
    assert_eq!(ids(&server, "alice"), [0; 0]);
    // Another server is another.
    let (_server, mut peer, _) = raw_client(|server| server).await;
    peer.call(1, "$hello", named("alice")).await;
    peer.hear().await;
    assert_ne!(peer.value.get("server").and_then(Value::as_text), Some(&*first));
}

async fn several_peers_may_have_one_identity() {
    let (server, mut first, transport) = raw_client(|server| server).await;
    first.call(1, "$hello", named("alice")).await;
    assert_eq!(first.hear().await, "answer 1 -");
    let mut second = say(&transport, "alice").await;
    let mut other = say(&transport, "bob").await;
    assert_eq!(
        (second.hear().await, other.hear().await),
        ("answer 1 -".into(), "answer 1 -".into())
    );
    assert_eq!((ids(&server, "alice"), ids(&server, "bob")), (vec![1, 2], vec![3]));
    assert_eq!(server.emit_to_identity("alice", "mail", &1).unwrap().sent, 2);
    assert_eq!(soon(server.send_to_identity("bob", "mail", &2)).await.unwrap().sent, 1);
    for (peer, event) in [(&mut first, "mail 1"), (&mut second, "mail 1"), (&mut other, "mail 2")] {
        assert_eq!(peer.hear().await, format!("event {event}"));
    }
    let peer = server.identity("bob").remove(0);
    assert_eq!(peer.identity().unwrap().proof, Proof::Claimed);
}

async fn a_second_peer_of_an_identity_is_refused_as_long_as_the_first_is_there() {
    let (server, mut first, transport) =
        raw_client(|server| server.same_identity(SameIdentity::RefuseNew)).await;
    first.call(1, "$hello", named("alice")).await;
    assert_eq!(first.hear().await, "answer 1 -");
    let mut second = say(&transport, "alice").await;
    assert_eq!(second.hear().await, "failure 1 identity_in_use");
    assert_eq!(ids(&server, "alice"), [1]);
    let gone = server.peers()[0].clone();
    drop(first);
    soon(gone.closed()).await;
    // It may try again.
    loop {
        second.call(2, "$hello", named("alice")).await;
        match &*second.hear().await {
            "answer 2 -" => break,
            // The peer is closed first and forgotten then.
            other => assert_eq!(other, "failure 2 identity_in_use"),
        }
    }
    assert_eq!(ids(&server, "alice"), [2]);
}

async fn an_older_peer_of_an_identity_is_replaced() {
    let (server, mut first, transport) =
        raw_client(|server| server.same_identity(SameIdentity::ReplaceOld)).await;
    first.call(1, "$hello", named("alice")).await;
    assert_eq!(first.hear().await, "answer 1 -");
    server.peers()[0].emit("before", &1).unwrap();
    let mut second = say(&transport, "alice").await;
    assert_eq!(second.hear().await, "answer 1 -");
    assert_eq!(ids(&server, "alice"), [2]);
    assert_eq!(first.hear().await, "event before 1");
    assert_eq!(first.hear().await, "notice $bye -");
    assert_eq!(first.value.get("code").and_then(Value::as_text), Some("replaced"));
    assert_eq!(first.value.get("reconnect").and_then(Value::as_bool), Some(false));
    assert_eq!(first.hear().await, "end");
    drop(first);
    // A client that is replaced does not fight for its place.
    let client = client(&transport).hello(Some(Hello::new("alice"))).build();
    client.start().unwrap();
    assert_eq!(second.hear().await, "notice $bye -");
    let third = say(&transport, "alice").await;
    soon(client.closed()).await;
    drop(third);
}

async fn a_client_answers_no_hello() {
    let (_client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    peer.call(1, "$hello", named("alice")).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
}

async fn a_hello_without_a_name_is_answered() {
    let unnamed = |client: ipc_core::ClientBuilder<MsgPack>| client.hello(Some(Hello::unnamed()));
    let pair = pair_with(unnamed, |server| server).await;
    let notes = crate::greetings::life(&pair.client);
    pair.client.start().unwrap();
    notes.until("greeted").await;
    let peer = pair.server.peers().remove(0);
    assert_eq!((peer.identity(), pair.client.greeting().unwrap().peer), (None, Some(peer.id())));
}
