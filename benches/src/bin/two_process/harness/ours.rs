//! This workspace: ipc-core with the format of ipc-compat, used as its documentation does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipc_benches::{Body, FIRST_SEQ, OwnedBody};
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{Client, Incoming, Peer, Server};
use ipc_transport::Endpoint;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::clock::Moment;
use super::meter::{Meter, Round};
use super::subject::{Kind, Mode};
use super::{Result, child};

fn runtime(kind: Kind) -> Result<Runtime> {
    let mut builder = match kind {
        Kind::MultiThread => Builder::new_multi_thread(),
        Kind::CurrentThread | Kind::Awaiting | Kind::RawJson => Builder::new_current_thread(),
    };
    Ok(builder.worker_threads(2).enable_all().build()?)
}

pub(super) fn serve(endpoint: &Endpoint, kind: Kind) -> Result<()> {
    runtime(kind)?.block_on(async {
        let server = Server::builder(NodeFormat::v14(), endpoint.transport()?).build();
        if kind == Kind::RawJson {
            server.on("echo", |data: RawJson, peer| told(peer.emit("echo", &data)));
        } else {
            server.on("echo", |data: OwnedBody, peer| told(peer.emit("echo", &data)));
        }
        let counted = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&counted);
        server.on("count", move |_: OwnedBody, _| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        server.on("end", move |(), peer| {
            told(peer.emit("ended", &counted.swap(0, Ordering::Relaxed)));
        });
        child::ready(&server.listen().await?)?;
        std::future::pending().await
    })
}

/// A message that cannot be sent would leave the other side waiting.
fn told<E: std::fmt::Display>(result: std::result::Result<(), E>) {
    if let Err(error) = result {
        child::give_up(&error);
    }
}

pub(super) fn measure(endpoint: &Endpoint, kind: Kind, mode: Mode, messages: u64) -> Result<Round> {
    runtime(kind)?.block_on(async {
        let client = Client::builder(NodeFormat::v14(), endpoint.transport()?).build();
        let round = match (mode, kind) {
            (Mode::OneWay, _) => one_way(&client, messages).await,
            (_, Kind::Awaiting) => awaiting(&client, Meter::new(mode, messages), mode).await,
            _ => handling(&client, Meter::new(mode, messages), mode).await,
        };
        client.close().await;
        round
    })
}

/// The answers' handler sends the next message.
async fn handling(client: &Client<NodeFormat>, meter: Meter, mode: Mode) -> Result<Round> {
    let (done, finished) = oneshot::channel();
    let state = Arc::new(Mutex::new((meter, Some(done))));
    let handler = Arc::clone(&state);
    client.on("echo", move |data: OwnedBody, server: &Peer<NodeFormat>| {
        let mut state = handler.lock().unwrap_or_else(PoisonError::into_inner);
        let (meter, done) = &mut *state;
        let result = match meter.on_answer(data.seq) {
            Ok(true) => Ok(meter.finish()),
            Ok(false) => {
                if let Some(seq) = meter.next() {
                    told(server.emit("echo", &Body::new(seq)));
                }
                return;
            }
            Err(error) => Err(error),
        };
        if let Some(done) = done.take() {
            let _ = done.send(result);
        }
    });
    client.connect();
    client.connected().await?;
    for _ in 0..mode.in_flight() {
        let next = state.lock().unwrap_or_else(PoisonError::into_inner).0.next();
        if let Some(seq) = next {
            client.emit("echo", &Body::new(seq))?;
        }
    }
    finished.await?
}

/// The client's own task awaits each answer and sends the next message.
async fn awaiting(client: &Client<NodeFormat>, mut meter: Meter, mode: Mode) -> Result<Round> {
    let mut events = client.events();
    client.connect();
    client.connected().await?;
    for _ in 0..mode.in_flight() {
        if let Some(seq) = meter.next() {
            client.emit("echo", &Body::new(seq))?;
        }
    }
    while let Some(incoming) = events.next().await {
        let Incoming::Message(message, server) = incoming else { continue };
        if meter.on_answer(server.decode::<OwnedBody>(&message)?.seq)? {
            return Ok(meter.finish());
        }
        if let Some(seq) = meter.next() {
            server.emit("echo", &Body::new(seq))?;
        }
    }
    Err("the server has ended".into())
}

async fn one_way(client: &Client<NodeFormat>, messages: u64) -> Result<Round> {
    client.connect();
    client.connected().await?;
    count(client, messages / 10).await?;
    let start = Moment::now();
    count(client, messages).await?;
    Ok(Round::since(start, messages))
}

async fn count(client: &Client<NodeFormat>, messages: u64) -> Result<()> {
    let (done, ended) = oneshot::channel();
    let done = Mutex::new(Some(done));
    client.once("ended", move |counted: u64, _| {
        if let Some(done) = done.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = done.send(counted);
        }
    });
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        client.send("count", &Body::new(seq)).await?;
    }
    client.send("end", &()).await?;
    let counted = ended.await?;
    if counted != messages {
        return Err(format!("{counted} of {messages} messages have arrived").into());
    }
    Ok(())
}
