//! The server of node-ipc's TCP example: one client at a time, answered until it leaves.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc};
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.max_connections = 1;
    support::apply_arguments(&mut config)?;

    // On the config's host and port; `serve_net(("192.0.2.7", 8123))` takes others.
    let server = Ipc::new(config).serve_net(())?;
    server.on("message", |text: String, socket| {
        eprintln!("got a message: {text}");
        // Sending fails only if the client has left.
        let _ = socket.emit("message", &(text + " world!"));
    });
    server.on_error(|error, _| eprintln!("got an error: {error}"));
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
