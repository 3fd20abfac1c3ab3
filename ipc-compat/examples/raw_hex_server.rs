//! The server of node-ipc's hex example: it sends lists of numbers, of which each is a byte.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Encoding, Ipc, RawSocket};
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.raw_buffer = true;
    // With node-ipc before 14 as the peer, hex keeps every byte; utf8 would not.
    config.encoding = Encoding::Hex;
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    server.on_connect(|socket| {
        // Sending fails only if the client has left.
        let _ = socket.write([0xaa]);
    });
    server.on_data(|bytes, socket| {
        eprintln!("got a message {}", Encoding::Hex.to_text(&bytes));
        let _ = socket.write([0x0d, 0xee]);
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
