//! Peers that are killed with SIGKILL in the middle of their work.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, DisconnectReason, Server, ServerEvent};
use ipc_transport::UnixTransport;
use rustix::process::Pid;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::lines::Lines;

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.unwrap()
}

/// Another process of this program. Dropped, it is killed: a role never ends, so that of a test that fails would stay.
pub(crate) struct Player(Child);

impl Player {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
    }
}

/// Starts this program again in a role, and waits until it says that it has begun.
pub(crate) fn start(role: &str, path: &Path) -> Player {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--play", role])
        .arg(path)
        .stdout(Stdio::piped())
        .spawn();
    let mut player = Player(child.unwrap());
    let mut line = String::new();
    BufReader::new(player.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    player
}

/// Kills a process and waits until it is gone.
pub(crate) fn kill(player: Player) {
    drop(player);
}

/// Plays a role until it is killed.
#[expect(clippy::print_stdout, reason = "this is how a role says that it has begun")]
pub(crate) fn play(role: &str, path: &str) {
    let transport = UnixTransport::new(path);
    runtime().block_on(async {
        match role {
            "client" => {
                let client = Client::builder(Lines, transport).build();
                client.start().unwrap();
                client.connected().await.unwrap();
                println!("begun");
                for n in 0_u64.. {
                    client.send("n", n.to_string().as_str()).await.unwrap();
                }
            }
            "server" => {
                let server = Server::builder(Lines, transport).build();
                server.on("say", |text: String, peer| peer.emit("echo", &text).unwrap());
                server.listen().await.unwrap();
                println!("begun");
                std::future::pending().await
            }
            other => panic!("no such role: {other}"),
        }
    });
}

/// The messages of a client that is killed are a beginning of what it sent, without a hole; the
/// server goes on.
pub(crate) fn client() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("socket");
    runtime().block_on(async {
        let server = Server::builder(Lines, UnixTransport::new(&path)).build();
        let numbers = Arc::new(Mutex::new(Vec::new()));
        let (told, mut events) = mpsc::unbounded_channel();
        let (noted, tell) = (Arc::clone(&numbers), told.clone());
        server.on("n", move |n: u64, _| {
            let mut noted = noted.lock().unwrap();
            noted.push(n);
            if n == 5000 {
                tell.send(None).unwrap();
            }
        });
        server.on_lifecycle(move |event| {
            if let ServerEvent::Disconnect { reason, .. } = event {
                told.send(Some(reason.clone())).unwrap();
            }
        });
        server.listen().await.unwrap();
        for _ in 0..3 {
            let child = start("client", &path);
            assert!(soon(events.recv()).await.unwrap().is_none());
            kill(child);
            let reason = soon(events.recv()).await.unwrap().unwrap();
            let expected =
                [DisconnectReason::PeerClosed, DisconnectReason::Truncated { buffered: 0 }];
            let alike = |other| std::mem::discriminant(&reason) == std::mem::discriminant(other);
            assert!(expected.iter().any(alike), "{reason:?}");
            let numbers = std::mem::take(&mut *numbers.lock().unwrap());
            assert!(numbers.iter().enumerate().all(|(index, n)| index as u64 == *n));
            assert!(server.peers().is_empty());
        }
        assert_eq!(server.shutdown(Duration::from_secs(60)).await.cut, 0);
    });
}

/// A client of a server that is killed knows what was not written and talks to the next server.
pub(crate) fn server() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("socket");
    runtime().block_on(async {
        let pause = Backoff::fixed(Duration::from_millis(5));
        let client = Client::builder(Lines, UnixTransport::new(&path))
            .reconnect(ReconnectPolicy::forever(pause))
            .build();
        let (told, mut echoes) = mpsc::unbounded_channel();
        client.on("echo", move |n: u64, _| told.send(n).unwrap());
        client.start().unwrap();
        for round in 0_u64..3 {
            let child = start("server", &path);
            client.send("say", round.to_string().as_str()).await.unwrap();
            while soon(echoes.recv()).await.unwrap() != round {}
            // A burst, in the middle of which the server goes.
            for _ in 0..1000 {
                client.send("say", "1000").await.unwrap();
            }
            kill(child);
        }
        let report = soon(client.close()).await;
        let tally = client.tally();
        assert_eq!(tally.accepted, 3 * 1001);
        assert_eq!(tally.handed_back, report.undelivered.len() as u64);
        assert_eq!(tally.accepted, tally.written + tally.handed_back);
    });
}
