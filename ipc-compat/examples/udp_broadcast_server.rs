//! The world of node-ipc's UDP broadcast example: sends to all known peers, once there are two.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::collections::HashSet;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve_net("udp4")?;
    let mut messages = server.stream("message");
    eprintln!("listening on {}", server.start().await?);

    let mut missing = HashSet::from(["hello", "goodbye"]);
    while !missing.is_empty() {
        let Some(message) = messages.next_with_peer().await else { break };
        let (Message { id, message }, socket) = message?;
        eprintln!("got a message from {id}: {message}");
        let answer = Message { id: "world".to_owned(), message: message + " world!" };
        // It may be lost without notice; this fails only if it cannot be sent.
        socket.emit("message", &answer)?;
        missing.remove(id.as_str());
    }
    let message = "Everybody Loves The World!".to_owned();
    let report = server.broadcast("message", &Message { id: "world".to_owned(), message })?;
    eprintln!("broadcast done: {report:?}");
    server.stop().await;
    Ok(())
}
