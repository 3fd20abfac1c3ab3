//! The client of node-ipc's raw example: says `hello`, and shows the bytes that come, to `goodbye`.
//!
//! The first argument is settings in JSON; see `support`.
//! The second argument `tcp` takes the network instead of the socket.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Encoding, Ipc};
use ipc_core::Incoming;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Ascii;
    support::apply_arguments(&mut config)?;
    let (ipc, tcp) = (Ipc::new(config), std::env::args().any(|word| word == "tcp"));

    let world = if tcp { ipc.connect_to_net("world")? } else { ipc.connect_to("world")? };
    let mut events = world.events();
    // Queued until the connection exists.
    world.emit_raw("hello")?;

    // Chunks are arbitrary: a message may arrive in several, or two in one.
    let mut received = Vec::new();
    while let Some(event) = events.next().await {
        let Incoming::Message(chunk, _) = event else { continue };
        let bytes = chunk.into_payload().unwrap_or_default();
        eprintln!("got a message from world: {bytes:?}");
        received.extend(bytes);
        if received.ends_with(b"goodbye") {
            break;
        }
    }
    world.close().await;
    Ok(())
}
