//! The client of node-ipc's basic TLS example. Unlike there, it has a CA to trust: without one,
//! anyone in between could read and change everything.
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
    tls.trusted_connections = vec![directory.join("ca.pem")];
    let mut config = Config::classic();
    config.id = "hello".to_owned();
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
