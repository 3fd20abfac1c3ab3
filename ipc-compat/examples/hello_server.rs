//! The server of node-ipc's first example: it answers every `message` with its own.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;
    let ipc = Ipc::new(config);

    let server = ipc.serve(())?;
    server.on("message", |text: String, socket| {
        // Sending fails only if the client has left.
        let _ = socket.emit("message", &format!("{text} world!"));
    });
    let endpoint = server.start().await?;
    eprintln!("listening on {endpoint}; end with ctrl-c");

    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
