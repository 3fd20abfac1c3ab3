//! Backpressure towards the peer that causes it, over real sockets and on both runtimes.

use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::{Client, Server};
use ipc_transport::{MemoryHub, MemoryTransport, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{KINDS, Kind, Rig, eventually};
use crate::support::{Lines, Log, soon};

/// A message and its answer have as many bytes as this.
const LINE: usize = 1000;

/// The high-water mark here, in bytes. Four times as much waits for one that reads nothing.
const MARK: usize = 100_000;

fn text(n: usize) -> String {
    format!("{n:0width$}", width = LINE - "echo \n".len())
}

/// Returns a server that waits for the answers to be read at the mark, and for the rest of a frame without end: what
/// was begun is left unfinished here for as long as the machine takes.
async fn patient(kind: Kind) -> Rig {
    Rig::new(kind, |builder| builder.high_water_mark(Some(MARK)).frame_timeout(None)).await
}

/// Writes until the server, which has more than the mark waiting, has read nothing for a while; returns how many bytes
/// were taken.
async fn flood(peer: &mut Stream, server: &Server<Lines>, bytes: &[u8]) -> usize {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        match tokio::time::timeout(Duration::from_millis(500), peer.write(rest)).await {
            Ok(n) => taken += n.unwrap(),
            Err(_) if server.peers()[0].queued().bytes > MARK => break,
            // The server did not run yet.
            Err(_) => {}
        }
    }
    taken
}

both_runtimes!(an_echo_server_holds_no_more_than_its_mark_for_one_that_does_not_read);
async fn an_echo_server_holds_no_more_than_its_mark_for_one_that_does_not_read() {
    for kind in KINDS {
        let rig = patient(kind).await;
        let mut peer = soon(rig.transport().dial()).await.unwrap();
        // Far more than the system holds for both directions.
        let count = 20_000;
        let asked: String = (0..count).map(|n| format!("say {} \n", text(n))).collect();
        let taken = flood(&mut peer, &rig.server, asked.as_bytes()).await;
        assert!(taken < asked.len(), "{kind:?}: everything was taken");
        let waits = rig.server.peers()[0].queued().bytes;
        assert!(waits <= 4 * MARK + 4 * LINE + 64 * 1024, "{kind:?}: {waits} bytes wait");
        // Others are served meanwhile.
        let other = rig.client();
        let log = Log::of_client(&other);
        other.emit("say", "hello").unwrap();
        log.until("echo hello").await;
        // Whoever reads at last gets everything.
        let (mut reader, mut writer) = tokio::io::split(peer);
        let rest = asked.as_bytes()[taken..].to_vec();
        let writing = tokio::spawn(async move {
            writer.write_all(&rest).await.unwrap();
            writer.flush().await.unwrap();
            writer
        });
        let mut line = vec![0; LINE + 1];
        for n in 0..count {
            soon(reader.read_exact(&mut line)).await.unwrap();
            assert!(line == format!("echo {} \n", text(n)).as_bytes(), "{kind:?}: {n}");
        }
        drop(soon(writing).await.unwrap());
        assert!(!rig.log.lines().iter().any(|line| line.contains("error")), "{kind:?}");
    }
}

both_runtimes!(one_that_hangs_up_while_it_is_not_read_from_is_noticed);
async fn one_that_hangs_up_while_it_is_not_read_from_is_noticed() {
    for kind in KINDS {
        let rig = patient(kind).await;
        let mut peer = soon(rig.transport().dial()).await.unwrap();
        let asked = format!("say {}\n", text(0)).repeat(20_000);
        assert!(flood(&mut peer, &rig.server, asked.as_bytes()).await < asked.len());
        assert_eq!(rig.server.peers().len(), 1);
        drop(peer);
        eventually(|| rig.server.peers().is_empty()).await;
    }
}

/// Returns a queue in which the questions of one side and its answers have room together.
fn room_for_all() -> QueueLimits {
    QueueLimits::default().with_max_bytes(64 << 20)
}

/// Both answer what the other asks, and both ask more than all the sockets between them hold.
async fn ask_each_other(transport: Box<dyn Transport>, server: &Server<Lines>, log: &Log) {
    const COUNT: usize = 5000;
    let client =
        Client::builder(Lines, transport).high_water_mark(Some(MARK)).queue(room_for_all()).build();
    client.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let client_log = Log::of_client(&client);
    client.start().unwrap();
    log.until("1 connect").await;
    let asking = tokio::spawn({
        let peer = server.peers()[0].clone();
        async move {
            for n in 0..COUNT {
                peer.send("say", text(n).as_str()).await.unwrap();
            }
        }
    });
    for n in 0..COUNT {
        soon(client.send("say", text(n).as_str())).await.unwrap();
    }
    soon(asking).await.unwrap();
    client_log.until(&format!("echo {}", text(COUNT - 1))).await;
    log.until(&format!("1 echo {}", text(COUNT - 1))).await;
    soon(client.close()).await;
}

/// Both send more than the sockets and the queues between them hold, and neither answers.
async fn talk_at_each_other(transport: Box<dyn Transport>, server: &Server<Lines>, log: &Log) {
    const COUNT: usize = 20_000;
    let client = Client::builder(Lines, transport).high_water_mark(Some(MARK)).build();
    let client_log = Log::of_client(&client);
    client.start().unwrap();
    eventually(|| server.peers().len() == 1).await;
    let telling = tokio::spawn({
        let peer = server.peers()[0].clone();
        async move {
            for n in 0..COUNT {
                peer.send("tell", text(n).as_str()).await.unwrap();
            }
            peer.id()
        }
    });
    for n in 0..COUNT {
        soon(client.send("tell", text(n).as_str())).await.unwrap();
    }
    let id = soon(telling).await.unwrap();
    client_log.until(&format!("tell {}", text(COUNT - 1))).await;
    log.until(&format!("{id} tell {}", text(COUNT - 1))).await;
    soon(client.close()).await;
}

both_runtimes!(two_sides_that_flood_each_other_do_not_wait_for_ever);
async fn two_sides_that_flood_each_other_do_not_wait_for_ever() {
    for kind in KINDS {
        let rig =
            Rig::new(kind, |builder| builder.high_water_mark(Some(MARK)).queue(room_for_all()))
                .await;
        ask_each_other(rig.transport(), &rig.server, &rig.log).await;
        eventually(|| rig.server.peers().is_empty()).await;
        talk_at_each_other(rig.transport(), &rig.server, &rig.log).await;
    }
    let memory = MemoryTransport::new("sockets-pausing").with_hub(MemoryHub::new());
    let server = Server::builder(Lines, memory.clone())
        .high_water_mark(Some(MARK))
        .queue(room_for_all())
        .build();
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    ask_each_other(Box::new(memory.clone()), &server, &log).await;
    eventually(|| server.peers().is_empty()).await;
    talk_at_each_other(Box::new(memory), &server, &log).await;
    soon(server.shutdown(Duration::from_secs(5))).await;
}
