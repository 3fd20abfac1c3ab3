//! The server of node-ipc's example of `sync`: each answer takes time, and no other client waits for it.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

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
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }

    let server = Ipc::new(config).serve(())?;
    server.on("app.message", |data: AppMessage, socket| {
        eprintln!("got a message from {}: {}", data.id, data.message);
        // What takes long is done elsewhere, for handlers run between reads of the socket. That
        // answers stay in order is the client's doing: it sends the next message when it has one.
        let socket = socket.clone();
        tokio::task::spawn_blocking(move || {
            let answer = AppMessage { id: "world".to_owned(), message: data.message + " world!" };
            // Sending fails only if the socket is closed.
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
