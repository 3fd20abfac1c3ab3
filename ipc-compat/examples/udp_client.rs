//! The other side of node-ipc's UDP examples, a server as well: writes first, and shows what comes.
//!
//! The first argument is settings in JSON; see `support`.
//! The port is the world's; `id` is a name. The second argument is the number of messages to wait for.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    support::apply_arguments(&mut config)?;
    let id = config.id.clone();
    let world = config.network_port;
    // Each side has a port of its own: here any that is free.
    config.network_port = 0;

    let server = Ipc::new(config).serve_net("udp4")?;
    let mut messages = server.stream("message");
    eprintln!("listening on {}", server.start().await?);
    server.emit_to(
        ("127.0.0.1", world),
        "message",
        &Message { message: "Hello".to_owned(), id },
    )?;

    let expected = std::env::args().nth(2).map_or(Ok(1), |count| count.parse())?;
    for _ in 0..expected {
        let Some(message) = messages.next().await else { break };
        let Message { id, message } = message?;
        eprintln!("got a message from {id}: {message}");
    }
    server.stop().await;
    Ok(())
}
