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
    let (known, mut names) = mpsc::unbounded_channel();
    server.on("app.message", move |data: AppMessage, socket| {
        eprintln!("got a message from {}: {}", data.id, data.message);
        let answer = AppMessage { id: "world".to_owned(), message: data.message + " world!" };
        // Sending fails only if the client has left.
        let _ = socket.emit("app.message", &answer);
        let _ = known.send(data.id);
    });
    let (left, mut leaving) = mpsc::unbounded_channel();
    server.on_socket_disconnected(move |_, id| {
        let _ = left.send(id.cloned());
    });
    eprintln!("listening on {}", server.start().await?);

    let mut missing = HashSet::from(["hello", "goodbye"]);
    while !missing.is_empty() {
        let Some(name) = names.recv().await else { break };
        missing.remove(name.as_str());
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
