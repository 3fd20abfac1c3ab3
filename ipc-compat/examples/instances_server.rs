//! Two of node-ipc's objects in one process, each with a config of its own: one for events, one for
//! bytes. It ends when a client of each has left.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Encoding, Ipc, RawSocket};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;
    config.id = "world".to_owned();
    let events = Ipc::new(config.clone());
    config.id = "rawworld".to_owned();
    config.raw_buffer = true;
    config.encoding = Encoding::Hex;
    let bytes = Ipc::new(config);
    let (left, mut leaving) = mpsc::unbounded_channel();

    let server = events.serve(())?;
    server.on("message", |text: String, socket| {
        eprintln!("got a message: {text}");
        // Sending fails only if the client has left.
        let _ = socket.emit("message", &(text + " world!"));
    });
    let leaves = left.clone();
    server.on_socket_disconnected(move |_, _| {
        let _ = leaves.send(());
    });
    server.start().await?;

    let raw_server = bytes.serve(())?;
    raw_server.on_data(|bytes, socket| {
        eprintln!("got bytes: {}", Encoding::Hex.to_text(&bytes));
        let _ = socket.write(bytes);
    });
    raw_server.on_socket_disconnected(move |_, _| {
        let _ = left.send(());
    });
    eprintln!("listening on {}", raw_server.start().await?);

    for _ in 0..2 {
        leaving.recv().await;
    }
    tokio::join!(server.stop(), raw_server.stop());
    Ok(())
}
