//! The server of node-ipc's first example: it answers every `message` with its own.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use ipc_compat::{Config, Ipc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }
    let ipc = Ipc::new(config);

    let server = ipc.serve(())?;
    server.on("message", |text: String, socket| {
        // Sending fails only if the socket is closed.
        let _ = socket.emit("message", &format!("{text} world!"));
    });
    let endpoint = server.start().await?;
    eprintln!("listening on {endpoint}; end with ctrl-c");

    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
