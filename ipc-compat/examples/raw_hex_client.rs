//! The client of node-ipc's hex example: it sends numbers of explicit width and byte order, and
//! shows the bytes that come.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use bytes::{BufMut, BytesMut};
use ipc_compat::{Config, Encoding, Ipc};
use ipc_core::Incoming;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let mut events = world.events();

    // Node's writeUInt16BE, writeUInt32BE; `put_u16_le` and so on put the low byte first.
    let mut numbers = BytesMut::with_capacity(6);
    numbers.put_u16(0x02);
    numbers.put_u32(0x00ff_eecc);
    world.emit_raw(numbers)?;

    // The reply is three bytes, in any number of chunks.
    let mut received = Vec::new();
    while received.len() < 3 {
        match events.next().await {
            Some(Incoming::Message(chunk, _)) => {
                received.extend(chunk.into_payload().unwrap_or_default())
            }
            Some(_) => {}
            None => break,
        }
    }
    eprintln!("got a message from world: {}", Encoding::Hex.to_text(&received));
    world.close().await;
    Ok(())
}
