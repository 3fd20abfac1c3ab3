//! The server of node-ipc's example of `sync`: each reply takes time, and delays no other client.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    server.on("app.message", |data: AppMessage, socket| {
        eprintln!("got a message from {}: {}", data.id, data.message);
        // What takes long is done elsewhere, for handlers run between reads of the socket. That
        // answers stay in order is the client's doing: it sends the next message when it has one.
        let socket = socket.clone();
        tokio::task::spawn_blocking(move || {
            let answer = AppMessage { id: "world".to_owned(), message: data.message + " world!" };
            // Sending fails only if the client has left.
            let _ = socket.emit("app.message", &answer);
        });
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
