//! The client of node-ipc's example of `sync`: ten messages, each sent when the last was answered.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    config.sync = true;
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }

    let world = Ipc::new(config).connect_to("world")?;
    let (answered, mut answers) = mpsc::unbounded_channel();
    world.on("app.message", move |data: AppMessage, _| {
        // Sending fails only if the receiver was dropped.
        let _ = answered.send(data);
    });
    // All are taken at once; they leave one by one.
    for number in 0..10 {
        let hello = AppMessage { id: "hello".to_owned(), message: format!("hello{number}") };
        world.emit("app.message", &hello)?;
    }

    for _ in 0..10 {
        let Some(AppMessage { id, message }) = answers.recv().await else { break };
        eprintln!("got a message from {id}: {message}");
    }
    world.close().await;
    Ok(())
}
