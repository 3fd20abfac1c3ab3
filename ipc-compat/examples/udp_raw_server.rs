//! The world of node-ipc's raw UDP example: each datagram is bytes, and is answered with some.
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
    config.encoding = Encoding::Ascii;
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve_net("udp4")?;
    let replied = Arc::new(Notify::new());
    let replies = Arc::clone(&replied);
    server.on_data(move |bytes, socket| {
        eprintln!("got a message {bytes:?}");
        // It may be lost without notice; this fails only if it cannot be sent.
        let _ = socket.write("goodbye");
        replies.notify_one();
    });
    eprintln!("listening on {}", server.start().await?);

    replied.notified().await;
    server.stop().await;
    Ok(())
}
