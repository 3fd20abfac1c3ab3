//! Messages that go one way, over one connection or several; the end is acknowledged.

use std::sync::{Arc, Mutex, PoisonError};

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Body, FIRST_SEQ, Outcome, Task, text};
use ipc_core::Client;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Format;
use crate::Result;

pub(super) async fn measure<F: Format>(
    connect: impl Fn() -> Result<Client<F>>,
    task: &Task,
) -> Result<Outcome> {
    let mut clients = Vec::new();
    for _ in 0..task.connections {
        let client = connect()?;
        client.start()?;
        client.connected().await?;
        clients.push(client);
    }
    let text: Arc<str> = text(task.body).into();
    let per = task.connections as u64;
    let (warm_up, messages) = (task.warm_up / per * per, task.messages / per * per);
    all(&clients, &text, warm_up, warm_up).await?;
    begin();
    let start = now();
    all(&clients, &text, messages, warm_up + messages).await?;
    let outcome = since(start, messages);
    for client in clients {
        client.close().await;
    }
    Ok(outcome)
}

async fn all<F: Format>(
    clients: &[Client<F>],
    text: &Arc<str>,
    messages: u64,
    wanted: u64,
) -> Result<()> {
    let share = messages / clients.len().max(1) as u64;
    let mut counts = JoinSet::new();
    for client in clients {
        counts.spawn(count(client.clone(), Arc::clone(text), share));
    }
    let mut counted = 0;
    while let Some(count) = counts.join_next().await {
        counted = counted.max(count??);
    }
    if counted == wanted {
        return Ok(());
    }
    Err(format!("{counted} of {wanted} messages have arrived").into())
}

/// Sends so many messages, and returns how many the server has counted then.
async fn count<F: Format>(client: Client<F>, text: Arc<str>, messages: u64) -> Result<u64> {
    let (done, ended) = oneshot::channel();
    let done = Mutex::new(Some(done));
    client.once("ended", move |counted: u64, _| {
        if let Some(done) = done.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = done.send(counted);
        }
    });
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        client.send("count", &Body::with(seq, &text)).await?;
    }
    client.send("end", &()).await?;
    Ok(ended.await?)
}
