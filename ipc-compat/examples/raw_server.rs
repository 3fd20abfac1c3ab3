//! The server of node-ipc's raw example: bytes instead of events, text as ASCII.
//!
//! The first argument is settings in JSON; see `support`.
//! The second argument `tcp` takes the network instead of the socket.
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
    config.encoding = Encoding::Ascii;
    support::apply_arguments(&mut config)?;
    let (ipc, tcp) = (Ipc::new(config), std::env::args().any(|word| word == "tcp"));

    let server = if tcp { ipc.serve_net(())? } else { ipc.serve(())? };
    server.on_connect(|socket| {
        // Sending fails only if the client has left.
        let _ = socket.write("hello");
    });
    server.on_data(|bytes, socket| {
        eprintln!("got a message {bytes:?}");
        let _ = socket.write("goodbye");
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
