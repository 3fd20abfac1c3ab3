//! One message for every peer: a peer that does not read costs its queue, and the others nothing.

use std::time::Duration;

use ipc_codec::EncodeError;
use ipc_core::queue::{OverflowPolicy, QueueLimit, QueueLimits};
use ipc_core::{EmitError, PeerId, Server};
use ipc_transport::MemoryTransport;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, memory, narrow, server, soon};

/// How long a peer may take nothing before a broadcast waits for it no more, by default.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns a server whose queues hold this many bytes, for a peer each.
async fn bounded(
    transport: &MemoryTransport,
    bytes: usize,
    overflow: OverflowPolicy,
) -> (Server<Lines>, Log) {
    let server = Server::builder(Lines, transport.clone())
        .queue(QueueLimits::default().with_max_bytes(bytes))
        .overflow(overflow)
        .build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    (server, log)
}

/// Connects peers that read everything and return how many lines that were.
async fn readers(transport: &MemoryTransport, count: usize) -> JoinSet<usize> {
    let mut readers = JoinSet::new();
    for _ in 0..count {
        let mut peer = Raw::dial(transport).await;
        readers.spawn(async move { peer.rest().await.lines().count() });
    }
    readers
}

#[tokio::test(start_paused = true)]
async fn everybody_gets_it() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    assert_eq!(server.broadcast("news", "no peer").unwrap().sent, 0);
    let readers = readers(&transport, 5).await;
    log.until_len(5).await;
    for size in [10, 5000] {
        let report = server.broadcast("news", "x".repeat(size).as_str()).unwrap();
        assert_eq!((report.sent, report.failed.len()), (5, 0));
    }
    soon(server.shutdown(Duration::from_secs(5))).await;
    assert_eq!(soon(readers.join_all()).await, [2; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_cannot_be_sent_is_sent_to_nobody() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let error = server.broadcast("news", "refused").unwrap_err();
    assert!(matches!(error, EmitError::Format(_)), "{error:?}");
    let error = soon(server.broadcast_send("news", "two\nlines")).await.unwrap_err();
    assert_eq!(error, EmitError::Encode(EncodeError::ContainsDelimiter { at: 8 }));
    assert_eq!(server.peers()[0].tally().accepted, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_peer_costs_no_more_than_its_queue() {
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 100_000, OverflowPolicy::Block).await;
    let mut stalled = Raw::dial(&transport).await;
    let readers = readers(&transport, 9).await;
    log.until_len(10).await;
    let text = "x".repeat(994);
    for _ in 0..1000 {
        let report = server.broadcast("news", text.as_str()).unwrap();
        assert!(report.failed.iter().all(|(id, _)| *id == PeerId::from(1)));
        assert!(server.peers()[0].queued().bytes <= 100_000);
        while server.peers()[1..].iter().any(|peer| peer.queued().messages > 0) {
            tokio::task::yield_now().await;
        }
    }
    let full = QueueLimit::Bytes { limit: 100_000, actual: 101_000 };
    let report = server.broadcast("news", text.as_str()).unwrap();
    assert_eq!(report.failed, [(PeerId::from(1), EmitError::Full(full))]);
    assert_eq!(report.sent, 9);
    // 101 messages were taken for the stalled peer: 1 for the pipe, 100 for the queue.
    let tally = server.peers()[0].tally();
    assert_eq!((tally.accepted, tally.written), (101, 1));
    assert_eq!(stalled.line().await, format!("news {text}"));
    let report = soon(server.shutdown(Duration::from_secs(1))).await;
    assert_eq!((report.cut, report.undelivered.len()), (1, 1));
    assert_eq!(soon(readers.join_all()).await, [1001; 9]);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_peer_is_disconnected_if_that_is_the_policy() {
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 10_000, OverflowPolicy::Disconnect).await;
    let mut stalled = Raw::dial(&transport).await;
    let readers = readers(&transport, 9).await;
    log.until_len(10).await;
    for _ in 0..100 {
        server.broadcast("news", "x".repeat(994).as_str()).unwrap();
        while server.peers().iter().any(|peer| peer.id().get() > 1 && peer.queued().messages > 0) {
            tokio::task::yield_now().await;
        }
    }
    let ends: Vec<_> = log.lines().split_off(10);
    assert_eq!(ends, ["1 error queue_full", "1 disconnect queue_full"]);
    assert_eq!(stalled.rest().await.len(), 1000);
    soon(server.shutdown(Duration::from_secs(1))).await;
    assert_eq!(soon(readers.join_all()).await, [100; 9]);
}

#[tokio::test(start_paused = true)]
async fn broadcast_send_does_not_outrun_a_healthy_reader() {
    // Attack 25 at a small scale: a burst of a hundred times the queue.
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 10_000, OverflowPolicy::Disconnect).await;
    let _stalled = Raw::dial(&transport).await;
    let readers = readers(&transport, 9).await;
    log.until_len(10).await;
    let start = Instant::now();
    for n in 0..1000 {
        let report = soon(server.broadcast_send("news", "x".repeat(994).as_str())).await.unwrap();
        assert!(report.sent >= 9, "{n}: {report:?}");
    }
    // The stalled one was waited for once.
    assert_eq!(start.elapsed(), STALL_TIMEOUT);
    assert!(log.lines().contains(&"1 disconnect queue_full".to_owned()));
    soon(server.shutdown(Duration::from_secs(1))).await;
    assert_eq!(soon(readers.join_all()).await, [1000; 9]);
}

#[tokio::test(start_paused = true)]
async fn many_stalled_peers_are_waited_for_together() {
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 2000, OverflowPolicy::Block).await;
    let mut stalled = Vec::new();
    for _ in 0..50 {
        stalled.push(Raw::dial(&transport).await);
    }
    let readers = readers(&transport, 5).await;
    log.until_len(55).await;
    let start = Instant::now();
    for _ in 0..100 {
        let report = soon(server.broadcast_send("news", "x".repeat(994).as_str())).await.unwrap();
        assert!(report.sent >= 5, "{report:?}");
        assert_eq!(report.sent + report.failed.len(), 55);
    }
    assert_eq!(start.elapsed(), STALL_TIMEOUT);
    soon(server.shutdown(Duration::ZERO)).await;
    drop(stalled);
    assert_eq!(soon(readers.join_all()).await, [100; 5]);
}

#[tokio::test(start_paused = true)]
async fn broadcast_send_waits_again_for_a_peer_that_reads_again() {
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 2000, OverflowPolicy::Block).await;
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let start = Instant::now();
    let text = "x".repeat(994);
    let mut sent = 0;
    for _ in 0..10 {
        sent += soon(server.broadcast_send("news", text.as_str())).await.unwrap().sent;
    }
    // One in the pipe and two in the queue; then it is waited for, once.
    assert_eq!((sent, start.elapsed()), (3, STALL_TIMEOUT));
    let reader = tokio::spawn(async move { peer.rest().await.lines().count() });
    while server.peers()[0].queued().messages > 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        sent += soon(server.broadcast_send("news", text.as_str())).await.unwrap().sent;
    }
    assert_eq!((sent, start.elapsed()), (103, STALL_TIMEOUT));
    soon(server.shutdown(Duration::from_secs(5))).await;
    assert_eq!(soon(reader).await.unwrap(), 103);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_goes_is_not_waited_for() {
    let transport = narrow(10);
    let (server, log) = bounded(&transport, 100, OverflowPolicy::Block).await;
    let peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let broadcast = tokio::spawn({
        let server = server.clone();
        async move {
            let mut sent = 0;
            for _ in 0..100 {
                sent += server.broadcast_send("news", "hello").await.unwrap().sent;
            }
            sent
        }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    drop(peer);
    log.until("1 disconnect by peer").await;
    let sent = soon(broadcast).await.unwrap();
    assert!((9..12).contains(&sent), "{sent}");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_in_steps_is_not_taken_for_stalled() {
    // As over TCP with large buffers: nothing is taken for long, and then much at once.
    let limit = Duration::from_millis(100);
    for policy in [OverflowPolicy::Block, OverflowPolicy::Disconnect, OverflowPolicy::DropOldest] {
        let transport = narrow(4000);
        let server = Server::builder(Lines, transport.clone())
            .queue(QueueLimits::default().with_max_bytes(10_000))
            .overflow(policy)
            .stall_timeout(Some(limit))
            .build();
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        let mut slow = Raw::dial(&transport).await;
        let others = readers(&transport, 2).await;
        log.until_len(3).await;
        let slow = tokio::spawn(async move {
            let mut lines = 0;
            loop {
                tokio::time::sleep(limit - Duration::from_millis(1)).await;
                for _ in 0..4 {
                    let line = slow.line().await;
                    if !line.starts_with("news ") {
                        return lines;
                    }
                    lines += 1;
                }
            }
        });
        for _ in 0..100 {
            let text = "x".repeat(994);
            let report = server.broadcast_send("news", text.as_str()).await.unwrap();
            assert_eq!((report.sent, report.failed.len()), (3, 0), "{policy:?}");
        }
        server.broadcast_send("last", "").await.unwrap();
        server.shutdown(Duration::from_secs(100)).await;
        assert_eq!(slow.await.unwrap(), 100, "{policy:?}");
        assert_eq!(others.join_all().await, [101; 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stalled_while_its_queue_filled_is_not_waited_for_on_top() {
    let transport = narrow(1000);
    let (server, log) = bounded(&transport, 10_000, OverflowPolicy::Block).await;
    let _stalled = Raw::dial(&transport).await;
    let readers = readers(&transport, 9).await;
    log.until_len(10).await;
    let text = "x".repeat(994);
    let mut waited = Duration::ZERO;
    for n in 0..100 {
        let start = Instant::now();
        let report = soon(server.broadcast_send("news", text.as_str())).await.unwrap();
        assert_eq!(report.sent, if n < 11 { 10 } else { 9 });
        waited += start.elapsed();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // It took nothing for ten seconds before its queue was full.
    assert_eq!(waited, Duration::ZERO);
    soon(server.shutdown(Duration::ZERO)).await;
    assert_eq!(soon(readers.join_all()).await, [100; 9]);
}

#[tokio::test(start_paused = true)]
async fn how_long_a_stalled_peer_is_waited_for_can_be_said() {
    for limit in [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(60)] {
        let transport = narrow(1000);
        let server = Server::builder(Lines, transport.clone())
            .queue(QueueLimits::default().with_max_bytes(2000))
            .stall_timeout(Some(limit))
            .build();
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        let _stalled = Raw::dial(&transport).await;
        log.until_len(1).await;
        let start = Instant::now();
        let mut sent = 0;
        for _ in 0..10 {
            let text = "x".repeat(994);
            sent += server.broadcast_send("news", text.as_str()).await.unwrap().sent;
        }
        assert_eq!((sent, start.elapsed()), (3, limit));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_a_peer_is_waited_for_as_long_as_it_is_there() {
    let transport = narrow(1000);
    let server = Server::builder(Lines, transport.clone())
        .queue(QueueLimits::default().with_max_bytes(2000))
        .stall_timeout(None)
        .build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    log.until_len(1).await;
    let start = Instant::now();
    let reader = tokio::spawn(async move {
        for n in 0..10 {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            assert!(peer.line().await.starts_with("news "), "{n}");
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    });
    let text = "x".repeat(994);
    let mut reports = Vec::new();
    for _ in 0..14 {
        reports.push(server.broadcast_send("news", text.as_str()).await.unwrap());
    }
    // Ten were read, and three are under way; the last was refused when the peer went.
    assert_eq!(start.elapsed(), Duration::from_secs(11 * 3600));
    assert!(reports[..13].iter().all(|report| report.sent == 1), "{reports:?}");
    assert_eq!(reports[13].failed, [(PeerId::from(1), EmitError::Closed)]);
    reader.await.unwrap();
}
