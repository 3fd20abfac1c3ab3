//! A chat with rooms: each is a group of clients, Rust or JavaScript. It ends when the last room is
//! empty.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc, Socket};
use ipc_core::GroupEvent;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// What clients send.
#[derive(Deserialize)]
enum Asked {
    Join { room: String, name: String },
    Say(String),
}

/// What the server sends.
#[derive(Serialize)]
enum Told<'a> {
    Joined { name: &'a str, members: usize },
    Said { name: &'a str, text: &'a str },
}

/// Who a client is, kept with its connection.
struct Member {
    room: String,
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    let chat = server.clone();
    let hear = move |asked: Asked, socket: &Socket| -> Result<(), Box<dyn std::error::Error>> {
        match asked {
            Asked::Join { room, name } => {
                socket.join(&room)?;
                let target = chat.to(&*room);
                let members = target.peers().len();
                eprintln!("{name} joined {room}");
                target.emit_event(&Told::Joined { name: &name, members })?;
                socket.attach(Member { room, name });
            }
            Asked::Say(text) => {
                if let Some(member) = socket.attached::<Member>() {
                    let others = chat.to(&*member.room).except(socket.id());
                    others.emit_event(&Told::Said { name: &member.name, text: &text })?;
                }
            }
        }
        Ok(())
    };
    server.on_events(move |asked: Asked, socket| {
        if let Err(error) = hear(asked, socket) {
            eprintln!("{error}");
        }
    })?;
    let empty = Arc::new(Notify::new());
    let emptied = Arc::clone(&empty);
    server.on_group(move |event| {
        if let GroupEvent::Empty { group } = event {
            eprintln!("{group} is empty");
            emptied.notify_one();
        }
    });
    eprintln!("listening on {}", server.start().await?);

    empty.notified().await;
    server.stop().await;
    Ok(())
}
