//! A client and a server talk.

use std::time::Duration;

use ipc_core::queue::QueuedLen;
use ipc_core::{ClientEvent, Incoming, PeerId, Server};
use ipc_transport::Endpoint;

use crate::support::{Lines, client, memory, server, soon};

#[tokio::test(start_paused = true)]
async fn an_echo_comes_back_in_order() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let (client, _) = client(&transport);
    let mut events = client.events();
    for n in 0..1000 {
        client.emit("say", n.to_string().as_str()).unwrap();
    }
    let first = soon(events.next()).await;
    assert!(matches!(first, Some(Incoming::Lifecycle(ClientEvent::Connect))));
    for n in 0..1000_u64 {
        let Some(Incoming::Message(message, peer)) = soon(events.next()).await else {
            panic!("ended")
        };
        assert_eq!(message.event(), "echo");
        assert_eq!(peer.decode::<u64>(&message).unwrap(), n);
    }
    assert!(soon(client.close()).await.undelivered.is_empty());
    assert_eq!(soon(server.shutdown(Duration::from_secs(1))).await.cut, 0);
}

#[tokio::test(start_paused = true)]
async fn both_sides_are_told_of_the_connection_and_its_end() {
    let transport = memory();
    let (server, server_log) = server(&transport).await;
    let (client, client_log) = client(&transport);
    soon(client.connected()).await.unwrap();
    client.emit("say", "hello").unwrap();
    server_log.until("1 say hello").await;
    server.emit(PeerId::from(1), "answer", "hi").unwrap();
    client_log.until("answer hi").await;
    soon(client.close()).await;
    server_log.until("1 disconnect by peer").await;
    assert_eq!(server_log.lines(), ["1 connect", "1 say hello", "1 disconnect by peer"]);
    assert_eq!(client_log.lines(), ["connect", "answer hi", "disconnect local", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn peers_are_numbered_and_listed_in_the_order_they_came() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let clients = [(); 3].map(|()| client(&transport).0);
    log.until_len(3).await;
    let ids = || server.peers().iter().map(|peer| peer.id().get()).collect::<Vec<_>>();
    assert_eq!(ids(), [1, 2, 3]);
    assert_eq!(server.peer(PeerId::from(2)).unwrap().id().to_string(), "2");
    soon(clients[1].close()).await;
    log.until("2 disconnect by peer").await;
    assert_eq!(ids(), [1, 3]);
    assert!(server.peer(PeerId::from(2)).is_none());
    let (_client, _) = client(&transport);
    log.until("4 connect").await;
    assert_eq!(ids(), [1, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn each_side_knows_the_other() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (client, _) = client(&transport);
    assert!(client.peer().info().is_none());
    soon(client.connected()).await.unwrap();
    log.until("1 connect").await;
    let endpoint = server.endpoint().unwrap();
    assert!(matches!(endpoint, Endpoint::Memory(_)));
    assert_eq!(client.peer().info().unwrap().endpoint, endpoint);
    assert_eq!(server.peers()[0].info().unwrap().endpoint, endpoint);
    assert_eq!(client.peer().id(), PeerId::from(0));
    assert!(*client.peer() == client.clone().peer().clone());
    assert!(server.peers()[0] != *client.peer());
}

#[tokio::test(start_paused = true)]
async fn listening_twice_is_listening_once() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    assert_eq!(server.listen().await.unwrap(), server.endpoint().unwrap());
    let other = Server::builder(Lines, transport).build();
    assert_eq!(other.listen().await.unwrap_err().code(), "address_in_use");
    assert!(other.endpoint().is_none());
    soon(server.shutdown(Duration::ZERO)).await;
    // The other one can listen now, although it failed before.
    other.listen().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_counted() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let (client, client_log) = client(&transport);
    for _ in 0..10 {
        soon(client.send("say", "hi")).await.unwrap();
    }
    client_log.until_len(11).await;
    assert!(soon(client.flush()).await);
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.written, tally.dropped), (10, 10, 0));
    log.until_len(11).await;
    let peer = &server.peers()[0];
    assert_eq!((peer.tally().accepted, peer.tally().written), (10, 10));
    assert_eq!(peer.queued(), QueuedLen::default());
}
