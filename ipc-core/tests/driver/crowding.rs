//! A full socket with much waiting for it: a sender waits for a peer that reads, and fills the queue for one that
//! does not.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{Client, EmitError};
use ipc_transport::Transport;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::support::{Lines, Raw, narrow, soon};

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
