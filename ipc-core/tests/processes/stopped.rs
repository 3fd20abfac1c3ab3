//! Peers whose process is stopped with SIGSTOP: their sockets stay open, and no program is notified.

use std::path::PathBuf;
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{CallError, Client, ClientEvent, Heartbeat, MsgPack, Sent, Server, ServerEvent};
use ipc_transport::UnixTransport;
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::killed::{Player, kill, runtime, soon, start};

/// Far more than a process that runs takes to answer, on a machine with other work.
const LIMIT: Duration = Duration::from_secs(5);

fn heartbeat() -> Heartbeat {
    Heartbeat::every(Duration::from_millis(200)).dead_after(LIMIT)
}

fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("socket")
}

/// Stops a process and waits until each of its threads has stopped: the signal stops one of them, whenever that runs
/// next, and only then the others.
fn stop(player: &Player) {
    kill_process(player.pid(), Signal::STOP).unwrap();
    let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let became = waitid(WaitId::Pid(player.pid()), options).unwrap();
    assert!(became.is_some_and(|state| state.stopped()), "it ended");
}

fn go_on(player: &Player) {
    kill_process(player.pid(), Signal::CONT).unwrap();
}

/// A client gives a stopped server up, with the calls it had open, and is served again once that goes on.
pub(crate) fn server() {
    let dir = TempDir::new().unwrap();
    let child = start("called server", &path(&dir));
    runtime().block_on(async {
        let pause = Backoff::fixed(Duration::from_millis(10));
        let client = Client::builder(MsgPack::new(), UnixTransport::new(path(&dir)))
            .reconnect(ReconnectPolicy::forever(pause))
            .heartbeat(heartbeat())
            .build();
        let (told, mut errors) = mpsc::unbounded_channel();
        client.on_lifecycle(move |event| {
            if let ClientEvent::Error(error) = event {
                told.send(error.code()).unwrap();
            }
        });
        assert_eq!(soon(client.call::<_, u64>("add", &1).into_future()).await.unwrap(), 2);
        // Alive, it is asked again and again, and answers.
        let mut trips = 0;
        let mut last = None;
        let mut silent = Instant::now();
        while trips < 3 {
            let trip = client.rtt();
            trips += usize::from(trip != last);
            last = trip;
            if trips < 3 {
                silent = Instant::now();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        stop(&child);
        let open = client.call::<_, u64>("add", &1).within(Duration::from_secs(60));
        let lost = soon(open.into_future()).await.unwrap_err();
        assert!(matches!(lost, CallError::Disconnected { sent: Sent::Maybe }), "{lost:?}");
        // The last answer came after that.
        assert!(silent.elapsed() >= LIMIT);
        assert_eq!(soon(errors.recv()).await, Some("silent"));
        go_on(&child);
        let again = client.call::<_, u64>("add", &2).within(Duration::from_secs(60));
        assert_eq!(soon(again.into_future()).await.unwrap(), 3);
    });
    kill(child);
}

/// A server gives a stopped client up, however much it sends to it.
pub(crate) fn client() {
    for sends in [false, true] {
        let dir = TempDir::new().unwrap();
        let server = runtime();
        server.block_on(async {
            let server = Server::builder(MsgPack::new(), UnixTransport::new(path(&dir)))
                .heartbeat(heartbeat())
                .build();
            let (told, mut errors) = mpsc::unbounded_channel();
            server.on_lifecycle(move |event| {
                if let ServerEvent::Error { error, .. } = event {
                    told.send(error.code()).unwrap();
                }
            });
            server.listen().await.unwrap();
            let child = start("called client", &path(&dir));
            while server.peers().is_empty() {
                tokio::task::yield_now().await;
            }
            let peer = server.peers().remove(0);
            let mut silent = Instant::now();
            assert_eq!(soon(peer.call::<_, u64>("add", &1).into_future()).await.unwrap(), 2);
            while peer.rtt().is_none() {
                silent = Instant::now();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            stop(&child);
            if sends {
                // More than the socket holds.
                peer.emit("long", &"x".repeat(4 << 20)).unwrap();
            }
            assert_eq!(soon(errors.recv()).await, Some("silent"));
            assert!(silent.elapsed() >= LIMIT);
            soon(peer.closed()).await;
            go_on(&child);
            kill(child);
        });
    }
}
