//! Byte streams inside one process: ordered, reliable, bounded; no credentials, no system calls.

use std::io;
use std::num::NonZeroUsize;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::stream::forward::{forward_read, forward_write};
use crate::{Endpoint, Listener, PeerInfo, Stream, Transport, TransportError};

mod hub;
mod pipe;

pub use hub::MemoryHub;
pub(crate) use pipe::{Reader, Writer};

/// A name inside this process, to dial or to serve.
///
/// It behaves as a socket does: a full stream makes the writer wait, half a stream can be shut
/// down, and a peer that vanishes shows as the end of the stream or a broken pipe.
///
/// # Defaults
///
/// The process-wide set of names; 64 KiB in each direction; a backlog of 128 connections.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`], listening
/// [`TransportError::AddressInUse`], and neither any other.
#[derive(Clone, Debug)]
pub struct MemoryTransport {
    name: String,
    hub: MemoryHub,
    capacity: NonZeroUsize,
    backlog: NonZeroUsize,
}

impl MemoryTransport {
    /// Returns a transport for a name of the process-wide set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_transport::{MemoryTransport, Transport};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = MemoryTransport::new("example");
    /// let mut listener = transport.listen().await?;
    /// let (client, server) = tokio::try_join!(transport.dial(), listener.accept())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            hub: MemoryHub::shared(),
            capacity: DEFAULT_CAPACITY,
            backlog: DEFAULT_BACKLOG,
        }
    }

    /// Uses the names of this set instead of the process-wide ones.
    #[must_use]
    pub fn with_hub(self, hub: MemoryHub) -> Self {
        Self { hub, ..self }
    }

    /// Sets how many unread bytes a stream holds in each direction before its writer waits.
    ///
    /// By default 64 KiB, about what a TCP socket of the loopback holds. The dialing side decides.
    #[must_use]
    pub fn with_capacity(self, capacity: NonZeroUsize) -> Self {
        Self { capacity, ..self }
    }

    /// Sets how many connections may wait to be accepted; a further dial waits for room.
    ///
    /// By default 128.
    #[must_use]
    pub fn with_backlog(self, backlog: NonZeroUsize) -> Self {
        Self { backlog, ..self }
    }

    /// Returns two connected streams that need no listener.
    #[must_use]
    pub fn pair(&self) -> (Stream, Stream) {
        let (ours, theirs) = Duplex::pair(self.capacity);
        (self.stream(ours), self.stream(theirs))
    }

    fn stream(&self, io: Duplex) -> Stream {
        Stream::new(io, PeerInfo::new(self.endpoint()))
    }

    fn nobody(&self) -> TransportError {
        let source = io::ErrorKind::ConnectionRefused.into();
        TransportError::NobodyListening { endpoint: self.endpoint(), source }
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Memory(self.name.clone())
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        let listener = self.hub.find(&self.name).ok_or_else(|| self.nobody())?;
        let place = listener.reserve().await.map_err(|_| self.nobody())?;
        let (ours, theirs) = Duplex::pair(self.capacity);
        place.send(theirs);
        Ok(self.stream(ours))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        match self.hub.claim(&self.name, self.backlog.get()) {
            Some(waiting) => Ok(Box::new(MemoryListener { transport: self.clone(), waiting })),
            None => Err(TransportError::AddressInUse { endpoint: self.endpoint() }),
        }
    }
}

#[derive(Debug)]
struct MemoryListener {
    transport: MemoryTransport,
    waiting: mpsc::Receiver<Duplex>,
}

#[async_trait]
impl Listener for MemoryListener {
    fn endpoint(&self) -> Endpoint {
        self.transport.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        match self.waiting.recv().await {
            Some(io) => Ok(self.transport.stream(io)),
            // The hub keeps a sender until this listener is dropped, so this does not happen.
            None => Err(self.transport.nobody()),
        }
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.transport.hub.release(&self.transport.name);
    }
}

/// Two pipes, one for each direction.
#[derive(Debug)]
pub(crate) struct Duplex {
    reader: Reader,
    writer: Writer,
}

impl Duplex {
    fn pair(capacity: NonZeroUsize) -> (Self, Self) {
        let (left_reader, right_writer) = pipe::pipe(capacity);
        let (right_reader, left_writer) = pipe::pipe(capacity);
        (
            Self { reader: left_reader, writer: left_writer },
            Self { reader: right_reader, writer: right_writer },
        )
    }

    pub(crate) fn into_split(self) -> (Reader, Writer) {
        (self.reader, self.writer)
    }
}

forward_read!(Duplex, this => this.reader);
forward_write!(Duplex, this => this.writer);

const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::new(64 * 1024).unwrap();
const DEFAULT_BACKLOG: NonZeroUsize = NonZeroUsize::new(128).unwrap();
