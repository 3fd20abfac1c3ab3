//! Two of node-ipc's objects in one process: one is a client of events, the other one of bytes.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Encoding, Ipc};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;
    let events = Ipc::new(config.clone());
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    let bytes = Ipc::new(config);
    let (answered, mut answers) = mpsc::unbounded_channel();

    let world = events.connect_to("world")?;
    let text_answered = answered.clone();
    world.on("message", move |text: String, _| {
        // Sending fails only if the receiver was dropped.
        let _ = text_answered.send(text);
    });
    world.emit("message", "hello")?;

    let raw_world = bytes.connect_to("rawworld")?;
    raw_world.on_data(move |bytes, _| {
        let _ = answered.send(Encoding::Hex.to_text(&bytes));
    });
    raw_world.write("0dee")?;

    for _ in 0..2 {
        let Some(answer) = answers.recv().await else { break };
        eprintln!("got {answer}");
    }
    tokio::join!(world.close(), raw_world.close());
    Ok(())
}
