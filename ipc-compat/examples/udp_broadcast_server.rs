//! The world of node-ipc's UDP broadcast example: broadcasts once two programs have written to it.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"networkPort":8123}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use std::collections::HashSet;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

#[derive(Debug, Serialize, Deserialize)]
struct Message {
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

    let server = Ipc::new(config).serve_net("udp4")?;
    let (heard, mut names) = mpsc::unbounded_channel();
    server.on("message", move |data: Message, socket| {
        eprintln!("got a message from {}: {}", data.id, data.message);
        let answer = Message { id: "world".to_owned(), message: data.message + " world!" };
        // Nobody learns whether it arrives; this fails only if it cannot be sent.
        let _ = socket.emit("message", &answer);
        let _ = heard.send(data.id);
    });
    eprintln!("listening on {}", server.start().await?);

    let mut missing = HashSet::from(["hello", "goodbye"]);
    while !missing.is_empty() {
        let Some(name) = names.recv().await else { break };
        missing.remove(name.as_str());
    }
    let message = "Everybody Loves The World!".to_owned();
    let report = server.broadcast("message", &Message { id: "world".to_owned(), message })?;
    eprintln!("broadcast done: {report:?}");
    server.stop().await;
    Ok(())
}
