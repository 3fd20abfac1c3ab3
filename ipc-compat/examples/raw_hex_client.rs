//! The client of node-ipc's hex example: it sends numbers of explicit width and byte order, and
//! shows the bytes that come.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use bytes::{BufMut, BytesMut};
use ipc_compat::{Config, Encoding, Ipc};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let (arrived, mut chunks) = mpsc::unbounded_channel();
    world.on_data(move |bytes, _| {
        // Sending fails only if the receiver was dropped.
        let _ = arrived.send(bytes);
    });

    // Node's writeUInt16BE, writeUInt32BE; `put_u16_le` and so on put the low byte first.
    let mut numbers = BytesMut::with_capacity(6);
    numbers.put_u16(0x02);
    numbers.put_u32(0x00ff_eecc);
    world.write(numbers)?;

    // The reply is three bytes, in any number of chunks.
    let mut received = Vec::new();
    while received.len() < 3 {
        let Some(bytes) = chunks.recv().await else { break };
        received.extend(bytes);
    }
    eprintln!("got a message from world: {}", Encoding::Hex.to_text(&received));
    world.close().await;
    Ok(())
}
