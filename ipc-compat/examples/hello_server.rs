//! The server of node-ipc's first example: it answers every `message` with its own.
//!
//! A word behind the program's name is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "it talks to whoever runs it")]

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
        // Sending fails only if the socket is gone, and then there is nobody to answer.
        let _ = socket.emit("message", &format!("{text} world!"));
    });
    let endpoint = server.start().await?;
    eprintln!("listening on {endpoint}; end with ctrl-c");

    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
