//! A peer that floods leaves the others their share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;

use crate::support::{Raw, memory, narrow, server, soon};

/// Lets one peer flood the server with `chunk` while another talks, and compares how much of the
/// flood was handled at most between a question of the other and its answer.
async fn check(chunk: String, most: u64) {
    let transport = narrow(1024 * 1024);
    let server = ipc_core::Server::builder(crate::support::Lines, transport.clone()).build();
    let handled = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&handled);
    server.on("flood", move |text: String, _| {
        counted.fetch_add(text.len() as u64 + 1, Ordering::Relaxed);
    });
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    soon(server.listen()).await.unwrap();
    let mut flooder = Raw::dial(&transport).await;
    let mut other = Raw::dial(&transport).await;
    let over = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&over);
    let flood = tokio::spawn(async move {
        while !done.load(Ordering::Relaxed) {
            flooder.0.write_all(chunk.as_bytes()).await.unwrap();
        }
    });
    // In a task of its own: the runtime looks after a test's main task only now and then.
    let talk = tokio::spawn(async move {
        for n in 0..50 {
            let before = handled.load(Ordering::Relaxed);
            other.write(format!("say {n}\n")).await;
            assert_eq!(other.line().await, format!("echo {n}"));
            let between = handled.load(Ordering::Relaxed) - before;
            assert!(between <= most, "{between} while another waited");
        }
        assert!(handled.load(Ordering::Relaxed) > 0);
    });
    soon(talk).await.unwrap();
    over.store(true, Ordering::Relaxed);
    soon(flood).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_tiny_frames_does_not_starve_another_peer() {
    // Attack 3: 64 KiB of budget are some 900 of them a turn, each payload of 1 counted as 2.
    check("flood x\n".repeat(10_000), 3 * 2 * 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_large_frames_does_not_either() {
    let frame = format!("flood {}\n", "x".repeat(50_000));
    check(frame.repeat(20), 3 * 3 * 50_001).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_without_end_lets_its_own_answers_in() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let (client, log) = crate::support::client(&transport);
    // Each answer makes two questions, so there is always something to write.
    client.on("echo", |text: String, peer| {
        let _ = peer.emit("say", text.as_str());
        let _ = peer.emit("say", text.as_str());
    });
    client.emit("say", "x").unwrap();
    log.until_len(5000).await;
    soon(client.disconnect()).await;
}
