//! A server ends: in time, with everything it could write written, and its endpoint free.

use std::time::Duration;

use ipc_core::{EmitError, Error, Server};
use ipc_transport::Transport;
use tokio::time::{Instant, timeout};

use crate::support::{Lines, Log, Raw, client, memory, narrow, server, soon, texts};

const GRACE: Duration = Duration::from_secs(3);

#[tokio::test(start_paused = true)]
async fn shutdown_writes_everything_and_closes_everybody() {
    let transport = narrow(100);
    let (server, log) = server(&transport).await;
    let clients = [(); 3].map(|()| client(&transport));
    log.until_len(3).await;
    for n in 0..1000 {
        server.broadcast("n", n.to_string().as_str()).unwrap();
    }
    let report = soon(server.shutdown(GRACE)).await;
    assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    for (_, log) in &clients {
        log.until("disconnect by peer").await;
        assert!(log.lines().contains(&"n 999".to_owned()));
    }
    assert!(server.peers().is_empty());
    assert_eq!(log.lines().iter().filter(|line| line.ends_with("disconnect local")).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_free_at_once() {
    let transport = memory();
    for _ in 0..3 {
        let (server, log) = server(&transport).await;
        let (_client, _) = client(&transport);
        log.until("1 connect").await;
        soon(server.shutdown(GRACE)).await;
        assert!(transport.dial().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_cut_after_the_grace() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    let mut stuck = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let (_client, _) = client(&transport);
    log.until("2 connect").await;
    for n in 0..10 {
        server.broadcast("n", n.to_string().as_str()).unwrap();
    }
    let start = Instant::now();
    let report = soon(server.shutdown(GRACE)).await;
    assert_eq!((start.elapsed(), report.cut), (GRACE, 1));
    let [(id, undelivered)] = &report.undelivered[..] else { panic!("{report:?}") };
    let expected: Vec<_> = (2..10).map(|n| format!("n {n}")).collect();
    assert_eq!((id.get(), texts(undelivered)), (1, expected));
    assert_eq!(stuck.rest().await, "n 0\nn 1\nn ");
}

#[tokio::test(start_paused = true)]
async fn without_a_grace_everybody_is_cut() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let _peers = [Raw::dial(&transport).await, Raw::dial(&transport).await];
    log.until_len(2).await;
    let start = Instant::now();
    let report = soon(server.shutdown(Duration::ZERO)).await;
    assert_eq!((start.elapsed() <= Duration::from_millis(1), report.cut), (true, 2));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_keeps_its_side_open_costs_a_second() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let start = Instant::now();
    let report = soon(server.shutdown(GRACE)).await;
    assert_eq!((start.elapsed(), report.cut), (Duration::from_secs(1), 0));
}

#[tokio::test(start_paused = true)]
async fn shutdown_returns_although_nobody_reads_the_stream() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).event_bytes(1).build();
    let mut events = server.events();
    soon(server.listen()).await.unwrap();
    // One is gone already and cannot tell of it; one is stuck with a message; one has only come.
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(Raw::dial(&transport).await);
    }
    while server.peers().len() < 3 {
        tokio::task::yield_now().await;
    }
    peers[1].write("say hello\n").await;
    drop(peers.remove(0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    soon(server.shutdown(GRACE)).await;
    assert!(start.elapsed() <= GRACE);
    let mut ends = 0;
    while let Some(item) = soon(events.next()).await {
        ends += usize::from(format!("{item:?}").contains("Disconnect"));
    }
    assert_eq!(ends, 3);
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_end_nobody_reads_does_not_hold_a_shutdown_up() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).event_bytes(1).build();
    let events = server.events();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut events = events;
    let peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    soon(events.next()).await.unwrap();
    let blocker = Raw::dial(&transport).await;
    log.until("2 connect").await;
    drop(peer);
    log.until("1 disconnect by peer").await;
    assert_eq!(server.peers().len(), 1);
    soon(server.shutdown(GRACE)).await;
    drop(blocker);
}

#[tokio::test(start_paused = true)]
async fn shutdown_twice_is_shutdown_once() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let both = async { tokio::join!(server.shutdown(GRACE), server.shutdown(GRACE)) };
    let (one, two) = soon(both).await;
    assert_eq!((one.cut, two.cut), (0, 0));
    soon(server.shutdown(GRACE)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_listened_is_shut_down_at_once() {
    let server = Server::builder(Lines, memory()).build();
    let report = soon(server.shutdown(GRACE)).await;
    assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    assert!(server.endpoint().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_shut_down_does_not_listen_again() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    soon(server.shutdown(GRACE)).await;
    let error = soon(server.listen()).await.unwrap_err();
    assert!(matches!(error, Error::Closed), "{error:?}");
    assert_eq!(error.code(), "closed");
    assert!(transport.dial().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_given_up_goes_on() {
    let transport = narrow(10);
    let (server, log) = server(&transport).await;
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    for n in 0..10 {
        server.broadcast("n", n.to_string().as_str()).unwrap();
    }
    assert!(timeout(Duration::from_secs(1), server.shutdown(GRACE)).await.is_err());
    assert!(transport.dial().await.is_err());
    assert_eq!(peer.rest().await.lines().count(), 10);
    drop(peer);
    log.until("1 disconnect local").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_sent_while_a_shutdown_is_under_way() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let handle = server.peers()[0].clone();
    let shutdown = tokio::spawn({
        let server = server.clone();
        async move { server.shutdown(GRACE).await }
    });
    assert_eq!(peer.rest().await, "");
    assert_eq!(handle.emit("say", "late"), Err(EmitError::Closed));
    let report = server.broadcast("say", "late").unwrap();
    assert_eq!((report.sent, report.failed.len()), (0, 1));
    // What the peer still says is heard.
    peer.write("say goodbye\n").await;
    drop(peer);
    soon(shutdown).await.unwrap();
    assert!(log.lines().contains(&"1 say goodbye".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_server_closes_its_peers() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let other = server.clone();
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    drop(server);
    other.broadcast("say", "goodbye").unwrap();
    drop(other);
    assert_eq!(peer.rest().await, "say goodbye\n");
    drop(peer);
    log.until("1 disconnect local").await;
    assert!(transport.dial().await.is_err());
}
