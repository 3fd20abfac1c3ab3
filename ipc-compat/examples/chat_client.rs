//! A member of a chat room: greets the other one, and leaves once it is greeted. Its name is its id.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Serialize)]
enum Asked<'a> {
    Join { room: &'a str, name: &'a str },
    Say(String),
}

/// What the server sends.
#[derive(Deserialize)]
enum Told {
    Joined { name: String, members: usize },
    Said { name: String, text: String },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "Ada".to_owned();
    support::apply_arguments(&mut config)?;
    let me = config.id.clone();

    let world = Ipc::new(config).connect_to("world")?;
    let mut events = world.typed_events()?;
    world.emit_event(&Asked::Join { room: "kitchen", name: &me })?;
    while let Some(told) = events.next().await {
        match told? {
            Told::Joined { name, members } => {
                eprintln!("{name} is here, of {members}");
                if members == 2 {
                    world.emit_event(&Asked::Say(format!("hello from {me}")))?;
                }
            }
            Told::Said { name, text } => {
                eprintln!("{name}: {text}");
                break;
            }
        }
    }
    world.close().await; // What it has said is written first.
    Ok(())
}
