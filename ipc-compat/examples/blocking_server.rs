//! A server of node-ipc without a runtime: a thread for each client. Made for `basic_client`; it ends
//! when its first client leaves.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::mpsc;
use std::thread;

use ipc_compat::Config;
use ipc_compat::blocking::{Event, IpcConnection, IpcServer};
use ipc_core::FormatError;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct AppMessage {
    id: String,
    message: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let mut server = IpcServer::serve(&config, ())?;
    eprintln!("listening on {}", server.start()?);
    let (leaves, left) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(client) = server.accept() {
            let leaves = leaves.clone();
            thread::spawn(move || {
                // The receiver is dropped after the first.
                let _ = leaves.send(answer(client));
            });
        }
    });
    left.recv()??;
    Ok(())
}

/// Answers until the client leaves.
fn answer(mut client: IpcConnection) -> Result<(), FormatError> {
    while let Some(event) = client.recv() {
        let Event::Message(message) = event else { continue };
        if message.event() != "app.message" {
            continue;
        }
        let data: AppMessage = client.decode(&message)?;
        eprintln!("got a message from {}: {}", data.id, data.message);
        let answer = AppMessage { id: "world".to_owned(), message: data.message + " world!" };
        // Sending fails only if the client has left.
        let _ = client.emit("app.message", &answer);
    }
    Ok(())
}
