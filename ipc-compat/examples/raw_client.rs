//! The client of node-ipc's raw example: says `hello`, and shows the bytes that come, to `goodbye`.
//!
//! The first argument is settings in JSON; see `support`.
//! The second argument `tcp` takes the network instead of the socket.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Encoding, Ipc};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Ascii;
    support::apply_arguments(&mut config)?;
    let (ipc, tcp) = (Ipc::new(config), std::env::args().any(|word| word == "tcp"));

    let world = if tcp { ipc.connect_to_net("world")? } else { ipc.connect_to("world")? };
    let (arrived, mut chunks) = mpsc::unbounded_channel();
    world.on_data(move |bytes, _| {
        // Sending fails only if the receiver was dropped.
        let _ = arrived.send(bytes);
    });
    // Queued until the connection exists.
    world.write("hello")?;

    // Chunks are arbitrary: a message may arrive in several, or two in one.
    let mut received = Vec::new();
    while !received.ends_with(b"goodbye") {
        let Some(bytes) = chunks.recv().await else { break };
        eprintln!("got a message from world: {bytes:?}");
        received.extend(bytes);
    }
    world.close().await;
    Ok(())
}
