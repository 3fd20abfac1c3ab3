//! The other side of node-ipc's raw UDP example: writes `hello`, and shows the datagram that comes.
//!
//! The first argument is settings in JSON; see `support`.
//! The port is the world's.
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
    let world = config.network_port;
    // Each side has a port of its own: here any that is free.
    config.network_port = 0;

    let server = Ipc::new(config).serve_net("udp4")?;
    let (arrived, mut datagrams) = mpsc::unbounded_channel();
    server.on_data(move |bytes, _| {
        // Sending fails only if the receiver was dropped.
        let _ = arrived.send(bytes);
    });
    eprintln!("listening on {}", server.start().await?);
    server.write_to(("127.0.0.1", world), "hello")?;

    if let Some(bytes) = datagrams.recv().await {
        eprintln!("got a message from world: {bytes:?}");
    }
    server.stop().await;
    Ok(())
}
