//! remoc over a Unix socket, with its own codec, its defaults, and the short names for methods that it
//! advises. A stream is a channel that a call returns.

use std::sync::Arc;

use ipc_benches::{Outcome, OwnedBody, Task, Work, calls};
use remoc::prelude::*;
use remoc::rtc::CallError;
use tokio::net::{UnixListener, UnixStream};

use crate::Result;
use crate::net::ready;

/// A stream with a buffer of more items than the 16 it has by default, as it advises for speed.
type Items = rch::mpsc::Receiver<OwnedBody, remoc::codec::Default, BUFFER>;

#[rtc::remote]
trait Peer {
    #[serde(rename = "_0")]
    async fn echo(&self, #[serde(rename = "_0")] body: OwnedBody) -> Result<OwnedBody, CallError>;

    #[serde(rename = "_1")]
    async fn items(&self, #[serde(rename = "_0")] order: OwnedBody) -> Result<Items, CallError>;
}

struct Answers;

impl Peer for Answers {
    async fn echo(&self, body: OwnedBody) -> Result<OwnedBody, CallError> {
        Ok(body)
    }

    async fn items(&self, order: OwnedBody) -> Result<Items, CallError> {
        let (sender, receiver) = rch::mpsc::with_local_buffer(BUFFER);
        tokio::spawn(async move {
            for seq in 0..order.seq {
                let item = OwnedBody::with(seq, order.body.clone());
                if sender.send(item).await.is_err() {
                    break;
                }
            }
        });
        Ok(receiver.set_buffer())
    }
}

pub async fn serve(path: &str) -> Result<()> {
    let listener = UnixListener::bind(path)?;
    ready(&format!("unix:{path}"));
    loop {
        let (reader, writer) = listener.accept().await?.0.into_split();
        let (server, client) = PeerServerShared::<_, remoc::codec::Default>::new(Arc::new(Answers));
        remoc::Connect::io(remoc::Cfg::default(), reader, writer).provide(client).await?;
        // Ends with the connection; how, the client has noticed itself.
        let _ = server.serve().await;
    }
}

pub async fn measure(path: &str, task: &Task) -> Result<Outcome> {
    let (reader, writer) = UnixStream::connect(path).await?.into_split();
    let connection = remoc::Connect::io(remoc::Cfg::default(), reader, writer);
    let client: PeerClient = connection.consume().await?;
    match task.work {
        Work::Call => calls::measure(task, async |body| Ok(client.echo(body).await?)).await,
        Work::Stream => {
            calls::measure_stream(task, async |order, items| {
                let mut stream = client.items(order).await?;
                while let Some(item) = stream.recv().await? {
                    items.add(&item)?;
                }
                Ok(())
            })
            .await
        }
        _ => Err("remoc is not measured in that".into()),
    }
}

const BUFFER: usize = 128;
