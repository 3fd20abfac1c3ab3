//! Peers that flood a server with calls: memory stays as it is, and the others are served.

use std::future::pending;
use std::time::Duration;

use bytes::BytesMut;
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, Failure, MsgPack, Server};
use ipc_transport::{Stream, Transport, UnixTransport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout};

use crate::frames::{call, framed};
use crate::killed::{runtime, soon};
use crate::memory::{MIB, resident};

/// How many calls a flood has.
const CALLS: u64 = 1_000_000;

/// How many of them are written at a time.
const CHUNK: u64 = 1000;

/// How long 99 of 100 calls and questions of the others may take. `cargo xtask ci --only floods` runs the optimised build,
/// alone; without optimisation this stands beside other tests, and only says that the others are served.
pub(crate) const MOST: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(5) } else { Duration::from_millis(20) };

/// A server under attack, and a client of it that is not part of the attack.
struct Target {
    other: Client<MsgPack>,
    transport: UnixTransport,
    before: usize,
    most: usize,
    slowest: Vec<Duration>,
}

impl Target {
    /// Asks and waits for the answer, and looks at the memory.
    async fn serve(&mut self) {
        let began = Instant::now();
        let answer: u64 = soon(async { self.other.call("echo", &7).await }).await.unwrap();
        assert_eq!(answer, 7);
        self.slowest.push(began.elapsed());
        self.most = self.most.max(resident().saturating_sub(self.before));
    }

    async fn dial(&self) -> (ReadHalf<Stream>, WriteHalf<Stream>) {
        tokio::io::split(self.transport.dial().await.unwrap())
    }

    /// Writes all calls, a chunk again and again, while the answers are read and the other is served.
    /// Returns how many bytes of answers came.
    async fn flood(&mut self, chunk: &[u8]) -> usize {
        let (mut reader, mut writer) = self.dial().await;
        let reading = tokio::spawn(async move {
            let (mut room, mut read) = (vec![0; 64 * 1024], 0);
            while let Ok(n @ 1..) = reader.read(&mut room).await {
                read += n;
            }
            read
        });
        for written in (0..CALLS).step_by(CHUNK as usize) {
            soon(writer.write_all(chunk)).await.unwrap();
            if written % 10_000 == 0 {
                self.serve().await;
            }
        }
        writer.shutdown().await.unwrap();
        let answers = soon(reading).await.unwrap();
        self.serve().await;
        self.check();
        answers
    }

    fn check(&mut self) {
        assert!(self.most < 10 * MIB, "grew by {} KiB", self.most);
        self.slowest.sort();
        let p99 = self.slowest[self.slowest.len() * 99 / 100];
        println!("p99 of the others: {p99:?}");
        assert!(p99 < MOST, "{p99:?}");
    }
}

fn check<F: Future<Output = ()>>(test: impl FnOnce(Target) -> F) {
    runtime().block_on(async {
        let dir = TempDir::new().unwrap();
        let transport = UnixTransport::new(dir.path().join("socket"));
        let server = Server::builder(MsgPack::new(), transport.clone()).build();
        server.on_call("echo", |n: u64, _| async move { Ok::<_, Failure>(n) });
        server.on_call("wait", |(): (), _| pending::<Result<u64, Failure>>());
        server.listen().await.unwrap();
        let never = ReconnectPolicy::never();
        let other = Client::builder(MsgPack::new(), transport.clone()).reconnect(never).build();
        let mut target = Target { other, transport, before: 0, most: 0, slowest: Vec::new() };
        target.serve().await;
        target.before = resident();
        target.most = 0;
        test(target).await;
    });
}

/// Returns the frames of a chunk of calls, given the number of each.
fn chunk(method: &str, number: impl Fn(u64) -> u64) -> BytesMut {
    let mut frames = BytesMut::new();
    for n in 1..=CHUNK {
        frames.extend_from_slice(&framed(|out| call(number(n), method, None, &(), out)));
    }
    frames
}

/// Each is answered.
pub(crate) fn unknown_method() {
    check(|mut target| async move {
        assert!(target.flood(&chunk("none", |n| n)).await > CALLS as usize * 20);
    });
}

/// Each is answered.
pub(crate) fn unknown_builtin() {
    check(|mut target| async move {
        assert!(target.flood(&chunk("$none", |n| n)).await > CALLS as usize * 20);
    });
}

/// The first 256 of the chunk run, and of the others each is answered.
pub(crate) fn busy_method() {
    check(|mut target| async move {
        assert!(target.flood(&chunk("wait", |n| n)).await > CALLS as usize * 15);
    });
}

/// The first runs, and the others are ignored.
pub(crate) fn equal_numbers() {
    check(|mut target| async move {
        assert_eq!(target.flood(&chunk("wait", |_| 1)).await, 0);
    });
}

/// What is not read keeps the peer from being read from.
pub(crate) fn unread_answers() {
    unread("none");
}

/// The same for answers that are larger than their calls.
pub(crate) fn unread_info() {
    unread("$info");
}

fn unread(method: &'static str) {
    check(|mut target| async move {
        let (_reader, mut writer) = target.dial().await;
        let (chunk, mut sent) = (chunk(method, |n| n), 0);
        while sent < CALLS {
            let write = writer.write_all(&chunk);
            // What is not taken for so long waits for the answers to be read.
            if timeout(Duration::from_secs(2), write).await.is_err() {
                break;
            }
            sent += CHUNK;
            if sent % 10_000 == 0 {
                target.serve().await;
            }
        }
        assert!(sent < CALLS / 2, "{sent} calls were taken");
        for _ in 0..100 {
            target.serve().await;
        }
        target.check();
    });
}
