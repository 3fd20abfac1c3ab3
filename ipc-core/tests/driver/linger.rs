//! What a closed connection waits for once everything is written: the peer's end, for so long.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, Server};
use ipc_transport::{MemoryTransport, Transport};
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, memory, narrow, soon};

fn client(transport: &MemoryTransport, linger: Duration) -> Client<Lines> {
    let client = Client::builder(Lines, transport.clone())
        .reconnect(ReconnectPolicy::never())
        .linger(linger)
        .build();
    client.start().unwrap();
    client
}

#[tokio::test(start_paused = true)]
async fn a_client_waits_as_long_as_it_is_told() {
    for linger in [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(25)] {
        let transport = memory();
        let mut listener = transport.listen().await.unwrap();
        let client = client(&transport, linger);
        let mut peer = Raw::accept(&mut listener).await;
        client.emit("n", "1").unwrap();
        let start = Instant::now();
        let report = soon(client.close()).await;
        assert_eq!(start.elapsed(), linger);
        // Everything is written; whether the peer has read it is unknown.
        assert!(report.undelivered.is_empty() && !report.peer_ended);
        assert_eq!(peer.rest().await, "n 1\n");
    }
}

#[tokio::test(start_paused = true)]
async fn for_ever_ends_with_the_peer() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, Duration::MAX);
    let mut peer = Raw::accept(&mut listener).await;
    client.emit("n", "1").unwrap();
    // Longer than a connection may take to write what waits.
    let minute = Duration::from_secs(60);
    assert!(tokio::time::timeout(minute, client.close()).await.is_err());
    assert_eq!(peer.rest().await, "n 1\n");
    drop(peer);
    assert!(soon(client.close()).await.peer_ended);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ends_in_answer_is_reported() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, Duration::from_secs(5));
    let mut peer = Raw::accept(&mut listener).await;
    client.emit("n", "1").unwrap();
    let close = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    assert_eq!(peer.rest().await, "n 1\n");
    drop(peer);
    let report = soon(close).await.unwrap();
    assert!(report.undelivered.is_empty() && report.peer_ended);
    assert!(soon(client.close()).await.peer_ended, "a later report says the same");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ends_first_has_answered_nothing() {
    let transport = narrow(4);
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, Duration::from_secs(5));
    let peer = Raw::accept(&mut listener).await;
    (0..5).for_each(|_| client.emit("n", "1").unwrap());
    drop(peer);
    let report = soon(client.close()).await;
    assert!(!report.undelivered.is_empty() && !report.peer_ended);
}

#[tokio::test(start_paused = true)]
async fn a_server_waits_as_long_as_it_is_told() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).linger(Duration::from_secs(3)).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let _peer = transport.dial().await.unwrap();
    log.until("1 connect").await;
    let start = Instant::now();
    server.peers().into_iter().for_each(|peer| peer.close());
    log.until("1 disconnect local").await;
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}
