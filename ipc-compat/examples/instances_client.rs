//! Two of node-ipc's objects in one process: one is a client of events, the other one of bytes.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Encoding, Ipc};
use ipc_core::Incoming;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;
    let events = Ipc::new(config.clone());
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    let bytes = Ipc::new(config);

    let world = events.connect_to("world")?;
    let answer = world.next::<String>("message");
    world.emit("message", "hello")?;

    let raw_world = bytes.connect_to("rawworld")?;
    let mut raw_events = raw_world.events();
    raw_world.emit_raw("0dee")?;

    eprintln!("got {}", answer.await?);
    while let Some(event) = raw_events.next().await {
        if let Incoming::Message(chunk, _) = event {
            // The first chunk is enough.
            eprintln!("got {}", Encoding::Hex.to_text(chunk.payload().unwrap_or_default()));
            break;
        }
    }
    tokio::join!(world.close(), raw_world.close());
    Ok(())
}
