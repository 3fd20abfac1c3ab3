//! A transport that misbehaves on purpose, the same way each time for the same seed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use crate::{Displacements, Endpoint, Listener, OpenPeer, Stream, Transport, TransportError};

mod settings;
mod stream;

use settings::Dice;
pub use settings::{FaultSide, Faults};
use stream::FaultStream;

/// A wrapper around any transport that adds short reads, partial writes, refusals and cuts.
///
/// What it does is allowed on any socket, so code that works over a plain transport must work over
/// this one. A datagram is never written in parts: there is no such thing as a part of it. A
/// connection's faults depend on the seed and on how many connections were made before it, not on
/// timing.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "memory")]
/// use ipc_transport::{FaultTransport, Faults, MemoryTransport, Transport};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[cfg(not(feature = "memory"))]
/// # fn main() {}
/// # #[cfg(feature = "memory")]
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let faults = Faults::new(7).with_short_reads(2).with_one_byte_writes(3).with_refusals(4);
/// let transport = FaultTransport::new(MemoryTransport::new("fault-example"), faults);
/// let mut listener = transport.listen().await?;
/// let mut client = transport.dial().await?;
/// let mut server = listener.accept().await?;
///
/// client.write_all(b"still arrives").await?;
/// let mut received = [0; 13];
/// server.read_exact(&mut received).await?;
/// assert_eq!(&received, b"still arrives");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FaultTransport {
    inner: Arc<dyn Transport>,
    plan: Plan,
    dials_to_refuse: Arc<AtomicU32>,
}

impl FaultTransport {
    /// Wraps a transport.
    pub fn new(inner: impl Transport, faults: Faults) -> Self {
        Self {
            inner: Arc::new(inner),
            dials_to_refuse: Arc::new(AtomicU32::new(faults.refused_dials)),
            plan: Plan { faults, connections: Arc::default() },
        }
    }

    /// Refuses a dial if there are any left to refuse.
    fn refuse(&self) -> Result<(), TransportError> {
        let refuse = |left: u32| left.checked_sub(1);
        if self.dials_to_refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refuse).is_ok() {
            let source = std::io::ErrorKind::ConnectionRefused.into();
            return Err(TransportError::NobodyListening { endpoint: self.endpoint(), source });
        }
        Ok(())
    }
}

#[async_trait]
impl Transport for FaultTransport {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.refuse()?;
        Ok(self.plan.wrap(FaultSide::Dialed, self.inner.dial().await?))
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.refuse()?;
        Ok(self.plan.wrap(FaultSide::Dialed, self.inner.dial_within(limit).await?))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let inner = self.inner.listen().await?;
        Ok(Box::new(FaultListener { inner, plan: self.plan.clone() }))
    }
}

#[derive(Debug)]
struct FaultListener {
    inner: Box<dyn Listener>,
    plan: Plan,
}

#[async_trait]
impl Listener for FaultListener {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        Ok(self.plan.wrap(FaultSide::Accepted, self.inner.accept().await?))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        self.inner.close().await
    }

    fn opener(&self) -> Option<Arc<dyn OpenPeer>> {
        let (inner, plan) = (self.inner.opener()?, self.plan.clone());
        Some(Arc::new(FaultOpener { inner, plan }))
    }

    fn displacements(&self) -> Option<Displacements> {
        self.inner.displacements()
    }

    #[cfg(unix)]
    fn hand_over(self: Box<Self>) -> Result<std::os::fd::OwnedFd, TransportError> {
        self.inner.hand_over()
    }
}

#[derive(Debug)]
struct FaultOpener {
    inner: Arc<dyn OpenPeer>,
    plan: Plan,
}

impl OpenPeer for FaultOpener {
    fn open(&self, remote: SocketAddr) -> Result<Stream, TransportError> {
        Ok(self.plan.wrap(FaultSide::Accepted, self.inner.open(remote)?))
    }
}

/// What to do to connections, and how many there have been.
#[derive(Clone, Debug)]
struct Plan {
    faults: Faults,
    connections: Arc<AtomicU64>,
}

impl Plan {
    fn wrap(&self, side: FaultSide, stream: Stream) -> Stream {
        if self.faults.side != FaultSide::Both && self.faults.side != side {
            return stream;
        }
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let peer = stream.peer().clone();
        let dice = |direction| Dice::new(self.faults.seed, number, direction);
        Stream::from_io(FaultStream::new(stream, self.faults, dice(0), dice(1)), peer)
    }
}
