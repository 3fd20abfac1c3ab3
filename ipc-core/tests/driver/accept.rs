//! The accepting side: limits, and a listener that fails.

use std::time::Duration;

use ipc_core::Server;
use tokio::time::{Instant, sleep};

use crate::scripted::{Scripted, Step};
use crate::support::{Lines, Log, Raw, memory, server, soon};

#[tokio::test(start_paused = true)]
async fn a_listener_that_fails_is_asked_again_after_growing_pauses() {
    // Attack 27: out of file descriptors, it neither spins nor goes deaf.
    let transport = Scripted::new(memory(), &[], &[Step::Fails; 10]);
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let times = [0, 10, 30, 70, 150, 310, 630, 1270, 2270, 3270];
    let mut expected: Vec<_> =
        times.iter().map(|at| format!("{at} error too_many_files")).collect();
    expected.push("4270 1 connect".to_owned());
    assert_eq!(log.timed(), expected);
    peer.write("say hello\n").await;
    log.until("1 say hello").await;
}

#[tokio::test(start_paused = true)]
async fn a_success_makes_the_pauses_short_again() {
    let transport = Scripted::new(memory(), &[], &[Step::Fails; 5]);
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    transport.fail_next_accepts(2);
    let start = Instant::now();
    let _other = Raw::dial(&transport).await;
    let _third = Raw::dial(&transport).await;
    log.until("3 connect").await;
    assert_eq!(start.elapsed(), Duration::from_millis(10 + 20));
}

#[tokio::test(start_paused = true)]
async fn strangers_who_are_refused_hold_nobody_up() {
    let transport = Scripted::new(memory(), &[], &[Step::Refuses; 100]);
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let mut expected = vec!["0 refused peer_refused".to_owned(); 100];
    expected.push("0 1 connect".to_owned());
    assert_eq!(log.timed(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_pauses_stops_at_once() {
    let transport = Scripted::new(memory(), &[], &[Step::Fails; 100]);
    let server = Server::builder(Lines, transport).build();
    soon(server.listen()).await.unwrap();
    sleep(Duration::from_millis(5500)).await;
    let start = Instant::now();
    soon(server.shutdown(Duration::from_secs(1))).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_more_than_allowed_is_closed_at_once() {
    for limit in [1, 3] {
        let transport = memory();
        let server = Server::builder(Lines, transport.clone()).max_connections(limit).build();
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        let mut peers = Vec::new();
        for _ in 0..limit {
            peers.push(Raw::dial(&transport).await);
        }
        log.until_len(limit).await;
        let mut refused = Raw::dial(&transport).await;
        assert_eq!(refused.rest().await, "");
        assert_eq!(log.lines()[limit..], ["refused too_many_peers"]);
        // The others are served, and a place that gets free is given away again.
        peers[0].write("say hello\n").await;
        log.until("1 say hello").await;
        peers.clear();
        log.until("1 disconnect by peer").await;
        while !server.peers().is_empty() {
            tokio::task::yield_now().await;
        }
        let _next = Raw::dial(&transport).await;
        log.until(&format!("{} connect", limit + 1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_are_allowed_by_default() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let mut peers = Vec::new();
    for _ in 0..101 {
        peers.push(Raw::dial(&transport).await);
    }
    log.until("refused too_many_peers").await;
    assert_eq!(server.peers().len(), 100);
}
