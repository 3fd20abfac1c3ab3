//! The server of node-ipc's broadcast example: when `hello` and `goodbye` have both written, it asks
//! all clients to leave, and ends when they have.
//!
//! The first argument is settings in JSON; see `support`.
//! The second argument `tcp` takes the network instead of the socket.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::collections::HashSet;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

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
    let (ipc, tcp) = (Ipc::new(config), std::env::args().any(|word| word == "tcp"));

    let server = if tcp { ipc.serve_net(())? } else { ipc.serve(())? };
    let mut messages = server.stream("app.message");
    let (left, mut leaving) = mpsc::channel(2);
    server.on_socket_disconnected(move |_, id| {
        // More than two are not waited for.
        let _ = left.try_send(id.cloned());
    });
    eprintln!("listening on {}", server.start().await?);

    let mut missing = HashSet::from(["hello", "goodbye"]);
    while !missing.is_empty() {
        let Some(message) = messages.next_with_peer().await else { break };
        let (AppMessage { id, message }, socket) = message?;
        eprintln!("got a message from {id}: {message}");
        let answer = AppMessage { id: "world".to_owned(), message: message + " world!" };
        // Sending fails only if the client has left.
        let _ = socket.emit("app.message", &answer);
        missing.remove(id.as_str());
    }
    eprintln!("got all required events, telling clients to kill connection");
    server.broadcast("kill.connection", &json!({ "id": "world" }))?;
    for _ in 0..2 {
        let Some(id) = leaving.recv().await else { break };
        eprintln!("a client left: {id:?}");
    }
    server.stop().await;
    Ok(())
}
