//! The world of node-ipc's raw UDP example: each datagram is bytes, and is answered with some.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"networkPort":8123}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use std::sync::Arc;

use ipc_compat::{Config, Encoding, Ipc, RawSocket};
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.raw_buffer = true;
    config.encoding = Encoding::Ascii;
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }

    let server = Ipc::new(config).serve_net("udp4")?;
    let heard = Arc::new(Notify::new());
    let hears = Arc::clone(&heard);
    server.on_data(move |bytes, socket| {
        eprintln!("got a message {bytes:?}");
        // Nobody learns whether it arrives; this fails only if it cannot be sent.
        let _ = socket.emit_raw("goodbye");
        hears.notify_one();
    });
    eprintln!("listening on {}", server.start().await?);

    heard.notified().await;
    server.stop().await;
    Ok(())
}
