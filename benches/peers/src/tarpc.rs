//! tarpc over its Unix transport, with its JSON and its bincode. Every call is answered, so one way
//! is as many calls at a time as its default allows, of which the server counts each.

use std::future::ready as at_once;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ipc_benches::meter::{begin, now, since};
use ipc_benches::{FIRST_SEQ, Outcome, OwnedBody, Task, Work, calls, text};
use tarpc::serde_transport::unix;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::{Bincode, Json};
use tarpc::{client, context};

use crate::Result;
use crate::coding::Coding;
use crate::net::ready;

#[tarpc::service]
trait Peer {
    async fn echo(body: OwnedBody) -> OwnedBody;
    async fn count(body: OwnedBody);
    async fn counted() -> u64;
}

#[derive(Debug, Clone, Default)]
struct Server(Arc<AtomicU64>);

impl Peer for Server {
    async fn echo(self, _: context::Context, body: OwnedBody) -> OwnedBody {
        body
    }

    async fn count(self, _: context::Context, _: OwnedBody) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    async fn counted(self, _: context::Context) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Serves one connection after the other.
macro_rules! serve {
    ($path:expr, $format:expr) => {{
        let mut incoming = unix::listen($path, $format).await?;
        ready(&format!("unix:{}", $path));
        while let Some(transport) = incoming.next().await {
            let channel = BaseChannel::with_defaults(transport?);
            let answer = |response| {
                tokio::spawn(response);
                at_once(())
            };
            channel.execute(Server::default().serve()).for_each(answer).await;
        }
    }};
}

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    match coding {
        Coding::Json => serve!(path, Json::default),
        Coding::Native => serve!(path, Bincode::default),
    }
    Ok(())
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let config = client::Config::default();
    let client = match coding {
        Coding::Json => PeerClient::new(config, unix::connect(path, Json::default).await?).spawn(),
        Coding::Native => {
            PeerClient::new(config, unix::connect(path, Bincode::default).await?).spawn()
        }
    };
    let text = text(task.body);
    match task.work {
        Work::Echo | Work::Call => {
            let echo = async |body| Ok(client.echo(context::current(), body).await?);
            calls::measure(task, echo).await
        }
        Work::Flood => {
            count(&client, &text, task.warm_up).await?;
            begin();
            let start = now();
            count(&client, &text, task.messages).await?;
            let counted = client.counted(context::current()).await?;
            if counted == task.total() {
                return Ok(since(start, task.messages));
            }
            Err(format!("{counted} of {} messages have arrived", task.total()).into())
        }
        _ => Err("tarpc is not measured in that".into()),
    }
}

async fn count(client: &PeerClient, text: &str, messages: u64) -> Result<()> {
    let call = |seq| client.count(context::current(), OwnedBody::with(seq, text.to_owned()));
    let mut seqs = FIRST_SEQ..FIRST_SEQ + messages;
    // What is on its way at a time: its default buffer for requests.
    let mut calls: FuturesUnordered<_> = seqs.by_ref().take(100).map(call).collect();
    while let Some(answer) = calls.next().await {
        answer?;
        calls.extend(seqs.next().map(call));
    }
    Ok(())
}
