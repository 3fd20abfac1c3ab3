//! The client of node-ipc's first example: says `hello` once it is connected, and shows the answer.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    world.on("message", |text: String, socket| {
        eprintln!("{text}");
        socket.close();
    });
    world.emit("message", "hello")?; // dials now; the message is queued until connected
    world.closed().await;
    Ok(())
}
