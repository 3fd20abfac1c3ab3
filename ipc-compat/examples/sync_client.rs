//! The client of node-ipc's example of `sync`: ten messages, each sent when the last was answered.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    config.sync = true;
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let mut answers = world.stream("app.message");
    // All are queued at once; they are sent one by one.
    for number in 0..10 {
        let hello = AppMessage { id: "hello".to_owned(), message: format!("hello{number}") };
        world.emit("app.message", &hello)?;
    }

    for _ in 0..10 {
        let Some(answer) = answers.next().await else { break };
        let AppMessage { id, message } = answer?;
        eprintln!("got a message from {id}: {message}");
    }
    world.close().await;
    Ok(())
}
