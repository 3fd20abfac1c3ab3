//! Sends the events of one enum, and receives those of another as a stream.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Debug, Serialize)]
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
}

/// What the server sends.
#[derive(Debug, Deserialize)]
enum Told {
    Welcome { name: String },
    Said(String),
    At(i32, i32),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let mut events = world.typed_events()?;
    world.emit_event(&Asked::Join { name: "Ada".to_owned() })?;
    while let Some(told) = events.next().await {
        match told? {
            Told::Welcome { name } => {
                eprintln!("welcome, {name}");
                world.emit_event(&Asked::Say("hello".to_owned()))?;
            }
            Told::Said(text) => {
                eprintln!("said: {text}");
                world.emit_event(&Asked::Move { x: 1, y: -2 })?;
            }
            Told::At(x, y) => {
                eprintln!("at {x}, {y}");
                world.emit_event(&Asked::Leave)?;
                break;
            }
        }
    }
    world.close().await;
    Ok(())
}
