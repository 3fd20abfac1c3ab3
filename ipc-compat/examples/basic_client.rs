//! The client of node-ipc's basic example: says `hello` and shows the answer.
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
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }

    let world = Ipc::new(config).connect_to("world")?;
    // It does not dial before the first `emit` below: no event is missed.
    world.on_connect(|_| eprintln!("connected to world"));
    world.on_disconnect(|why| eprintln!("disconnected from world: {why:?}"));
    let (answered, mut answers) = mpsc::unbounded_channel();
    world.on("app.message", move |data: AppMessage, _| {
        // Sending fails only if the receiver was dropped.
        let _ = answered.send(data);
    });
    // It waits for the connection.
    let hello = AppMessage { id: "hello".to_owned(), message: "hello".to_owned() };
    world.emit("app.message", &hello)?;

    if let Some(AppMessage { id, message }) = answers.recv().await {
        eprintln!("got a message from {id}: {message}");
    }
    world.close().await;
    Ok(())
}
