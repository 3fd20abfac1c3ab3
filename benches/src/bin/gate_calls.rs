//! Calls, and events that are echoed, each run a given number of times, for counting their instructions.
//!
//! `gate_calls PATH TIMES`, as `gate`. A program of its own: what calls are compiled to would move the
//! counts of the paths there.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::try_join_all;
use ipc_benches::{Body, FIRST_SEQ, OwnedBody};
use ipc_compat::NodeFormat;
use ipc_core::{Client, Failure, Server};
use ipc_transport::MemoryTransport;
use tokio::runtime::Builder;
use tokio::sync::Notify;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    ipc_benches::taken("gate_calls", take)
}

fn take(path: &str, times: u64) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match path {
        "call" => runtime.block_on(call(times, 1)),
        "calls" => runtime.block_on(call(times, IN_FLIGHT)),
        "echoes" => runtime.block_on(echoes(times)),
        _ => Err(format!("no path is called {path:?}").into()),
    }
}

/// A call and its answer, so many at a time.
async fn call(times: u64, in_flight: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
    server.on_call("echo", |body: OwnedBody, _| async move { Ok::<_, Failure>(body) });
    server.listen().await?;
    let client = Client::builder(NodeFormat::v14(), transport).build();
    client.start()?;
    client.connected().await?;
    let caller = async || -> Result<()> {
        for n in 0..times / in_flight {
            let answer: OwnedBody = client.call("echo", &Body::new(FIRST_SEQ + n)).await?;
            black_box(answer);
        }
        Ok(())
    };
    try_join_all((0..in_flight).map(|_| caller())).await?;
    Ok(())
}

/// An event there and back, 64 at a time.
async fn echoes(times: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
    server.on("echo", |body: OwnedBody, peer| {
        // A failure shows as an answer that does not come.
        let _ = peer.emit("echo", &body);
    });
    server.listen().await?;
    let client = Client::builder(NodeFormat::v14(), transport).build();
    let (count, all) = (AtomicU64::new(0), Arc::new(Notify::new()));
    let there = Arc::clone(&all);
    client.on("echo", move |body: OwnedBody, _| {
        black_box(body);
        if (count.fetch_add(1, Ordering::Relaxed) + 1) % IN_FLIGHT == 0 {
            there.notify_one();
        }
    });
    client.start()?;
    client.connected().await?;
    for _ in 0..times / IN_FLIGHT {
        for n in 0..IN_FLIGHT {
            client.emit("echo", &Body::new(FIRST_SEQ + n))?;
        }
        all.notified().await;
    }
    Ok(())
}

/// The calls or events that are in flight at a time.
const IN_FLIGHT: u64 = 64;
