//! The client of node-ipc's hex example: it sends numbers of explicit width and byte order, and
//! shows the bytes that come.
//!
//! A word behind the program's name is the directory of the socket, with its `/`; `/tmp/` without.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

use bytes::{BufMut, BytesMut};
use ipc_compat::{Config, Encoding, Ipc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    if let Some(directory) = std::env::args().nth(1) {
        config.socket_root = directory.into();
    }

    let world = Ipc::new(config).connect_to("world")?;
    world.on_data(|bytes, _| {
        eprintln!("got a message from world: {}", Encoding::Hex.to_text(&bytes))
    });

    // Node's writeUInt16BE, writeUInt32BE; `put_u16_le` and so on put the low byte first.
    let mut numbers = BytesMut::with_capacity(6);
    numbers.put_u16(0x02);
    numbers.put_u32(0x00ff_eecc);
    world.write(numbers)?;

    tokio::signal::ctrl_c().await?;
    world.close().await;
    Ok(())
}
