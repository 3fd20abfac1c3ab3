//! The client of node-ipc's first example: says `hello` once it is connected, and shows the answer.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use ipc_compat::{Config, Ipc};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }
    let ipc = Ipc::new(config);
    let (answered, mut answers) = mpsc::unbounded_channel();

    let world = ipc.connect_to(("world", move |ipc: &Ipc| {
        let Some(world) = ipc.of("world") else { return };
        world.on("message", move |text: String, _| {
            // Sending fails only if the receiver was dropped.
            let _ = answered.send(text);
        });
    }))?;
    world.emit("message", "hello")?;

    if let Some(answer) = answers.recv().await {
        eprintln!("{answer}");
    }
    world.close().await;
    Ok(())
}
