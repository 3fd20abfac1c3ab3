//! What peers cost in memory, as the system sees it.

use std::time::Duration;

use ipc_codec::{Limits, Oversize};
use ipc_core::queue::QueueLimits;
use ipc_core::{Server, ServerBuilder};
use ipc_transport::{Stream, Transport, UnixTransport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::lines::Lines;

/// Returns how much memory of this process is resident, in KiB.
pub(crate) fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4
}

pub(crate) const MIB: usize = 1024;

/// Starts a server that answers each `say`, and hands it over together with the way to it.
fn check<F: Future<Output = ()>>(
    settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
    test: impl FnOnce(Server<Lines>, UnixTransport) -> F,
) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = TempDir::new().unwrap();
        let transport = UnixTransport::new(dir.path().join("socket"));
        let server = settings(Server::builder(Lines, transport.clone())).build();
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        server.listen().await.unwrap();
        timeout(Duration::from_secs(120), test(server.clone(), transport)).await.unwrap();
    });
}

/// Asks and waits for the answer: this peer is served.
async fn served(peer: &mut Stream) {
    peer.write_all(b"say hello\n").await.unwrap();
    let mut answer = [0; 11];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"echo hello\n");
}

/// Sends 100 MiB of one frame while another peer is served; returns how many bytes were taken and
/// how much the memory grew at most.
async fn flood(transport: &UnixTransport) -> (usize, usize) {
    let mut other = transport.dial().await.unwrap();
    served(&mut other).await;
    let mut hostile = transport.dial().await.unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    let (before, mut most, mut sent) = (resident(), 0, 0);
    while sent < 100 * MIB * 1024 {
        if hostile.write_all(&chunk).await.is_err() {
            break;
        }
        sent += chunk.len();
        most = most.max(resident().saturating_sub(before));
        if sent % (1024 * 1024) == 0 {
            served(&mut other).await;
        }
    }
    if hostile.write_all(b"\nsay hello\n").await.is_ok() {
        let mut answer = [0; 11];
        hostile.read_exact(&mut answer).await.unwrap();
    }
    served(&mut other).await;
    (sent, most)
}

/// Attack 1: the default limit is 16 MiB, which take at most twice as much.
pub(crate) fn endless_frame() {
    check(
        |builder| builder,
        |_server, transport| async move {
            let (sent, most) = flood(&transport).await;
            assert!((16 * MIB..18 * MIB).contains(&(sent / 1024)), "{sent} bytes were taken");
            assert!(most < 40 * MIB, "grew by {most} KiB");
        },
    );
}

/// Attack 1 again, with a policy that lets the peer live.
pub(crate) fn skipped_frame() {
    let limits = Limits::default().with_max_frame(1024 * 1024).with_oversize(Oversize::Skip);
    check(
        |builder| builder.limits(limits),
        |_server, transport| async move {
            let (sent, most) = flood(&transport).await;
            assert_eq!(sent, 100 * MIB * 1024);
            assert!(most < 6 * MIB, "grew by {most} KiB");
        },
    );
}

/// Attack 25: peers that do not read while everybody is sent 1 GiB in all.
pub(crate) fn stalled_peers() {
    const PEERS: usize = 100;
    check(
        |builder| builder.queue(QueueLimits::default().with_max_bytes(256 * 1024)),
        |server, transport| async move {
            let mut stalled = Vec::new();
            for _ in 0..PEERS - 1 {
                stalled.push(transport.dial().await.unwrap());
            }
            let mut reader = transport.dial().await.unwrap();
            served(&mut reader).await;
            let text = "x".repeat(10_000);
            let reading = tokio::spawn(async move {
                let mut line = vec![0; "news \n".len() + 10_000];
                for _ in 0..1000 {
                    reader.read_exact(&mut line).await.unwrap();
                }
            });
            let (before, mut most) = (resident(), 0);
            for _ in 0..1000 {
                let report = server.broadcast_send("news", text.as_str()).await.unwrap();
                assert!(report.sent >= 1);
                most = most.max(resident().saturating_sub(before));
            }
            reading.await.unwrap();
            // The queues share what was sent to all of them, so they cost much less than this.
            assert!(most < PEERS * 256 + 8 * MIB, "grew by {most} KiB");
        },
    );
}

/// Attack 25: one that does not read, nine that do, and 1 GiB for all of them together.
pub(crate) fn one_stalled_peer() {
    const BUDGET: usize = 1024 * 1024;
    const NOTES: usize = 1640;
    check(
        |builder| builder.queue(QueueLimits::default().with_max_bytes(BUDGET)),
        |server, transport| async move {
            let mut stalled = transport.dial().await.unwrap();
            served(&mut stalled).await;
            let text = "x".repeat(64 * 1024);
            let line = format!("news {text}\n");
            let mut readers = JoinSet::new();
            for _ in 0..9 {
                let mut reader = transport.dial().await.unwrap();
                served(&mut reader).await;
                let mut note = vec![0; line.len()];
                let line = line.clone();
                readers.spawn(async move {
                    for _ in 0..NOTES {
                        reader.read_exact(&mut note).await.unwrap();
                        assert!(note == line.as_bytes());
                    }
                });
            }
            let (before, mut most) = (resident(), 0);
            let mut refused = 0;
            for n in 0..NOTES {
                let report = server.broadcast_send("news", text.as_str()).await.unwrap();
                assert!(report.sent >= 9, "{n}: {report:?}");
                refused += report.failed.len();
                most = most.max(resident().saturating_sub(before));
            }
            while let Some(reader) = readers.join_next().await {
                reader.unwrap();
            }
            // The stalled one has what its queue and the system hold, the others have everything.
            assert!(refused > NOTES / 2, "{refused}");
            // What the nine have not read yet is shared with the one that does not read.
            assert!(most < BUDGET / 1024 + 8 * MIB, "grew by {most} KiB");
        },
    );
}

/// A peer that sends 200 MiB to be echoed and reads nothing, with the default settings: what it
/// costs is four times the mark of its answers, and the others are served.
pub(crate) fn unread_echo() {
    check(
        |builder| builder,
        |server, transport| async move {
            let mut other = transport.dial().await.unwrap();
            served(&mut other).await;
            let stalled = transport.dial().await.unwrap();
            let (mut reader, mut writer) = tokio::io::split(stalled);
            let line = format!("say {}\n", "x".repeat(10_000));
            let (before, mut most, mut sent) = (resident(), 0, 0);
            let all = 200 * MIB * 1024;
            while sent < all {
                // What is not taken for so long waits for the answers to be read.
                let write = writer.write_all(line.as_bytes());
                let Ok(written) = timeout(Duration::from_millis(200), write).await else { break };
                written.unwrap();
                sent += line.len();
                most = most.max(resident().saturating_sub(before));
            }
            assert!(sent < 6 * MIB * 1024, "{sent} bytes were taken");
            for _ in 0..100 {
                served(&mut other).await;
                most = most.max(resident().saturating_sub(before));
            }
            assert!(most < 10 * MIB, "grew by {most} KiB");
            // Once it reads, the rest goes through at full speed, and memory stays as it is.
            let reading = tokio::spawn(async move {
                let (mut room, mut read) = (vec![0; 64 * 1024], 0);
                while let Ok(n @ 1..) = reader.read(&mut room).await {
                    read += n;
                }
                read
            });
            // The line that was given up is there in part: this ends it.
            writer.write_all(b"\n").await.unwrap();
            while sent < all {
                writer.write_all(line.as_bytes()).await.unwrap();
                sent += line.len();
                most = most.max(resident().saturating_sub(before));
            }
            writer.shutdown().await.unwrap();
            assert!(reading.await.unwrap() >= all);
            assert!(most < 10 * MIB, "grew by {most} KiB");
            // The server learns of the end a moment after the peer has read everything.
            while server.peers().len() > 1 {
                served(&mut other).await;
            }
        },
    );
}

/// Connections that have talked once and are silent since.
pub(crate) fn idle_connections() {
    const PEERS: usize = 200;
    check(
        |builder| builder.max_connections(PEERS + 10),
        |server, transport| async move {
            let mut peers = Vec::new();
            let mut before = 0;
            for n in 0..PEERS + 10 {
                let mut peer = transport.dial().await.unwrap();
                served(&mut peer).await;
                peers.push(peer);
                if n == 10 {
                    before = resident();
                }
            }
            let each = resident().saturating_sub(before) * 1024 / PEERS;
            assert_eq!(server.peers().len(), PEERS + 10);
            // Both ends of a connection are in this process. The target for one is 6 KiB; pages and
            // the build of tests (without optimisation) make it coarser.
            assert!(each < 16 * 1024, "{each} bytes each");
        },
    );
}
