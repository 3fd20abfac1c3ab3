//! A transport that records every byte that crosses it, in both directions.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Displacements, Endpoint, Listener, OpenPeer, Stream, Transport, TransportError};

/// A wrapper around any transport that shows each piece of bytes to a [`TapSink`].
///
/// Only bytes the socket really took or gave are shown, in the order of each direction. It
/// shows payloads: keep it out of production logs.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "memory")]
/// use ipc_transport::{Direction, MemoryTransport, TapLog, TapTransport, Transport};
/// use tokio::io::AsyncWriteExt;
///
/// # #[cfg(not(feature = "memory"))]
/// # fn main() {}
/// # #[cfg(feature = "memory")]
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let log = TapLog::new();
/// let transport = MemoryTransport::new("tap-example");
/// let _listener = transport.listen().await?;
/// let mut client = TapTransport::new(transport, log.clone()).dial().await?;
/// client.write_all(b"hello").await?;
/// assert_eq!(log.bytes(0, Direction::Sent), b"hello");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TapTransport {
    inner: Arc<dyn Transport>,
    tap: Tap,
}

/// Which way bytes crossed, seen from the tapped side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// The tapped side wrote them.
    Sent,
    /// The tapped side read them.
    Received,
}

/// One piece of bytes that crossed a tapped connection; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TapEvent<'a> {
    /// The connection's number: 0 for the first one dialed or accepted through the transport.
    pub connection: u64,
    /// Which way the bytes crossed.
    pub direction: Direction,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Where a [`TapTransport`] shows what it sees; any `Fn(TapEvent<'_>)` will do.
pub trait TapSink: Send + Sync + 'static {
    /// Records bytes that were just read or written; it runs inside that call, so it has to be
    /// quick.
    fn record(&self, event: TapEvent<'_>);
}

/// A sink that keeps everything in memory, without limit; clones share it.
#[derive(Clone, Debug, Default)]
pub struct TapLog(Arc<Mutex<Vec<TapRecord>>>);

/// One piece of bytes as a [`TapLog`] keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TapRecord {
    /// The connection's number, as in [`TapEvent::connection`].
    pub connection: u64,
    /// Which way the bytes crossed.
    pub direction: Direction,
    /// The bytes.
    pub bytes: Bytes,
}

impl TapTransport {
    /// Wraps a transport.
    pub fn new(inner: impl Transport, sink: impl TapSink) -> Self {
        Self {
            inner: Arc::new(inner),
            tap: Tap { sink: Arc::new(sink), connections: Arc::default() },
        }
    }
}

impl fmt::Debug for TapTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapTransport").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for TapTransport {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        Ok(self.tap.wrap(self.inner.dial().await?))
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        Ok(self.tap.wrap(self.inner.dial_within(limit).await?))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let inner = self.inner.listen().await?;
        Ok(Box::new(TapListener { inner, tap: self.tap.clone() }))
    }
}

impl TapLog {
    /// Returns an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all records so far, in the order they were made.
    #[must_use]
    pub fn records(&self) -> Vec<TapRecord> {
        self.lock().clone()
    }

    /// Returns what crossed one connection in one direction so far, joined.
    #[must_use]
    pub fn bytes(&self, connection: u64, direction: Direction) -> Vec<u8> {
        let records = self.lock();
        let wanted =
            |record: &&TapRecord| record.connection == connection && record.direction == direction;
        records.iter().filter(wanted).flat_map(|record| record.bytes.iter().copied()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<TapRecord>> {
        // A push that panicked leaves the records before it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TapSink for TapLog {
    fn record(&self, event: TapEvent<'_>) {
        let TapEvent { connection, direction, bytes } = event;
        let bytes = Bytes::copy_from_slice(bytes);
        self.lock().push(TapRecord { connection, direction, bytes });
    }
}

impl<F: Fn(TapEvent<'_>) + Send + Sync + 'static> TapSink for F {
    fn record(&self, event: TapEvent<'_>) {
        self(event);
    }
}

#[derive(Clone)]
struct Tap {
    sink: Arc<dyn TapSink>,
    connections: Arc<AtomicU64>,
}

impl Tap {
    fn wrap(&self, inner: Stream) -> Stream {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        let peer = inner.peer().clone();
        Stream::from_io(TapStream { inner, connection, sink: Arc::clone(&self.sink) }, peer)
    }
}

struct TapListener {
    inner: Box<dyn Listener>,
    tap: Tap,
}

#[async_trait]
impl Listener for TapListener {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        Ok(self.tap.wrap(self.inner.accept().await?))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        self.inner.close().await
    }

    fn opener(&self) -> Option<Arc<dyn OpenPeer>> {
        let (inner, tap) = (self.inner.opener()?, self.tap.clone());
        Some(Arc::new(TapOpener { inner, tap }))
    }

    fn displacements(&self) -> Option<Displacements> {
        self.inner.displacements()
    }

    #[cfg(unix)]
    fn hand_over(self: Box<Self>) -> Result<std::os::fd::OwnedFd, TransportError> {
        self.inner.hand_over()
    }
}

struct TapOpener {
    inner: Arc<dyn OpenPeer>,
    tap: Tap,
}

impl OpenPeer for TapOpener {
    fn open(&self, remote: SocketAddr) -> Result<Stream, TransportError> {
        Ok(self.tap.wrap(self.inner.open(remote)?))
    }
}

impl fmt::Debug for TapOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapOpener").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl fmt::Debug for TapListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapListener").field("inner", &self.inner).finish_non_exhaustive()
    }
}

struct TapStream {
    inner: Stream,
    connection: u64,
    sink: Arc<dyn TapSink>,
}

impl TapStream {
    fn record(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.sink.record(TapEvent { connection: self.connection, direction, bytes });
        }
    }
}

impl AsyncRead for TapStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.record(Direction::Received, buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TapStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.record(Direction::Sent, buf.get(..written).unwrap_or(buf));
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let part = buf.get(..left).unwrap_or(buf);
            self.record(Direction::Sent, part);
            left -= part.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
