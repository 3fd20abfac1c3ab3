//! When queued messages leave: at once, when idle, or within a time.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use ipc_core::{Client, FlushPolicy};
use ipc_transport::{
    Endpoint, Listener, MemoryTransport, PeerInfo, Stream, Transport, TransportError,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

use crate::support::{Lines, Raw, memory, narrow, soon};

/// A transport that notes how many bytes each write takes.
#[derive(Debug, Clone)]
struct Noted<T> {
    inner: T,
    writes: Arc<Mutex<Vec<usize>>>,
}

#[async_trait]
impl<T: Transport> Transport for Noted<T> {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        let (inner, info) = (self.inner.dial().await?, PeerInfo::new(self.endpoint()));
        Ok(Stream::from_io(NotedStream { inner, writes: Arc::clone(&self.writes) }, info))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        self.inner.listen().await
    }
}

struct NotedStream {
    inner: Stream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for NotedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for NotedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.lock().unwrap().push(buf.len());
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.lock().unwrap().push(bufs.iter().map(|buf| buf.len()).sum());
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A connected client with this policy, its peer, and the sizes of its writes.
struct Rig {
    client: Client<Lines>,
    peer: Raw,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl Rig {
    async fn new(policy: FlushPolicy) -> Self {
        Self::over(narrow(1024 * 1024), policy).await
    }

    async fn over(inner: MemoryTransport, policy: FlushPolicy) -> Self {
        let transport = Noted { inner, writes: Arc::default() };
        let mut listener = transport.listen().await.unwrap();
        let writes = Arc::clone(&transport.writes);
        let client = Client::builder(Lines, transport).flush_policy(policy).build();
        client.start().unwrap();
        let peer = Raw::accept(&mut listener).await;
        soon(client.connected()).await.unwrap();
        // The connection's task goes to sleep: it is idle.
        sleep(Duration::from_secs(1)).await;
        Self { client, peer, writes }
    }

    /// Sends so many messages of 4 bytes at once, and compares the writes that makes by then.
    async fn check(&self, count: usize, wait: Duration, expected: &[usize]) {
        for _ in 0..count {
            self.client.emit("n", "x").unwrap();
        }
        sleep(wait).await;
        assert_eq!(std::mem::take(&mut *self.writes.lock().unwrap()), expected);
    }
}

const AT_ONCE: Duration = Duration::ZERO;
const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn immediate_writes_each_message_by_itself() {
    let rig = Rig::new(FlushPolicy::Immediate).await;
    rig.check(5, AT_ONCE, &[4; 5]).await;
}

#[tokio::test(start_paused = true)]
async fn when_idle_writes_the_first_at_once_and_the_burst_together() {
    let rig = Rig::new(FlushPolicy::WhenIdle).await;
    rig.check(100, MS, &[4, 396]).await;
    rig.check(1, MS, &[4]).await;
}

#[tokio::test(start_paused = true)]
async fn what_handlers_send_leaves_together() {
    for policy in [FlushPolicy::WhenIdle, FlushPolicy::Within(10 * MS)] {
        let mut rig = Rig::new(policy).await;
        rig.client.on("ask", |_: String, peer| {
            peer.emit("n", "x").unwrap();
            peer.emit("n", "x").unwrap();
        });
        rig.peer.write("ask x\n".repeat(10)).await;
        rig.check(0, 20 * MS, &[80]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn within_waits_for_more_and_no_longer_than_that() {
    let rig = Rig::new(FlushPolicy::Within(10 * MS)).await;
    rig.check(5, 9 * MS, &[]).await;
    // Those that come later leave with the first.
    rig.check(5, 2 * MS, &[40]).await;
    rig.check(1, 9 * MS, &[]).await;
    rig.check(0, 2 * MS, &[4]).await;
    let start = Instant::now();
    rig.client.emit("n", "x").unwrap();
    assert!(soon(rig.client.flush()).await);
    assert_eq!(start.elapsed(), 10 * MS);
}

#[tokio::test(start_paused = true)]
async fn within_does_not_wait_for_more_than_64_kib() {
    let mut rig = Rig::new(FlushPolicy::Within(1000 * MS)).await;
    let read = tokio::spawn(async move { rig.peer.rest().await.len() });
    for _ in 0..20_000 {
        rig.client.emit("n", "x").unwrap();
    }
    sleep(MS).await;
    let written: usize = rig.writes.lock().unwrap().iter().sum();
    assert!((65_536..80_000).contains(&written), "{written}");
    // Closing does not wait either.
    let start = Instant::now();
    soon(rig.client.close()).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(soon(read).await.unwrap(), 80_000);
}

#[tokio::test(start_paused = true)]
async fn a_flush_is_over_when_others_have_filled_the_buffer() {
    let hour = Duration::from_secs(60 * 60);
    let Rig { client, mut peer, .. } = Rig::new(FlushPolicy::Within(hour)).await;
    let read = tokio::spawn(async move { peer.rest().await.len() });
    client.emit("n", "x").unwrap();
    let flush = tokio::spawn({
        let client = client.clone();
        async move { client.flush().await }
    });
    sleep(MS).await;
    assert!(!flush.is_finished());
    client.emit("n", "x".repeat(65_000 - 3).as_str()).unwrap();
    assert!(!flush.is_finished());
    client.emit("n", "x".repeat(1000 - 3).as_str()).unwrap();
    let start = Instant::now();
    assert!(soon(flush).await.unwrap());
    assert_eq!(start.elapsed(), Duration::ZERO);
    soon(client.close()).await;
    assert_eq!(soon(read).await.unwrap(), 66_004);
}

#[tokio::test(start_paused = true)]
async fn what_the_socket_had_no_room_for_does_not_wait_again() {
    let hour = Duration::from_secs(60 * 60);
    let mut rig = Rig::over(narrow(1000), FlushPolicy::Within(hour)).await;
    rig.client.emit("n", "x".repeat(70_000).as_str()).unwrap();
    let start = Instant::now();
    assert_eq!(rig.peer.line().await.len(), 70_002);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_a_connection_leaves_with_its_first_write() {
    let transport = Noted { inner: memory(), writes: Arc::default() };
    let writes = Arc::clone(&transport.writes);
    let client = Client::builder(Lines, transport.clone()).build();
    for _ in 0..100 {
        client.emit("n", "x").unwrap();
    }
    let mut listener = transport.listen().await.unwrap();
    client.start().unwrap();
    let _peer = Raw::accept(&mut listener).await;
    assert!(soon(client.flush()).await);
    assert_eq!(*writes.lock().unwrap(), [400]);
}

#[tokio::test(start_paused = true)]
async fn large_messages_are_not_flattened_for_each_peer() {
    // A broadcast of 4 KiB and more is one buffer in every queue: each write is the frame as it is.
    let mut rig = Rig::new(FlushPolicy::WhenIdle).await;
    let text = "x".repeat(10_000);
    rig.client.emit("n", text.as_str()).unwrap();
    rig.check(0, MS, &[10_003]).await;
    assert_eq!(rig.peer.line().await.len(), 10_002);
}
