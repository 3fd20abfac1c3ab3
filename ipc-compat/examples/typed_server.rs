//! Takes the events of an enum: the name of a variant is that of the event. Sends another enum's.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// What clients send.
#[derive(Debug, Deserialize)]
enum Asked {
    Join {
        name: String,
    },
    Say(String),
    #[serde(rename = "game.move")]
    Move {
        x: i32,
        y: i32,
    },
    Leave,
    /// Every other event, whatever its data.
    #[serde(other)]
    Unknown,
}

/// What the server sends.
#[derive(Debug, Serialize)]
enum Told {
    Welcome { name: String },
    Said(String),
    At(i32, i32),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    server.on_events(|asked: Asked, socket| {
        eprintln!("got {asked:?}");
        let told = match asked {
            Asked::Join { name } => Told::Welcome { name },
            Asked::Say(text) => Told::Said(text),
            Asked::Move { x, y } => Told::At(x, y),
            Asked::Leave => return socket.close(),
            Asked::Unknown => return,
        };
        // Sending fails only if the client has left.
        let _ = socket.emit_event(&told);
    })?;
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
