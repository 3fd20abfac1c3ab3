//! A client of node-ipc without a runtime: one thread, which waits. Made for `basic_server`.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::Config;
use ipc_compat::blocking::{Event, IpcClient};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;

    let mut world = IpcClient::connect_to(&config, "world")?;
    let hello = AppMessage { id: "hello".to_owned(), message: "hello".to_owned() };
    world.emit("app.message", &hello)?;
    // It connects, writes and reads within this call, and reconnects after a loss.
    while let Some(event) = world.recv() {
        match event {
            Event::Message(message) if message.event() == "app.message" => {
                let AppMessage { id, message } = world.decode(&message)?;
                eprintln!("got a message from {id}: {message}");
                break;
            }
            Event::Lifecycle(event) => eprintln!("{event:?}"),
            _ => {}
        }
    }
    world.close();
    Ok(())
}
