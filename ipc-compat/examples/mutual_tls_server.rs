//! The server of node-ipc's most secure TLS example: every client needs a trusted certificate.
//!
//! The first argument is settings in JSON (see `support`), the second a directory with certificates, as
//! `cargo run -p ipc-transport --example certificates -- DIR` makes it.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use ipc_compat::{Config, Ipc, Tls};
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(2).map(PathBuf::from).unwrap_or_default();
    let mut tls = Tls::default();
    tls.private = Some(directory.join("server.key"));
    tls.public = Some(directory.join("server.pem"));
    // Who trusts certificates wants to see one.
    tls.trusted_connections = vec![directory.join("ca.pem")];
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.tls = Some(tls);
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve_net(())?;
    server.on_connect(|socket| {
        let tls = socket.info().and_then(|info| info.tls.clone());
        let (count, verified) =
            tls.map_or((0, false), |tls| (tls.certificates.len(), tls.verified));
        eprintln!("connection detected: {count} certificates, trusted: {verified}");
    });
    server.on("message", |text: String, socket| {
        eprintln!("got a message: {text}");
        // Sending fails only if the client has left.
        let _ = socket.emit("message", &(text + " world!"));
    });
    // A handshake that failed is one, too.
    server.on_error(|error, _| eprintln!("got an error: {error}"));
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
