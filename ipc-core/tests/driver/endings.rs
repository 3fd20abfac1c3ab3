//! How connections end on the server's side: half closes, lost peers, kept handles.

use std::time::Duration;

use ipc_core::queue::QueuedLen;
use ipc_core::{EmitError, PeerId};
use tokio::time::Instant;

use crate::support::{Raw, memory, narrow, server, soon, texts};

#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_its_side_still_gets_the_answers() {
    // Attack 29: more answers than the pipe holds at a time.
    let transport = narrow(100);
    let (server, log) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let mut peer = Raw::dial(&transport).await;
    let write = tokio::spawn(async move {
        for n in 0..1000 {
            peer.write(format!("say {n}\n")).await;
        }
        peer.finish().await;
        peer
    });
    let mut peer = soon(write).await.unwrap();
    let rest = peer.rest().await;
    let expected: Vec<_> = (0..1000).map(|n| format!("echo {n}")).collect();
    assert_eq!(rest.lines().collect::<Vec<_>>(), expected);
    log.until("1 disconnect by peer").await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_its_side_and_does_not_read_has_10_s() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let mut peer = Raw::dial(&transport).await;
    peer.write("say a\nsay b\nsay c\n").await;
    peer.finish().await;
    log.until_len(6).await;
    let kept = log.timed().split_off(4);
    let end = ["10000 1 error close_timeout", "10000 1 disconnect close_timeout"];
    assert_eq!(kept, end);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_vanishes_in_the_middle_hands_back_what_it_did_not_get() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    let peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peer(PeerId::from(1)).unwrap();
    for n in 0..10 {
        handle.emit("n", n.to_string().as_str()).unwrap();
    }
    assert!(handle.take_undelivered().is_empty());
    drop(peer);
    soon(handle.closed()).await;
    let tally = handle.tally();
    assert_eq!(tally.accepted, tally.written + tally.handed_back);
    let undelivered = texts(&handle.take_undelivered());
    let expected: Vec<_> = (tally.written..10).map(|n| format!("n {n}")).collect();
    assert!(!expected.is_empty());
    assert_eq!(undelivered, expected);
    assert!(handle.take_undelivered().is_empty(), "each is returned once");
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_kept_says_closed() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peer(PeerId::from(1)).unwrap();
    drop(peer);
    log.until("1 disconnect by peer").await;
    assert_eq!(handle.emit("say", "hello"), Err(EmitError::Closed));
    assert_eq!(soon(handle.send("say", "hello")).await, Err(EmitError::Closed));
    assert!(!soon(handle.flush()).await);
    soon(handle.closed()).await;
    // Neither is an error any more, nor does it do anything.
    handle.close();
    handle.disconnect();
    assert_eq!(handle.id(), PeerId::from(1));
    assert!(handle.info().is_some());
    assert_eq!(handle.queued(), QueuedLen::default());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_peer_is_an_error() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let unknown = |id| Err(EmitError::UnknownPeer(PeerId::from(id)));
    assert_eq!(server.emit(PeerId::from(1), "say", "hello"), unknown(1));
    let peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    server.emit(PeerId::from(1), "say", "hello").unwrap();
    assert_eq!(server.emit(PeerId::from(2), "say", "hello"), unknown(2));
    drop(peer);
    log.until("1 disconnect by peer").await;
    assert_eq!(server.emit(PeerId::from(1), "say", "hello"), unknown(1));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_the_server_closes_gets_everything_first() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peer(PeerId::from(1)).unwrap();
    for n in 0..100 {
        handle.emit("n", n.to_string().as_str()).unwrap();
    }
    handle.close();
    assert_eq!(handle.emit("n", "more"), Err(EmitError::Closed));
    assert_eq!(peer.rest().await.lines().count(), 100);
    drop(peer);
    log.until("1 disconnect local").await;
    soon(handle.closed()).await;
    assert!(handle.take_undelivered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_the_server_disconnects_is_gone_at_once() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peer(PeerId::from(1)).unwrap();
    for n in 0..100 {
        handle.emit("n", n.to_string().as_str()).unwrap();
    }
    let start = Instant::now();
    handle.disconnect();
    soon(handle.closed()).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    log.until("1 disconnect local").await;
    let tally = handle.tally();
    assert_eq!(tally.written + handle.take_undelivered().len() as u64, 100);
}

#[tokio::test(start_paused = true)]
async fn a_value_can_be_kept_with_a_peer() {
    #[derive(Debug, PartialEq)]
    struct User(&'static str);
    let transport = memory();
    let (server, log) = server(&transport).await;
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peer(PeerId::from(1)).unwrap();
    assert!(handle.attach(User("ada")).is_none());
    assert!(handle.attach(7_u32).is_none());
    assert_eq!(*server.peers()[0].attached::<User>().unwrap(), User("ada"));
    assert_eq!(*handle.attach(User("bob")).unwrap(), User("ada"));
    assert_eq!(*handle.attached::<u32>().unwrap(), 7);
    assert!(handle.attached::<String>().is_none());
}
