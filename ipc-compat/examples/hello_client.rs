//! The client of node-ipc's first example: says `hello` once it is connected, and shows the answer.
//!
//! A word behind the program's name is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

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
            // Sending fails only if nobody waits for an answer any more.
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
