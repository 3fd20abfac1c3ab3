//! What was sent when the runtime stops: what the socket accepts at once is still written.

use std::time::Duration;

use ipc_compat::{Ipc, IpcServer};
use ipc_transport::Endpoint;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::rig::{CONNECTED, Kind, Place, at, ipc, runtimes, soon, threads};

const MANY: usize = 200;

/// A server on a runtime of its own, and what it receives.
fn listening(
    kind: Kind,
    ipc: &Ipc,
) -> (Place, Runtime, IpcServer, Endpoint, UnboundedReceiver<usize>) {
    let (place, home) = (Place::new(kind), threads());
    let server = ipc.serve_on(place.server()).unwrap();
    let (hear, heard) = mpsc::unbounded_channel();
    server.on("n", move |n: usize, _| hear.send(n).unwrap());
    let endpoint = home.block_on(server.start()).unwrap();
    (place, home, server, endpoint, heard)
}

/// Checks that all numbers come, in order.
fn check(home: &Runtime, heard: &mut UnboundedReceiver<usize>, what: &str) {
    home.block_on(async {
        for n in 0..MANY {
            let next = tokio::time::timeout(Duration::from_secs(20), heard.recv()).await;
            assert_eq!(next, Ok(Some(n)), "{what}");
        }
    });
}

#[test]
fn a_client_that_is_disconnected_or_dropped_writes_before_its_runtime_is_gone() {
    for kind in CONNECTED {
        for disconnect in [true, false] {
            for runtime in runtimes() {
                let ipc = ipc();
                let (_place, home, _server, endpoint, mut heard) = listening(kind, &ipc);
                runtime.block_on(async {
                    let client = ipc.connect_on("w", at(&endpoint)).unwrap();
                    soon(client.connected()).await.unwrap();
                    (0..MANY).for_each(|n| client.emit("n", &n).unwrap());
                    if disconnect {
                        // Not as the guide says, which is to await `close` of it.
                        drop(ipc.disconnect("w"));
                    }
                });
                drop(runtime);
                check(&home, &mut heard, &format!("{kind:?}, {disconnect}"));
            }
        }
    }
}

#[test]
fn closing_as_the_guide_says_writes_everything() {
    for kind in CONNECTED {
        for runtime in runtimes() {
            let ipc = ipc();
            let (_place, home, _server, endpoint, mut heard) = listening(kind, &ipc);
            runtime.block_on(async {
                let client = ipc.connect_on("w", at(&endpoint)).unwrap();
                (0..MANY).for_each(|n| client.emit("n", &n).unwrap());
                let report = ipc.disconnect("w").unwrap().close().await;
                assert!(report.undelivered.is_empty());
            });
            drop(runtime);
            check(&home, &mut heard, &format!("{kind:?}"));
        }
    }
}

#[test]
fn a_server_writes_what_waits_before_its_runtime_is_gone() {
    for kind in CONNECTED {
        for dropped in [true, false] {
            for runtime in runtimes() {
                let (place, ipc, home) = (Place::new(kind), ipc(), threads());
                let server = ipc.serve_on(place.server()).unwrap();
                let endpoint = runtime.block_on(server.start()).unwrap();
                let client = ipc.connect_on("w", at(&endpoint)).unwrap();
                let (hear, mut heard) = mpsc::unbounded_channel();
                client.on("n", move |n: usize, _| hear.send(n).unwrap());
                home.block_on(async { client.start() }).unwrap();
                let (come, mut came) = mpsc::unbounded_channel();
                server.on("here", move |_: String, socket| come.send(socket.clone()).unwrap());
                client.emit("here", "I am").unwrap();
                runtime.block_on(async {
                    let socket = soon(came.recv()).await.unwrap();
                    (0..MANY).for_each(|n| socket.emit("n", &n).unwrap());
                });
                if dropped {
                    drop(server);
                }
                drop(runtime);
                check(&home, &mut heard, &format!("{kind:?}, {dropped}"));
            }
        }
    }
}
