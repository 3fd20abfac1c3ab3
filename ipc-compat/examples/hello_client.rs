//! The client of node-ipc's first example: says `hello` once it is connected, and shows the answer.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

use ipc_compat::{Config, Ipc};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ipc = Ipc::new(Config::classic());
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
