//! A client of node-ipc's broadcast example: writes once, and leaves when the server asks everybody to.
//!
//! The first argument is settings in JSON; see `support`.
//! In them `id` is `hello` or `goodbye`. The second argument `tcp` takes the network instead of the socket.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc, RawJson};
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
    config.id = "hello".to_owned();
    support::apply_arguments(&mut config)?;
    let id = config.id.clone();
    let (ipc, tcp) = (Ipc::new(config), std::env::args().any(|word| word == "tcp"));

    let world = if tcp { ipc.connect_to_net("world")? } else { ipc.connect_to("world")? };
    world.on("app.message", |data: AppMessage, _| {
        eprintln!("got a message from {}: {}", data.id, data.message);
    });
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    world.on("kill.connection", move |_: RawJson, _| {
        eprintln!("world requested kill.connection");
        asks.notify_one();
    });
    world.emit("app.message", &AppMessage { message: id.clone(), id })?;

    asked.notified().await;
    world.close().await;
    Ok(())
}
