//! A peer that floods leaves the others their share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ipc_codec::{Limits, Oversize};
use ipc_core::{Server, ServerEvent};
use tokio::io::AsyncWriteExt;

use crate::support::{Lines, Raw, client, memory, narrow, server, soon};

/// Lets one peer flood the server with `frame`s while another talks, and compares how many of them
/// were dealt with at most between a question of the other and its answer.
async fn check(frame: &str, max_frame: usize, most: u64) {
    let transport = narrow(1024 * 1024);
    let limits = Limits::default().with_max_frame(max_frame).with_oversize(Oversize::Skip);
    let server = Server::builder(Lines, transport.clone()).limits(limits).build();
    let handled = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&handled);
    server.on("flood", move |_: String, _| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let counted = Arc::clone(&handled);
    server.on_lifecycle(move |event| {
        if matches!(event, ServerEvent::Error { .. }) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    soon(server.listen()).await.unwrap();
    let mut flooder = Raw::dial(&transport).await;
    let mut other = Raw::dial(&transport).await;
    let over = Arc::new(AtomicBool::new(false));
    let (done, chunk) = (Arc::clone(&over), frame.repeat(1_000_000 / frame.len()));
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
    // Attack 3: the budget of a turn, 64 KiB, is that of some 900 of them.
    check("flood x\n", 1000, 3 * 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_large_frames_does_not_either() {
    check(&format!("flood {}\n", "x".repeat(50_000)), 60_000, 3 * 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_malformed_frames_does_not_either() {
    check("x\n", 1000, 3 * 1100).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_that_are_too_large_does_not_either() {
    check("too large\n", 8, 3 * 1100).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_without_end_lets_its_own_answers_in() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let (client, log) = client(&transport);
    // Each answer makes two questions, so there is always something to write.
    client.on("echo", |text: String, peer| {
        let _ = peer.emit("say", text.as_str());
        let _ = peer.emit("say", text.as_str());
    });
    client.emit("say", "x").unwrap();
    log.until_len(5000).await;
    soon(client.disconnect()).await;
}
