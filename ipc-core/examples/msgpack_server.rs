//! A server that speaks MessagePack instead of node-ipc's JSON: Rust to Rust, smaller and faster.
//!
//! `cargo run -p ipc-core --example msgpack_server /tmp/sums.sock`; it ends when its client leaves.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipc_core::{MsgPack, Server, ServerEvent};
use ipc_transport::Endpoint;
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: msgpack_server PATH")?;

    let server = Server::builder(MsgPack::new(), Endpoint::Unix(path).transport()?).build();
    server.on("add", |numbers: Vec<i64>, peer| {
        eprintln!("adding {numbers:?}");
        // Sending fails only if the peer has left.
        let _ = peer.emit("sum", &numbers.iter().sum::<i64>());
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_lifecycle(move |event| {
        if let ServerEvent::Disconnect { .. } = event {
            leaves.notify_one();
        }
    });
    eprintln!("listening on {}", server.listen().await?);

    left.notified().await;
    server.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
