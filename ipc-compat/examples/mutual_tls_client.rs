//! The client of node-ipc's most secure TLS example: it shows a certificate and checks the server's.
//!
//! The arguments are settings in JSON, spelt as in node-ipc (`{"networkPort":8123}`), and a
//! directory with certificates, as `cargo run -p ipc-transport --example certificates -- DIR` makes it.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use std::path::PathBuf;

use ipc_compat::{Config, Ipc, Tls};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let settings = words.next().unwrap_or_else(|| "{}".to_owned());
    let directory = words.next().map(PathBuf::from).unwrap_or_default();
    let mut tls = Tls::default();
    tls.private = Some(directory.join("client.key"));
    tls.public = Some(directory.join("client.pem"));
    tls.trusted_connections = vec![directory.join("ca.pem")];
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    // The server's certificate has to bear this name.
    config.network_host = "localhost".to_owned();
    config.tls = Some(tls);
    config.apply_json(&settings.parse()?)?;

    let world = Ipc::new(config).connect_to_net("world")?;
    world.on_error(|error| eprintln!("got an error: {error}"));
    let (answered, mut answers) = mpsc::unbounded_channel();
    world.on("message", move |text: String, _| {
        // Sending fails only if the receiver was dropped.
        let _ = answered.send(text);
    });
    world.emit("message", "hello")?;

    if let Some(text) = answers.recv().await {
        eprintln!("got a message from world: {text}");
    }
    world.close().await;
    Ok(())
}
