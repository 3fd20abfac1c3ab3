//! The server of node-ipc's hex example: it sends lists of numbers, of which each is a byte.
//!
//! A word behind the program's name is the directory of the socket, with its `/`; `/tmp/` without.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

use ipc_compat::{Config, Encoding, Ipc, RawSocket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.raw_buffer = true;
    // With node-ipc before 14 as the peer, hex keeps every byte; utf8 would not.
    config.encoding = Encoding::Hex;
    if let Some(directory) = std::env::args().nth(1) {
        config.socket_root = directory.into();
    }

    let server = Ipc::new(config).serve(())?;
    server.on_connect(|socket| {
        // Sending fails only if the socket is gone, and then there is nobody to greet.
        let _ = socket.write([0xaa]);
    });
    server.on_data(|bytes, socket| {
        eprintln!("got a message {}", Encoding::Hex.to_text(&bytes));
        let _ = socket.write([0x0d, 0xee]);
    });
    let endpoint = server.start().await?;
    eprintln!("listening on {endpoint}; end with ctrl-c");

    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
