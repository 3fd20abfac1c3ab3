//! Receivers of a broadcast, the same for every server: they tell messages apart and count them.

mod wire;

use std::io;

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Outcome, Task, text};
use ipc_transport::Endpoint;
use memchr::memchr_iter;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

pub(crate) use wire::Wire;

use crate::Result;
use crate::net::BUFFER;

pub(crate) fn measure(endpoint: &Endpoint, wire: Wire, task: &Task) -> Result<Outcome> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match endpoint {
        Endpoint::Unix(path) => {
            runtime.block_on(receive(async || UnixStream::connect(path).await, wire, task))
        }
        Endpoint::Tcp { host, port } => {
            let connect = async || TcpStream::connect((host.as_str(), *port)).await;
            runtime.block_on(receive(connect, wire, task))
        }
        _ => Err("receivers have no such socket".into()),
    }
}

async fn receive<S: Socket>(
    connect: impl AsyncFn() -> io::Result<S>,
    wire: Wire,
    task: &Task,
) -> Result<Outcome> {
    let open = async || -> Result<S> {
        let mut stream = connect().await.map_err(too_many)?;
        wire.open(&mut stream).await?;
        Ok(stream)
    };
    let mut readers = Vec::new();
    let mut stalled = Vec::new();
    for n in 0..task.connections {
        let mut stream = open().await?;
        if task.others > 0 {
            wire.join(&mut stream).await?;
        }
        if n < task.stalled { stalled.push(stream) } else { readers.push(stream) }
    }
    let mut others = Vec::with_capacity(task.others);
    for _ in 0..task.others {
        others.push(open().await?);
    }
    readers = round(readers, wire, task, task.warm_up).await?;
    begin();
    let start = now();
    let readers = round(readers, wire, task, task.messages).await?;
    Ok(since(start, task.messages * readers.len() as u64))
}

/// Orders a broadcast of so many messages, or so many to the group, and waits until every reader has all of them.
async fn round<S: Socket>(
    mut readers: Vec<S>,
    wire: Wire,
    task: &Task,
    messages: u64,
) -> Result<Vec<S>> {
    let event = if task.others > 0 { "to group" } else { "broadcast" };
    let order = wire.order(event, messages, &text(task.body));
    if let Some(first) = readers.first_mut() {
        first.write_all(&order).await?;
    }
    let mut all: JoinSet<Result<S>> = JoinSet::new();
    let mark = wire.mark();
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
                left = left.saturating_sub(memchr_iter(mark, read).count() as u64);
            }
            Ok(reader)
        });
    }
    while let Some(reader) = all.join_next().await {
        readers.push(reader??);
    }
    Ok(readers)
}

/// Says how many files this process may have open, if that is what is missing.
fn too_many(error: io::Error) -> Box<dyn std::error::Error + Send + Sync> {
    use rustix::process::{Resource, getrlimit};
    match error.raw_os_error() {
        Some(number) if number == rustix::io::Errno::MFILE.raw_os_error() => {
            let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
            format!("{error}: `ulimit -n` is {limit}").into()
        }
        _ => error.into(),
    }
}

/// A socket of any kind.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Socket for S {}
