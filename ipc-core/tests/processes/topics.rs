//! Subscriptions to servers that are killed with SIGKILL and come back.

use std::future::pending;
use std::path::Path;
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, MsgPack, Server};
use ipc_transport::UnixTransport;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::killed::{kill, runtime, soon, start};

/// Publishes the number of this process, again and again, until it is killed.
#[expect(clippy::print_stdout, reason = "this is how a role says that it has begun")]
pub(crate) fn play(path: &str) {
    let transport = UnixTransport::new(path);
    runtime().block_on(async {
        let server = Server::builder(MsgPack::new(), transport).build();
        server.listen().await.unwrap();
        tokio::spawn(async move {
            loop {
                server.publish("process.id", &std::process::id()).unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        println!("begun");
        pending().await
    })
}

pub(crate) fn killed_server() {
    runtime().block_on(async {
        let dir = TempDir::new().unwrap();
        let path = Path::join(dir.path(), "socket");
        let pause = Backoff::fixed(Duration::from_millis(5));
        let client = Client::builder(MsgPack::new(), UnixTransport::new(&path))
            .reconnect(ReconnectPolicy::forever(pause))
            .build();
        let (sender, mut heard) = mpsc::unbounded_channel();
        client.on_topic("process.*", move |id: u32, _| sender.send(id).unwrap()).unwrap();
        for round in 0..5 {
            let child = start("topics", &path);
            if round == 0 {
                soon(client.subscribe(["process.id", "other"])).await.unwrap();
            }
            while soon(heard.recv()).await.unwrap() != child.id() {}
            kill(child);
        }
    });
}
