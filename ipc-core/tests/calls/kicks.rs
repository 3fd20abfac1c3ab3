//! `$bye`: peers that are sent away, and what they do then.

use std::time::Duration;

use ipc_core::protocol::builtin::Value;
use ipc_core::{Bye, Client, ClientBuilder, ClientEvent, Hello, MsgPack, Server, WhenDismissed};

use crate::greetings::life;
use crate::hellos::{named, say};
use crate::rig::{Notes, client, raw_client, raw_server, soon, transport};

both_runtimes!(
    a_peer_that_is_kicked_is_told_why_after_all_else,
    a_client_that_is_kicked_ends,
    a_client_that_may_come_back_does,
    a_bye_from_a_client_means_nothing,
    a_server_that_shuts_down_says_so_to_those_that_said_hello,
    a_bye_without_reconnect_false_ends_no_client,
);

async fn a_peer_that_is_kicked_is_told_why_after_all_else() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    server.on("shout", |(): (), peer| {
        peer.emit("heard", &1).unwrap();
        peer.kick(Bye::new("limit", "too loud"));
        // Whoever is kicked is closed.
        assert_eq!(peer.emit("no", &1).unwrap_err().code(), "closed");
    });
    peer.event("shout", ()).await;
    assert_eq!(peer.hear().await, "event heard 1");
    assert_eq!(peer.hear().await, "notice $bye -");
    assert_eq!(peer.value.get("code").and_then(Value::as_text), Some("limit"));
    assert_eq!(peer.value.get("message").and_then(Value::as_text), Some("too loud"));
    assert_eq!(peer.value.get("reconnect").and_then(Value::as_bool), Some(false));
    assert_eq!(peer.hear().await, "end");
}

/// Returns a server that kicks whoever says so, and a client of it that has said so.
async fn kicked(
    bye: Bye,
    settings: impl FnOnce(ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack>,
) -> (Server<MsgPack>, Client<MsgPack>, Notes) {
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone()).build();
    server.on("out", move |(): (), peer| peer.kick(bye.clone()));
    server.listen().await.unwrap();
    let client = settings(client(&transport)).build();
    let notes = life(&client);
    let other = notes.clone();
    client.on_lifecycle(move |event| {
        if let ClientEvent::Connect = event {
            other.note("connect");
        }
    });
    client.emit("out", &()).unwrap();
    (server, client, notes)
}

async fn a_client_that_is_kicked_ends() {
    let (_server, client, notes) = kicked(Bye::new("limit", "too loud"), |client| client).await;
    soon(client.closed()).await;
    notes.until("destroy").await;
    let lines = ["connect", "dismissed limit", "disconnect closed_by_peer", "destroy"];
    assert_eq!(notes.lines(), lines);
}

async fn a_client_that_may_come_back_does() {
    for (bye, when) in [
        (Bye::new("limit", "").reconnect(true), WhenDismissed::End),
        (Bye::new("limit", ""), WhenDismissed::ComeBack),
    ] {
        let settings = |client: ClientBuilder<MsgPack>| client.when_dismissed(when);
        let (server, client, notes) = kicked(bye, settings).await;
        notes.until_len(4).await;
        let lines = ["connect", "dismissed limit", "disconnect closed_by_peer", "connect"];
        assert_eq!(notes.lines(), lines);
        soon(client.close()).await;
        drop(server);
    }
}

async fn a_bye_from_a_client_means_nothing() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    let errors = Notes::of_server(&server);
    peer.call(1, "$bye", Value::map([("code", "x".into())])).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
    assert_eq!((server.peers().len(), errors.lines()), (1, Vec::new()));
}

async fn a_server_that_shuts_down_says_so_to_those_that_said_hello() {
    let (server, mut plain, transport) = raw_client(|server| server).await;
    let mut greeted = say(&transport, "alice").await;
    assert_eq!(greeted.hear().await, "answer 1 -");
    let heard = tokio::spawn(async move {
        assert_eq!(greeted.hear().await, "notice $bye -");
        assert_eq!(greeted.value.get("code").and_then(Value::as_text), Some("shutdown"));
        assert_eq!(greeted.value.get("reconnect").and_then(Value::as_bool), Some(true));
        assert_eq!(greeted.hear().await, "end");
        assert_eq!(plain.hear().await, "end");
    });
    soon(server.shutdown(Duration::from_secs(60))).await;
    soon(heard).await.unwrap();
}

async fn a_bye_without_reconnect_false_ends_no_client() {
    let (client, mut peer, mut listener) = raw_server(&transport(), |client| client).await;
    let notes = life(&client);
    peer.call(1, "$bye", 7).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
    for args in [Value::Null, Value::list(vec![0; 20_000]), Value::map([("reconnect", 0.into())])] {
        let head = ipc_core::protocol::calls::CallHead {
            number: None,
            method: "$bye",
            left: None,
            credit: None,
        };
        peer.send(|out| {
            use ipc_core::protocol::calls::EncodeCall;
            crate::frames::FORMAT.encode_call(&head, &args, out).unwrap();
        })
        .await;
    }
    notes.until_len(3).await;
    assert_eq!(notes.lines(), ["dismissed bye"; 3]);
    drop(peer);
    let peer = crate::raw::RawPeer::accept(&mut listener).await;
    drop((client, peer));
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_is_kicked_is_refused_for_its_time() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    peer.call(1, "$hello", named("alice")).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    let time = Duration::from_secs(10);
    server.peers()[0].kick(Bye::new("limit", "too loud").refuse_for(time));
    assert_eq!(peer.hear().await, "notice $bye -");
    drop(peer);
    for (name, refused) in [("alice", true), ("bob", false), ("alice", true)] {
        let mut peer = say(&transport, name).await;
        if refused {
            assert_eq!(peer.hear().await, "failure 1 refused");
            assert_eq!(peer.hear().await, "notice $bye -");
            assert_eq!(peer.value.get("code").and_then(Value::as_text), Some("refused"));
            assert_eq!(peer.hear().await, "end");
        } else {
            assert_eq!(peer.hear().await, "answer 1 -");
        }
    }
    // A client of this library ends then.
    let hello = Hello::new("alice");
    let client = client(&transport).hello(Some(hello)).build();
    let notes = life(&client);
    soon(client.closed()).await;
    notes.until("destroy").await;
    let ends = ["error hello_refused", "dismissed refused", "disconnect closed_by_peer", "destroy"];
    assert_eq!(notes.lines(), ends);
    tokio::time::sleep(time).await;
    let mut peer = say(&transport, "alice").await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(server.identity("alice").len(), 1);
}
