//! Answers to questions: node-ipc has no requests, so both carry a number, over one event.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Debug, Deserialize)]
struct Question {
    number: u64,
    text: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    number: u64,
    length: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    server.on("length", |question: Question, socket| {
        eprintln!("got question {}: {}", question.number, question.text);
        let answer = Answer { number: question.number, length: question.text.len() };
        // Sending fails only if the client has left.
        let _ = socket.emit("length", &answer);
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
