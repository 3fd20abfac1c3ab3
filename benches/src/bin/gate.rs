//! The hot paths, each run a given number of times, for counting their instructions.
//!
//! `gate PATH TIMES`. All in one process and one thread over a memory transport, so that the same
//! program executes nearly the same instructions each time. `cargo xtask bench --gate` runs it.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use ipc_benches::{Body, FIRST_SEQ, OwnedBody, frame, frame_with, text};
use ipc_codec::{Delimiter, FrameDecoder, FrameEncoder, Framing, Limits};
use ipc_compat::{Config, Ipc, NodeFormat};
use ipc_core::{Client, DecodePayload, EncodePayload, MessageFormat, Server};
use ipc_transport::{MemoryTransport, Transport};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Builder;
use tokio::sync::Notify;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    ipc_benches::taken("gate", take)
}

fn take(path: &str, times: u64) -> Result<()> {
    match path {
        "decode" => decode(times, 64),
        "decode-64k" => decode(times, 64 * 1024),
        "payload" => payload(times),
        "encode" => encode(times),
        "dispatch" => with_runtime(dispatch(times)),
        "typed" => with_runtime(typed(times)),
        "named" => with_runtime(dispatch_by_config(times, "id", Body::TEXT)),
        "unnamed" => with_runtime(dispatch_by_config(times, "by", Body::TEXT)),
        "emit" => with_runtime(emit(times, BURST)),
        "echo" => with_runtime(echo(times)),
        _ => Err(format!("no path is called {path:?}").into()),
    }
}

/// Frames out of a stream that comes in pieces of 64 KiB, with their envelopes.
fn decode(times: u64, body: usize) -> Result<()> {
    let format = NodeFormat::v14();
    let mut decoder =
        FrameDecoder::new(Framing::Delimited(Delimiter::FORM_FEED), Limits::default());
    let frame = frame_with("echo", FIRST_SEQ, &text(body));
    let stream = frame.repeat(CHUNK.div_ceil(frame.len()));
    let mut decoded = 0;
    while decoded < times {
        for chunk in stream.chunks(CHUNK) {
            decoder.extend(chunk);
            while let Some(frame) = decoder.next_frame()? {
                black_box(format.decode(frame)?);
                decoded += 1;
            }
        }
    }
    Ok(())
}

/// A message's payload as a struct with a number and a text.
fn payload(times: u64) -> Result<()> {
    let format = NodeFormat::v14();
    let mut frame = frame("echo", FIRST_SEQ);
    frame.pop();
    let message = format.decode(Bytes::from(frame))?;
    for _ in 0..times {
        let body: OwnedBody = format.decode_payload(black_box(&message))?;
        black_box(body);
    }
    Ok(())
}

/// Messages into frames, a buffer full at a time.
fn encode(times: u64) -> Result<()> {
    let format = NodeFormat::v14();
    let encoder = FrameEncoder::new(Framing::Delimited(Delimiter::FORM_FEED), Limits::default());
    let mut out = BytesMut::with_capacity(2 * CHUNK);
    for n in 0..times {
        let body = Body::new(FIRST_SEQ + n);
        encoder
            .encode_with(&mut out, |out| format.encode("echo", black_box(&body), out))
            .map_err(|error| format!("{error:?}"))?;
        if out.len() >= CHUNK {
            black_box(&out);
            out.clear();
        }
    }
    Ok(())
}

fn with_runtime(work: impl Future<Output = Result<()>>) -> Result<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Counts what has arrived, and tells when it is as much as was wanted.
#[derive(Debug, Default)]
struct Arrivals {
    count: AtomicU64,
    wanted: AtomicU64,
    there: Notify,
}

impl Arrivals {
    fn add(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == self.wanted.load(Ordering::Relaxed) {
            self.there.notify_one();
        }
    }

    fn want(&self, more: u64) {
        self.wanted.store(self.count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
    }
}

/// Returns a server that takes "count" and echoes "echo", and what counts its messages.
async fn server(transport: &MemoryTransport) -> Result<(Server<NodeFormat>, Arc<Arrivals>)> {
    let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
    let arrivals = Arc::new(Arrivals::default());
    let seen = Arc::clone(&arrivals);
    server.on("count", move |body: OwnedBody, _| {
        black_box(body);
        seen.add();
    });
    server.on("echo", |body: OwnedBody, peer| {
        // A failure shows as an answer that does not come.
        let _ = peer.emit("echo", &body);
    });
    server.listen().await?;
    Ok((server, arrivals))
}

/// Bytes on a socket to a handler.
async fn dispatch(times: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let (_server, arrivals) = server(&transport).await?;
    burst(&transport, &arrivals, times).await
}

/// Sends so many messages, some at a time.
async fn burst(transport: &MemoryTransport, arrivals: &Arrivals, times: u64) -> Result<()> {
    let mut stream = transport.dial().await?;
    let frames = frame("count", FIRST_SEQ).repeat(usize::try_from(BURST)?);
    for _ in 0..times / BURST {
        arrivals.want(BURST);
        stream.write_all(&frames).await?;
        arrivals.there.notified().await;
    }
    Ok(())
}

/// What `OwnedBody` is, as a type of its own: the compiler inlines what is used once, and the counts of
/// the other paths would change with this one.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is read is not looked at")]
struct Counted {
    seq: u64,
    body: String,
}

/// The events of a program, of which one comes.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the others do not come")]
enum Event {
    Text(String),
    Move {
        x: i32,
        y: i32,
    },
    #[serde(rename = "count")]
    Count(Counted),
    Price(f64),
    Quit,
}

/// The same as `dispatch` to a handler of an enum.
async fn typed(times: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
    let arrivals = Arc::new(Arrivals::default());
    let seen = Arc::clone(&arrivals);
    server.on_events(move |event: Event, _| {
        if let Event::Count(body) = event {
            black_box(body);
            seen.add();
        }
    })?;
    server.listen().await?;
    burst(&transport, &arrivals, times).await
}

/// The payload of node-ipc's own examples: who sent it, and a text.
#[derive(Debug, Deserialize)]
struct Named {
    #[serde(alias = "by")]
    id: String,
    message: String,
}

/// Bytes on a socket to a handler of a server of the config, which looks for the id of the sender in
/// the member `id`; here it is in `member`.
async fn dispatch_by_config(times: u64, member: &str, text: &str) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let server = Ipc::new(Config::classic()).serve_on(transport.clone())?;
    let arrivals = Arc::new(Arrivals::default());
    let seen = Arc::clone(&arrivals);
    server.on("count", move |body: Named, _| {
        black_box((body.id, body.message));
        seen.add();
    });
    server.start().await?;
    let mut stream = transport.dial().await?;
    let data = format!("{{\"{member}\":\"client.1\",\"message\":\"{text}\"}}");
    let frames = format!("{{\"type\":\"count\",\"data\":{data}}}\u{c}");
    let frames = frames.repeat(usize::try_from(BURST)?).into_bytes();
    for _ in 0..times / BURST {
        arrivals.want(BURST);
        stream.write_all(&frames).await?;
        arrivals.there.notified().await;
    }
    Ok(())
}

/// From `emit` to a handler of the other side, many at a time.
async fn emit(times: u64, burst: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let (_server, arrivals) = server(&transport).await?;
    let client = Client::builder(NodeFormat::v14(), transport).build();
    client.start()?;
    client.connected().await?;
    for _ in 0..times / burst {
        arrivals.want(burst);
        for n in 0..burst {
            client.emit("count", &Body::new(FIRST_SEQ + n))?;
        }
        arrivals.there.notified().await;
    }
    Ok(())
}

/// A message there and back, one at a time.
async fn echo(times: u64) -> Result<()> {
    let transport = MemoryTransport::new("gate");
    let (_server, arrivals) = server(&transport).await?;
    let client = Client::builder(NodeFormat::v14(), transport).build();
    let seen = Arc::clone(&arrivals);
    client.on("echo", move |body: OwnedBody, _| {
        black_box(body);
        seen.add();
    });
    client.start()?;
    client.connected().await?;
    for n in 0..times {
        arrivals.want(1);
        client.emit("echo", &Body::new(FIRST_SEQ + n))?;
        arrivals.there.notified().await;
    }
    Ok(())
}

/// The bytes that come at a time.
const CHUNK: usize = 64 * 1024;

/// The messages that go at a time.
const BURST: u64 = 500;
