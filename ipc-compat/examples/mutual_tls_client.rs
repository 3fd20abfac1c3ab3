//! The client of node-ipc's most secure TLS example: it shows a certificate and checks the server's.
//!
//! The first argument is settings in JSON (see `support`), the second a directory with certificates, as
//! `cargo run -p ipc-transport --example certificates -- DIR` makes it.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::path::PathBuf;

use ipc_compat::{Config, Ipc, Tls};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(2).map(PathBuf::from).unwrap_or_default();
    let mut tls = Tls::default();
    tls.private = Some(directory.join("client.key"));
    tls.public = Some(directory.join("client.pem"));
    tls.trusted_connections = vec![directory.join("ca.pem")];
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    // The server's certificate must be for this name.
    config.network_host = "localhost".to_owned();
    config.tls = Some(tls);
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to_net("world")?;
    world.on_error(|error| eprintln!("got an error: {error}"));
    world.on("message", |text: String, socket| {
        eprintln!("got a message from world: {text}");
        socket.close();
    });
    world.emit("message", "hello")?;

    world.closed().await;
    Ok(())
}
