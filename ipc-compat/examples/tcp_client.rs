//! The client of node-ipc's TCP example: says `hello` and shows the answer.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"networkPort":8123}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use ipc_compat::{Config, Ipc};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }

    // At the config's host and port; `connect_to_net(("world", "192.0.2.7", 8123))` takes others.
    let world = Ipc::new(config).connect_to_net("world")?;
    let (answered, mut answers) = mpsc::unbounded_channel();
    world.on("message", move |text: String, _| {
        // Sending fails only if the receiver was dropped.
        let _ = answered.send(text);
    });
    world.emit("message", "hello")?;

    if let Some(text) = answers.recv().await {
        eprintln!("got a message from world: {text}");
    }
    world.close().await;
    Ok(())
}
