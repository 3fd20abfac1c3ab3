//! From a frame to its handler: the envelope, the payload, and the whole way through a server.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use ipc_benches::{Body, FIRST_SEQ, OwnedBody, frame};
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{Client, DecodePayload, MessageFormat, Server};
use ipc_transport::{MemoryTransport, Stream, Transport};
use tokio::io::AsyncWriteExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    envelope(&mut criterion);
    payload(&mut criterion)?;
    server(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn envelope(criterion: &mut Criterion) {
    let format = NodeFormat::v14();
    let mut group = criterion.benchmark_group("dispatch/envelope");
    let ordinary = Bytes::from(body(frame("echo", FIRST_SEQ)));
    let reordered = Bytes::from(r#"{"data":{"seq":1,"body":"x"},"type":"echo"}"#);
    let text = "x".repeat(64 * 1024);
    let large = Bytes::from(format!(r#"{{"type":"echo","data":"{text}"}}"#));
    for (name, frame) in [("ordinary", ordinary), ("reordered", reordered), ("64 KiB", large)] {
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| format.decode(frame.clone())));
    }
    group.finish();
}

fn payload(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let format = NodeFormat::v14();
    let message = format.decode(body(frame("echo", FIRST_SEQ)).into())?;
    let mut group = criterion.benchmark_group("dispatch/payload");
    group.throughput(Throughput::Elements(1));
    group.bench_function("struct", |bencher| {
        bencher.iter(|| DecodePayload::<OwnedBody>::decode_payload(&format, black_box(&message)));
    });
    group.bench_function("as it is", |bencher| {
        bencher.iter(|| DecodePayload::<RawJson>::decode_payload(&format, black_box(&message)));
    });
    group.finish();
    Ok(())
}

/// Measures a whole server in this process, on a memory stream.
fn server(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let arrivals = Arc::new(Arrivals::default());
    let transport = MemoryTransport::new("dispatch");
    let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
    let seen = Arc::clone(&arrivals);
    server.on("echo", move |body: OwnedBody, _| seen.add(body.seq));
    runtime.block_on(server.listen())?;
    let mut group = criterion.benchmark_group("dispatch/server");
    group.throughput(Throughput::Elements(MESSAGES));

    let mut stream = runtime.block_on(transport.dial())?;
    let frames: Vec<u8> = (0..MESSAGES).flat_map(|n| frame("echo", FIRST_SEQ + n)).collect();
    group.bench_function("frame to handler", |bencher| {
        bencher.iter(|| raw_frames(&runtime, &mut stream, &frames, &arrivals));
    });

    let client = Client::builder(NodeFormat::v14(), transport).build();
    runtime.block_on(async { client.connected().await })?;
    group.bench_function("emit to handler", |bencher| {
        bencher.iter(|| emitted(&runtime, &client, &arrivals));
    });
    group.finish();
    Ok(())
}

fn raw_frames(runtime: &Runtime, stream: &mut Stream, frames: &[u8], arrivals: &Arrivals) {
    runtime.block_on(async {
        if stream.write_all(frames).await.is_ok() {
            arrivals.all().await;
        }
    });
}

fn emitted(runtime: &Runtime, client: &Client<NodeFormat>, arrivals: &Arrivals) {
    runtime.block_on(async {
        for n in 0..MESSAGES {
            if client.send("echo", &Body::new(FIRST_SEQ + n)).await.is_err() {
                return;
            }
        }
        arrivals.all().await;
    });
}

/// Counts the messages that have arrived.
#[derive(Default)]
struct Arrivals {
    count: AtomicU64,
    all: Notify,
}

impl Arrivals {
    fn add(&self, seq: u64) {
        black_box(seq);
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == MESSAGES {
            self.all.notify_one();
        }
    }

    async fn all(&self) {
        self.all.notified().await;
        self.count.store(0, Ordering::Relaxed);
    }
}

/// Returns a frame without its delimiter.
fn body(mut frame: Vec<u8>) -> Vec<u8> {
    frame.pop();
    frame
}

/// The messages of one iteration.
const MESSAGES: u64 = 1000;
