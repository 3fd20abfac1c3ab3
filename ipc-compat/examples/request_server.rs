//! Answers calls: one with a result or an error, one with a stream of items.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc, NodeFormat};
use ipc_core::{Failure, Sink, SinkError};
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    server.on_call("length", |text: String, _| async move {
        eprintln!("got question: {text}");
        match text.len() {
            0 => Err(Failure::new("empty", "there is no text")),
            length => Ok(length),
        }
    });
    server.on_stream("words", |text: String, sink: Sink<NodeFormat, str>| async move {
        for word in text.split(' ') {
            sink.send(word).await?; // waits until the client has read on
        }
        Ok::<(), SinkError>(())
    });
    let left = Arc::new(Notify::new());
    let leaves = Arc::clone(&left);
    server.on_socket_disconnected(move |_, _| leaves.notify_one());
    eprintln!("listening on {}", server.start().await?);

    left.notified().await;
    server.stop().await;
    Ok(())
}
