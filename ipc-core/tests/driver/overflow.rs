//! A peer that does not read, and what becomes of what is sent to it: each overflow policy.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimit, QueueLimits};
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, EmitError};
use ipc_transport::{MemoryTransport, Transport};
use tokio::time::timeout;

use crate::support::{Lines, Log, Raw, memory, narrow, soon, texts, times};

/// Returns a client whose queue holds 40 bytes: ten lines such as `n 3` with their ends.
fn client(
    transport: &MemoryTransport,
    overflow: OverflowPolicy,
    policy: ReconnectPolicy,
) -> (Client<Lines>, Log) {
    let client = Client::builder(Lines, transport.clone())
        .reconnect(policy)
        .queue(QueueLimits::default().with_max_bytes(40))
        .overflow(overflow)
        .build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    (client, log)
}

/// Returns a client that is connected to a peer which does not read, with the pipe (4 bytes) and
/// the queue full.
async fn full(overflow: OverflowPolicy) -> (Client<Lines>, Log, Raw) {
    let transport = narrow(4);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport, overflow, times(0));
    let peer = Raw::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    client.emit("p", "0").unwrap();
    assert!(soon(client.flush()).await);
    for n in 0..10 {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    let queued = client.peer().queued();
    assert_eq!((queued.messages, queued.bytes), (10, 40));
    (client, log, peer)
}

const FULL: EmitError = EmitError::Full(QueueLimit::Bytes { limit: 40, actual: 44 });

#[tokio::test(start_paused = true)]
async fn error_refuses_at_once() {
    let (client, _, mut peer) = full(OverflowPolicy::Error).await;
    assert_eq!(client.emit("n", "x"), Err(FULL));
    assert_eq!(client.send("n", "x").await, Err(FULL));
    assert_eq!(client.tally().accepted, 11);
    // When the peer reads there is room again.
    assert_eq!(peer.line().await, "p 0");
    assert_eq!(peer.line().await, "n 0");
    client.emit("n", "x").unwrap();
    soon(client.disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn block_refuses_to_emit_and_waits_to_send() {
    let (client, _, mut peer) = full(OverflowPolicy::Block).await;
    assert_eq!(client.emit("n", "x"), Err(FULL));
    let waits = timeout(Duration::from_secs(60), client.send("n", "x")).await;
    assert!(waits.is_err(), "there was no room");
    let send = tokio::spawn({
        let client = client.clone();
        async move { client.send("n", "y").await }
    });
    for n in 0..10 {
        let expected = if n == 0 { "p 0".to_owned() } else { format!("n {}", n - 1) };
        assert_eq!(peer.line().await, expected);
    }
    soon(send).await.unwrap().unwrap();
    // What was given up is not sent, now or later.
    assert_eq!(peer.line().await, "n 9");
    assert_eq!(peer.line().await, "n y");
    assert_eq!(client.tally().accepted, 12);
}

#[tokio::test(start_paused = true)]
async fn many_senders_wait_and_none_is_forgotten() {
    let (client, _, mut peer) = full(OverflowPolicy::Block).await;
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..100 {
        let client = client.clone();
        senders.spawn(async move { client.send("s", n.to_string().as_str()).await });
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..111 {
        assert!(seen.insert(peer.line().await), "sent twice");
    }
    while let Some(sent) = soon(senders.join_next()).await {
        sent.unwrap().unwrap();
    }
    assert_eq!(client.tally().accepted, 111);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waits_learns_of_the_end() {
    for disconnect in [false, true] {
        let (client, _, _peer) = full(OverflowPolicy::Block).await;
        let send = tokio::spawn({
            let client = client.clone();
            async move { client.send("n", "x").await }
        });
        tokio::task::yield_now().await;
        if disconnect {
            soon(client.disconnect()).await;
        } else {
            soon(client.close()).await;
        }
        assert_eq!(soon(send).await.unwrap(), Err(EmitError::Closed));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_while_the_client_reconnects() {
    let transport = memory();
    let (client, _) = client(&transport, OverflowPolicy::Block, times(1000));
    for n in 0..20 {
        let sent = timeout(Duration::from_secs(1), client.send("n", n.to_string().as_str())).await;
        assert_eq!(sent.is_ok(), n < 10, "{n}");
    }
    let send = tokio::spawn({
        let client = client.clone();
        async move { client.send("n", "last").await }
    });
    tokio::task::yield_now().await;
    let mut listener = transport.listen().await.unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    for n in 0..10 {
        assert_eq!(peer.line().await, format!("n {n}"));
    }
    assert_eq!(peer.line().await, "n last");
    soon(send).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn drop_newest_drops_and_counts() {
    let (client, _, mut peer) = full(OverflowPolicy::DropNewest).await;
    client.emit("n", "x").unwrap();
    client.send("n", "y").await.unwrap();
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.dropped), (13, 2));
    assert_eq!(peer.line().await, "p 0");
    for n in 0..10 {
        assert_eq!(peer.line().await, format!("n {n}"));
    }
    client.emit("n", "z").unwrap();
    assert_eq!(peer.line().await, "n z");
}

#[tokio::test(start_paused = true)]
async fn drop_oldest_drops_and_counts() {
    let (client, _, mut peer) = full(OverflowPolicy::DropOldest).await;
    client.emit("n", "x").unwrap();
    client.send("n", "y").await.unwrap();
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.dropped), (13, 2));
    assert_eq!(peer.line().await, "p 0");
    for n in 2..10 {
        assert_eq!(peer.line().await, format!("n {n}"));
    }
    assert_eq!(peer.line().await, "n x");
    assert_eq!(peer.line().await, "n y");
}

#[tokio::test(start_paused = true)]
async fn disconnect_ends_the_connection_and_hands_back() {
    let (client, log, mut peer) = full(OverflowPolicy::Disconnect).await;
    assert_eq!(client.emit("n", "x"), Err(FULL));
    assert_eq!(client.emit("n", "y"), Err(EmitError::Closed));
    let report = soon(client.close()).await;
    let expected: Vec<_> = (0..10).map(|n| format!("n {n}")).collect();
    assert_eq!(texts(&report.undelivered), expected);
    let end = ["error queue_full", "disconnect queue_full", "destroy"];
    assert_eq!(log.lines()[1..], end);
    assert_eq!(peer.rest().await, "p 0\n");
}

#[tokio::test(start_paused = true)]
async fn disconnect_ends_a_client_that_has_no_connection_too() {
    let policy = ReconnectPolicy::default();
    let (client, log) = client(&memory(), OverflowPolicy::Disconnect, policy);
    log.until("disconnect nobody_listening").await;
    for n in 0..10 {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    assert_eq!(client.emit("n", "x"), Err(FULL));
    log.until("destroy").await;
    assert!(log.lines().contains(&"error queue_full".to_owned()), "{:?}", log.lines());
    assert_eq!(soon(client.close()).await.undelivered.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_the_queue_is_refused_by_every_policy() {
    let large = "x".repeat(38);
    let refused = EmitError::TooLarge { limit: 40, actual: 41 };
    for policy in [
        OverflowPolicy::Block,
        OverflowPolicy::Error,
        OverflowPolicy::DropNewest,
        OverflowPolicy::DropOldest,
        OverflowPolicy::Disconnect,
    ] {
        let (client, log) = client(&memory(), policy, ReconnectPolicy::default());
        assert_eq!(client.emit("n", large.as_str()), Err(refused.clone()));
        assert_eq!(soon(client.send("n", large.as_str())).await, Err(refused.clone()));
        client.emit("n", &large[1..]).unwrap();
        assert!(!log.lines().contains(&"destroy".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_cannot_be_sent_is_refused_before_it_waits() {
    let (client, log, mut peer) = full(OverflowPolicy::Block).await;
    let refused = soon(client.send("n", "refused")).await.unwrap_err();
    assert!(matches!(&refused, EmitError::Format(error) if error.code() == "ERR_REFUSED"));
    let split = client.emit("n", "two\nlines").unwrap_err();
    assert!(matches!(split, EmitError::Encode(_)), "{split:?}");
    let emitted =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| client.emit("n", "panic")));
    assert!(emitted.is_err());
    assert_eq!(peer.line().await, "p 0");
    assert_eq!(peer.line().await, "n 0");
    client.emit("n", "x").unwrap();
    for n in 1..10 {
        assert_eq!(peer.line().await, format!("n {n}"));
    }
    assert_eq!(peer.line().await, "n x");
    assert_eq!(log.lines(), ["connect"]);
}
