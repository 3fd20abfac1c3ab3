//! The other side of node-ipc's raw UDP example: writes `hello`, and shows the datagram that comes.
//!
//! The first argument is settings in JSON; see `support`.
//! The port is the world's.
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
    let world = config.network_port;
    // Each side has a port of its own: here any that is free.
    config.network_port = 0;

    let server = Ipc::new(config).serve_net("udp4")?;
    let mut events = server.events();
    eprintln!("listening on {}", server.start().await?);
    server.emit_raw_to(("127.0.0.1", world), "hello")?;

    while let Some(event) = events.next().await {
        if let Incoming::Message(datagram, _) = event {
            eprintln!(
                "got a message from world: {:?}",
                datagram.into_payload().unwrap_or_default()
            );
            break;
        }
    }
    server.stop().await;
    Ok(())
}
