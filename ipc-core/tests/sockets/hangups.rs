//! Peers that go without a word, and servers that come back.

use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, Server};
use ipc_transport::Transport;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use crate::rig::{KINDS, Kind, Rig, eventually};
use crate::support::{Lines, Log, Raw, soon};

/// Returns how many tasks there are, this test's own not counted.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Lets `hang_up` connect and vanish 200 times, and looks whether anything stays behind.
async fn check<F: Future<Output = ()>>(rig: &Rig, hang_up: impl Fn(usize) -> F) {
    let client = rig.client();
    let log = Log::of_client(&client);
    rig.log.until("1 connect").await;
    let before = tasks();
    for round in 0..200 {
        hang_up(round).await;
    }
    // Whoever comes after them is served after them: all of them have been accepted by then.
    let last = rig.client();
    let last_log = Log::of_client(&last);
    last.emit("say", "last").unwrap();
    last_log.until("echo last").await;
    soon(last.close()).await;
    eventually(|| rig.server.peers().len() == 1).await;
    eventually(|| tasks() <= before).await;
    client.emit("say", "still here").unwrap();
    log.until("echo still here").await;
}

both_runtimes!(resets_in_the_middle_of_a_frame_leave_nothing_behind);
async fn resets_in_the_middle_of_a_frame_leave_nothing_behind() {
    // Attack 28.
    let rig = Rig::new(Kind::Tcp, |builder| builder.max_connections(1000)).await;
    let remote = rig.transport().endpoint().to_string().replace("tcp:", "");
    check(&rig, |round| {
        let remote = remote.clone();
        async move {
            let mut peer = TcpStream::connect(&remote).await.unwrap();
            peer.write_all(&b"say hello\nsay unfinished"[..=round % 23]).await.unwrap();
            peer.set_zero_linger().unwrap();
        }
    })
    .await;
}

both_runtimes!(a_frame_that_a_reset_cuts_off_is_told);
async fn a_frame_that_a_reset_cuts_off_is_told() {
    let rig = Rig::new(Kind::Tcp, |builder| builder).await;
    let remote = rig.transport().endpoint().to_string().replace("tcp:", "");
    let mut peer = TcpStream::connect(&remote).await.unwrap();
    peer.write_all(b"say hello\nsay unfin").await.unwrap();
    let mut answer = [0; 11];
    tokio::io::AsyncReadExt::read_exact(&mut peer, &mut answer).await.unwrap();
    peer.set_zero_linger().unwrap();
    drop(peer);
    rig.log.until("1 disconnect reset").await;
    let end = ["1 say hello", "1 error truncated", "1 disconnect reset"];
    assert_eq!(rig.log.lines()[1..], end);
}

both_runtimes!(hang_ups_with_unread_answers_leave_nothing_behind);
async fn hang_ups_with_unread_answers_leave_nothing_behind() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder.max_connections(1000)).await;
        let transport = rig.transport();
        check(&rig, |round| {
            let transport = &transport;
            async move {
                let mut peer = Raw::dial(transport).await;
                let questions = "say hello\n".repeat(1 + round % 7 * 300);
                peer.write(questions).await;
                peer.write("say unfini").await;
            }
        })
        .await;
    }
}

both_runtimes!(a_peer_that_closes_its_side_still_gets_the_answers);
async fn a_peer_that_closes_its_side_still_gets_the_answers() {
    // Attack 29.
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let mut peer = Raw::dial(&rig.transport()).await;
        peer.write("say hello\n".repeat(10_000)).await;
        peer.finish().await;
        assert_eq!(peer.rest().await.lines().count(), 10_000, "{kind:?}");
        rig.log.until("1 disconnect by peer").await;
    }
}

both_runtimes!(a_server_that_comes_back_finds_its_clients);
async fn a_server_that_comes_back_finds_its_clients() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let transport = rig.transport();
        let pause = Backoff::fixed(Duration::from_millis(5));
        let client = Client::builder(Lines, rig.transport())
            .reconnect(ReconnectPolicy::forever(pause))
            .build();
        let log = Log::of_client(&client);
        client.start().unwrap();
        client.emit("say", "to the first").unwrap();
        log.until("echo to the first").await;
        let report = soon(rig.server.shutdown(Duration::from_secs(10))).await;
        assert_eq!(report.cut, 0);
        log.until("disconnect by peer").await;
        client.emit("say", "to the second").unwrap();
        // The endpoint is free at once, and where it was.
        let server = Server::builder(Lines, transport).build();
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        soon(server.listen()).await.unwrap();
        log.until("echo to the second").await;
        assert!(soon(client.close()).await.undelivered.is_empty(), "{kind:?}");
        let connects = log.lines().iter().filter(|line| *line == "connect").count();
        assert_eq!(connects, 2);
    }
}

both_runtimes!(a_half_written_message_is_sent_again_whole);
async fn a_half_written_message_is_sent_again_whole() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let transport = rig.transport();
        soon(rig.server.shutdown(Duration::ZERO)).await;
        let mut listener = soon(transport.listen()).await.unwrap();
        let pause = Backoff::fixed(Duration::from_millis(5));
        let client =
            Client::builder(Lines, transport).reconnect(ReconnectPolicy::forever(pause)).build();
        client.start().unwrap();
        let large = "x".repeat(5_000_000);
        client.emit("n", "small").unwrap();
        client.emit("n", &large).unwrap();
        client.emit("n", "last").unwrap();
        let mut peer = Raw::accept(&mut listener).await;
        assert_eq!(peer.line().await, "n small");
        drop(peer);
        let mut peer = Raw::accept(&mut listener).await;
        let all = tokio::spawn(async move { peer.rest().await });
        assert!(soon(client.close()).await.undelivered.is_empty());
        assert!(soon(all).await.unwrap() == format!("n {large}\nn last\n"), "{kind:?}");
    }
}

both_runtimes!(everything_that_was_accepted_is_accounted_for_when_the_server_goes);
async fn everything_that_was_accepted_is_accounted_for_when_the_server_goes() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let client = rig.client();
        let sender = tokio::spawn({
            let client = client.clone();
            async move {
                let mut accepted = 0;
                while client.send("n", &"x".repeat(1000)).await.is_ok() {
                    accepted += 1;
                }
                accepted
            }
        });
        rig.log.until_len(1000).await;
        soon(rig.server.shutdown(Duration::ZERO)).await;
        let accepted: u64 = soon(sender).await.unwrap();
        let undelivered = soon(client.close()).await.undelivered.len() as u64;
        let tally = client.tally();
        assert_eq!((tally.accepted, tally.handed_back), (accepted, undelivered), "{kind:?}");
        assert_eq!(tally.accepted, tally.written + tally.handed_back);
    }
}

both_runtimes!(everything_ends_and_no_task_is_left);
async fn everything_ends_and_no_task_is_left() {
    let before = tasks();
    for kind in KINDS {
        for round in 0..20 {
            let rig = Rig::new(kind, |builder| builder).await;
            let clients: Vec<_> = (0..5).map(|_| rig.client()).collect();
            rig.log.until_len(5).await;
            for client in &clients {
                client.emit("say", "hello").unwrap();
            }
            // Clients first, server first, or both dropped where they are.
            match round % 3 {
                0 => {
                    for client in &clients {
                        soon(client.close()).await;
                    }
                    soon(rig.server.shutdown(Duration::from_secs(10))).await;
                }
                1 => {
                    soon(rig.server.shutdown(Duration::from_secs(10))).await;
                }
                _ => {}
            }
            drop((clients, rig));
        }
        eventually(|| tasks() <= before).await;
    }
}
