//! Receivers of a broadcast, the same for every server: they tell frames apart and count them.

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Outcome, Task, frame_with, text};
use ipc_transport::Endpoint;
use memchr::{memchr, memchr_iter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::Result;
use crate::net::BUFFER;

pub(crate) fn measure(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    let Endpoint::Unix(path) = endpoint else { return Err("needs a Unix socket".into()) };
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut readers = Vec::new();
        let mut stalled = Vec::new();
        for n in 0..task.connections {
            let mut stream = UnixStream::connect(path).await?;
            known(&mut stream, "echo").await?;
            if task.others > 0 {
                known(&mut stream, "join").await?;
            }
            if n < task.stalled { stalled.push(stream) } else { readers.push(stream) }
        }
        let mut others = Vec::with_capacity(task.others);
        for _ in 0..task.others {
            let mut stream = UnixStream::connect(path).await?;
            known(&mut stream, "echo").await?;
            others.push(stream);
        }
        readers = round(readers, task, task.warm_up).await?;
        begin();
        let start = now();
        let readers = round(readers, task, task.messages).await?;
        Ok(since(start, task.messages * readers.len() as u64))
    })
}

/// Returns when the server has answered this event: it knows the connection, or has it in its group.
async fn known(stream: &mut UnixStream, event: &str) -> Result<()> {
    stream.write_all(&frame_with(event, 0, "")).await?;
    let mut buffer = [0; 256];
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Err("the server closed a receiver".into());
        }
        if memchr(DELIMITER, buffer.get(..n).unwrap_or_default()).is_some() {
            return Ok(());
        }
    }
}

/// Orders a broadcast of so many messages, or so many to the group, and waits until every reader has all of them.
async fn round(
    mut readers: Vec<UnixStream>,
    task: &Task,
    messages: u64,
) -> Result<Vec<UnixStream>> {
    let event = if task.others > 0 { "to group" } else { "broadcast" };
    let order = frame_with(event, messages, &text(task.body));
    if let Some(first) = readers.first_mut() {
        first.write_all(&order).await?;
    }
    let mut all: JoinSet<Result<UnixStream>> = JoinSet::new();
    for mut reader in readers.drain(..) {
        all.spawn(async move {
            let mut buffer = vec![0; BUFFER];
            let mut left = messages;
            while left > 0 {
                let n = reader.read(&mut buffer).await?;
                if n == 0 {
                    return Err("the server closed a receiver".into());
                }
                let read = buffer.get(..n).unwrap_or_default();
                left = left.saturating_sub(memchr_iter(DELIMITER, read).count() as u64);
            }
            Ok(reader)
        });
    }
    while let Some(reader) = all.join_next().await {
        readers.push(reader??);
    }
    Ok(readers)
}

const DELIMITER: u8 = 0x0c;
