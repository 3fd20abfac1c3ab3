//! The client of node-ipc's raw example: says `hello` each time it is connected, and shows the bytes
//! that come.
//!
//! A word behind the program's name is the directory of the socket, with its `/`; `/tmp/` without.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

use ipc_compat::{Config, Encoding, Ipc, RawSocket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.encoding = Encoding::Ascii;
    if let Some(directory) = std::env::args().nth(1) {
        config.socket_root = directory.into();
    }

    let world = Ipc::new(config).connect_to("world")?;
    // Nothing was awaited since, and there is one thread: no event is missed.
    let socket = world.core().peer().clone();
    world.on_connect(move || {
        eprintln!("connected to world");
        // Sending fails only if the connection is closed, and then nobody hears.
        let _ = socket.write("hello");
    });
    // How the bytes are cut says nothing: two messages may come in one piece.
    world.on_data(|bytes, _| eprintln!("got a message from world: {bytes:?}"));

    tokio::signal::ctrl_c().await?;
    world.close().await;
    Ok(())
}
