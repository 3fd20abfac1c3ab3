//! The client of node-ipc's basic example: says `hello` and shows the answer.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    // It dials with the first `emit` below: no event is missed.
    world.on_connect(|_| eprintln!("connected to world"));
    world.on_disconnect(|why| eprintln!("disconnected from world: {why:?}"));
    world.on("app.message", |data: AppMessage, socket| {
        eprintln!("got a message from {}: {}", data.id, data.message);
        socket.close();
    });
    // Queued until the connection exists.
    let hello = AppMessage { id: "hello".to_owned(), message: "hello".to_owned() };
    world.emit("app.message", &hello)?;

    world.closed().await;
    Ok(())
}
