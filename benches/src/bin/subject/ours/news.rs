//! Events that the server sends to one reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Body, Outcome, OwnedBody, Task, text};
use ipc_core::Client;
use tokio::sync::Notify;

use super::Format;
use crate::Result;

pub(super) async fn measure<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    client.start()?;
    client.connected().await?;
    let (left, none_left) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let (counted, done) = (Arc::clone(&left), Arc::clone(&none_left));
    client.on("news", move |_: OwnedBody, _| {
        if counted.fetch_sub(1, Ordering::Relaxed) == 1 {
            done.notify_one();
        }
    });
    let text = text(task.body);
    let all = async |messages| -> Result<()> {
        left.store(messages, Ordering::Relaxed);
        client.emit("broadcast", &Body::with(messages, &text))?;
        none_left.notified().await;
        Ok(())
    };
    all(task.warm_up).await?;
    begin();
    let start = now();
    all(task.messages).await?;
    Ok(since(start, task.messages))
}
