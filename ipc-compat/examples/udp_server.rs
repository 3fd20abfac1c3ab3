//! The world of node-ipc's UDP example: answers every message, and ends after the first answer.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"networkPort":8123}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

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

    // Over UDP no client connects or leaves.
    names.recv().await;
    server.stop().await;
    Ok(())
}
