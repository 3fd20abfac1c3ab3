//! A full socket with much waiting for it: a sender waits for a peer that reads, and fills the queue for one that
//! does not.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{Client, EmitError, Server};
use ipc_transport::Transport;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Lines, Log, Raw, narrow, soon};

/// So much waits before a sender waits, in bytes.
const CROWD: usize = 128 * 1024;

/// A message has as many bytes as this on the wire.
const LINE: usize = 1024;

/// The queue holds as much.
const LIMIT: usize = 1024 * LINE;

/// So long a sender waits for a peer that reads nothing.
const EASE: Duration = Duration::from_millis(100);

fn text() -> String {
    "x".repeat(LINE - "n \n".len())
}

/// Returns a client that is connected to a peer which does not read, through a pipe of 1 KiB.
async fn connected(overflow: OverflowPolicy) -> (Client<Lines>, Raw) {
    let transport = narrow(LINE);
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport)
        .queue(QueueLimits::default().with_max_bytes(LIMIT))
        .overflow(overflow)
        .build();
    client.start().unwrap();
    let peer = Raw::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    (client, peer)
}

/// Sends until a call waits, and drops that call. Returns how many bytes wait then.
async fn send_until_one_waits(client: &Client<Lines>) -> usize {
    while timeout(Duration::ZERO, client.send("n", text().as_str())).await.is_ok() {}
    client.peer().queued().bytes
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_before_the_queue_is_full_and_has_sent_nothing_then() {
    let (client, mut peer) = connected(OverflowPolicy::Block).await;
    let waiting = send_until_one_waits(&client).await;
    assert!((CROWD..CROWD + LINE).contains(&waiting), "{waiting} bytes wait");
    let accepted = client.tally().accepted;
    // Reading a little lets it go on, long before its time is over.
    let start = Instant::now();
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send("n", text().as_str()).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(client.tally().accepted, accepted);
    peer.0.read_exact(&mut vec![0; 2 * LINE]).await.unwrap();
    soon(sending).await.unwrap().unwrap();
    assert_eq!(client.tally().accepted, accepted + 1);
    assert!(start.elapsed() < EASE);
    soon(client.disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_fills_the_queue_for_a_peer_that_reads_nothing() {
    let (client, mut peer) = connected(OverflowPolicy::Block).await;
    send_until_one_waits(&client).await;
    let start = Instant::now();
    soon(client.send("n", text().as_str())).await.unwrap();
    let waited = start.elapsed();
    assert!((EASE / 2..2 * EASE).contains(&waited), "{waited:?}");
    // Only once.
    let start = Instant::now();
    let waiting = send_until_one_waits(&client).await;
    assert!((LIMIT - LINE..=LIMIT).contains(&waiting), "{waiting} bytes wait");
    assert!(start.elapsed() < EASE / 2);
    // Until it has read.
    let mut read = vec![0; LIMIT - CROWD / 2];
    peer.0.read_exact(&mut read).await.unwrap();
    let waiting = send_until_one_waits(&client).await;
    assert!((CROWD..CROWD + LINE).contains(&waiting), "{waiting} bytes wait");
    soon(client.disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn where_nothing_waits_for_room_no_sender_waits() {
    for overflow in [OverflowPolicy::Error, OverflowPolicy::DropNewest, OverflowPolicy::DropOldest]
    {
        let (client, _peer) = connected(overflow).await;
        for _ in 0..LIMIT / LINE - 1 {
            let sent = timeout(Duration::ZERO, client.send("n", text().as_str())).await;
            assert_eq!(sent.unwrap(), Ok(()), "{overflow:?}");
        }
        assert!(client.peer().queued().bytes > LIMIT - 3 * LINE, "{overflow:?}");
        soon(client.disconnect()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn emit_and_a_client_without_a_connection_have_the_whole_queue() {
    let (client, _peer) = connected(OverflowPolicy::Block).await;
    while client.emit("n", text().as_str()).is_ok() {}
    assert!(client.peer().queued().bytes > LIMIT - LINE);
    soon(client.disconnect()).await;

    let (transport, limits) = (narrow(LINE), QueueLimits::default().with_max_bytes(LIMIT));
    let client = Client::builder(Lines, transport).queue(limits).build();
    client.start().unwrap();
    let waiting = send_until_one_waits(&client).await;
    assert!(waiting > LIMIT - LINE, "{waiting} bytes wait");
    soon(client.disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waits_is_notified_of_the_end() {
    let (client, _peer) = connected(OverflowPolicy::Block).await;
    send_until_one_waits(&client).await;
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send("n", text().as_str()).await }
    });
    tokio::task::yield_now().await;
    soon(client.disconnect()).await;
    assert_eq!(soon(sending).await.unwrap(), Err(EmitError::Closed));
}

/// Returns a server with two peers: the first does not read, the other reads everything and counts lines.
async fn serving(stall_timeout: Option<Duration>) -> (Server<Lines>, Raw, JoinHandle<usize>) {
    let transport = narrow(LINE);
    let server = Server::builder(Lines, transport.clone())
        .queue(QueueLimits::default().with_max_bytes(LIMIT))
        .stall_timeout(stall_timeout)
        .build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let slow = Raw::dial(&transport).await;
    log.until_len(1).await;
    let mut fast = Raw::dial(&transport).await;
    log.until_len(2).await;
    (server, slow, tokio::spawn(async move { fast.rest().await.lines().count() }))
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_waits_before_a_queue_is_full_for_a_peer_that_reads() {
    let (server, mut slow, fast) = serving(Some(Duration::from_secs(10))).await;
    let broadcast = tokio::spawn({
        let server = server.clone();
        async move {
            loop {
                server.broadcast_send("n", text().as_str()).await.unwrap();
            }
        }
    });
    let peers = server.peers();
    let accepted = || [peers[0].tally().accepted, peers[1].tally().accepted];
    for _ in 0..5 {
        // Time passes only when all tasks wait.
        sleep(EASE / 2).await;
        let waiting = peers[0].queued().bytes;
        assert!((CROWD..CROWD + LINE).contains(&waiting), "{waiting} bytes wait");
        // What it does not have yet, the other has.
        let [slow_one, fast_one] = accepted();
        assert_eq!((fast_one, peers[1].queued().bytes), (slow_one + 1, 0));
        slow.0.read_exact(&mut vec![0; 2 * LINE]).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(accepted(), [slow_one + 2, fast_one + 2]);
    }
    // It reads nothing any more: the queue is filled, until that is full.
    sleep(2 * EASE).await;
    let waiting = peers[0].queued().bytes;
    assert!((LIMIT - LINE..=LIMIT).contains(&waiting), "{waiting} bytes wait");
    broadcast.abort();
    let sent = usize::try_from(accepted()[1]).unwrap();
    soon(server.shutdown(Duration::ZERO)).await;
    assert_eq!(soon(fast).await.unwrap(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_leaves_a_queue_alone_once_and_not_for_longer_than_the_stall_timeout() {
    let millis = Duration::from_millis;
    for (stall_timeout, waits) in [
        (Some(Duration::ZERO), Duration::ZERO),
        (Some(millis(30)), millis(30)),
        (Some(millis(5000)), EASE),
        (None, EASE),
    ] {
        let (server, _slow, fast) = serving(stall_timeout).await;
        let start = Instant::now();
        for _ in 0..LIMIT / LINE - 1 {
            let report = server.broadcast_send("n", text().as_str()).await.unwrap();
            assert_eq!((report.sent, report.failed.len()), (2, 0));
        }
        assert_eq!(start.elapsed(), waits, "{stall_timeout:?}");
        soon(server.shutdown(Duration::from_secs(1))).await;
        assert_eq!(soon(fast).await.unwrap(), LIMIT / LINE - 1);
    }
}
