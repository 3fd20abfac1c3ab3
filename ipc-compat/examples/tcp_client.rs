//! The client of node-ipc's TCP example: says `hello` and shows the answer.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "hello".to_owned();
    support::apply_arguments(&mut config)?;

    // At the config's host and port; `connect_to_net(("world", "192.0.2.7", 8123))` takes others.
    let world = Ipc::new(config).connect_to_net("world")?;
    world.on("message", |text: String, socket| {
        eprintln!("got a message from world: {text}");
        socket.close();
    });
    world.emit("message", "hello")?;

    world.closed().await;
    Ok(())
}
