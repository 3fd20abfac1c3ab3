//! UDP: whole datagrams, lost or out of order at times; the sender's address, which can be invented.

mod connected;
mod error;
mod limits;
mod listener;
mod shared;
mod stream;
mod table;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::net::{UdpSocket, lookup_host};

pub use error::SendRefused;
pub use limits::{UdpLimits, UdpStats};
pub(crate) use stream::{UdpReader, UdpStream, UdpWriter};

use self::listener::UdpListener;
use self::shared::Shared;
use crate::descriptors::is_too_many_files;
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

/// A UDP port of a host, to dial or to serve, over IPv4 or IPv6.
///
/// Listening binds one socket. [`Listener::accept`] returns a stream for each address that
/// datagrams come from, all over that socket, and [`Listener::opener`] opens streams to others.
/// A stream is at its end when its address was silent for too long, when it has to make room for
/// another, or when it is shut down; the next datagram from there makes a new one.
///
/// Dialing connects a socket of its own to the one address. There is nobody to answer, so it
/// succeeds whether or not somebody listens there, and refusals that the system reports later are
/// no errors: who is not there now may be there for the next datagram.
///
/// Each write is one datagram, all or nothing, and each read returns the bytes of one only.
/// What waits beyond the limits is dropped, as the network itself drops datagrams.
///
/// # Errors
///
/// [`TransportError::HostNotFound`], [`TransportError::WrongFamily`],
/// [`TransportError::TooManyFiles`] or [`TransportError::Io`]; for listening also
/// [`TransportError::AddressInUse`].
#[derive(Clone, Debug)]
pub struct UdpTransport {
    family: Family,
    host: String,
    port: u16,
    limits: UdpLimits,
    /// The latest socket that was bound.
    bound: Arc<Mutex<Weak<Shared>>>,
}

impl UdpTransport {
    /// Returns a transport for a port of a host, over IPv4.
    ///
    /// Port 0 is for listening: the system picks a free one, which [`Listener::endpoint`] names.
    #[must_use]
    pub fn udp4(host: impl Into<String>, port: u16) -> Self {
        Self::new(Family::V4, host.into(), port)
    }

    /// Returns a transport for a port of a host, over IPv6; an address stands without brackets.
    #[must_use]
    pub fn udp6(host: impl Into<String>, port: u16) -> Self {
        Self::new(Family::V6, host.into(), port)
    }

    fn new(family: Family, host: String, port: u16) -> Self {
        Self { family, host, port, limits: UdpLimits::default(), bound: Arc::default() }
    }

    /// Sets what the peers of a bound socket may cost.
    #[must_use]
    pub fn with_limits(self, limits: UdpLimits) -> Self {
        Self { limits, ..self }
    }

    /// Returns the counts of the latest socket that this transport, or a clone of it, bound; all
    /// zero once the listener and its streams are gone.
    #[must_use]
    pub fn stats(&self) -> UdpStats {
        let shared = self.bound.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        shared.map(|shared| shared.stats()).unwrap_or_default()
    }

    /// Returns the endpoint with this port.
    fn at(&self, port: u16) -> Endpoint {
        let host = self.host.clone();
        match self.family {
            Family::V4 => Endpoint::Udp4 { host, port },
            Family::V6 => Endpoint::Udp6 { host, port },
        }
    }

    /// Returns the host's addresses of this transport's family.
    async fn resolve(&self) -> Result<Vec<SocketAddr>, TransportError> {
        let not_found = |source| TransportError::HostNotFound { host: self.host.clone(), source };
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| not_found(Some(error)))?;
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            return Err(not_found(None));
        }
        let fit = |address: &SocketAddr| address.is_ipv4() == (self.family == Family::V4);
        let fitting: Vec<_> = found.into_iter().filter(fit).collect();
        if fitting.is_empty() {
            return Err(TransportError::WrongFamily {
                endpoint: self.endpoint(),
                host: self.host.clone(),
            });
        }
        Ok(fitting)
    }

    /// Returns a socket connected to the first address that can be.
    async fn connect_any(
        &self,
        addresses: Vec<SocketAddr>,
    ) -> Result<(UdpSocket, SocketAddr), TransportError> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for remote in addresses {
            match connect(remote).await {
                Ok(socket) => return Ok((socket, remote)),
                Err(error) => last = error,
            }
        }
        Err(self.error("connect", last))
    }

    async fn bind_any(&self, addresses: Vec<SocketAddr>) -> Result<UdpSocket, TransportError> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in addresses {
            match UdpSocket::bind(address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(self.error("bind", last))
    }

    fn error(&self, op: &'static str, source: io::Error) -> TransportError {
        let endpoint = self.endpoint();
        match source.kind() {
            io::ErrorKind::AddrInUse => TransportError::AddressInUse { endpoint },
            _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
            _ => TransportError::Io { endpoint, op, source },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

#[async_trait]
impl Transport for UdpTransport {
    fn endpoint(&self) -> Endpoint {
        self.at(self.port)
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        let (socket, remote) = self.connect_any(self.resolve().await?).await?;
        let info = crate::PeerInfo::new(self.endpoint()).with_remote(remote);
        Ok(Stream::udp(UdpStream::connected(socket), info))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let socket = self.bind_any(self.resolve().await?).await?;
        let bound = socket.local_addr().map_err(|error| self.error("bind", error))?;
        let endpoint = self.at(bound.port());
        let shared = Arc::new(Shared::new(endpoint, socket, self.limits));
        *self.bound.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&shared);
        Ok(Box::new(UdpListener::start(shared)))
    }
}

async fn connect(remote: SocketAddr) -> io::Result<UdpSocket> {
    let any = match remote {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // A socket that the system gives the very port that is dialed would talk to itself. It is kept
    // until another has a port, so that this one is not given again.
    let mut itself = Vec::new();
    while itself.len() < 2 {
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(remote).await?;
        if socket.local_addr()? != remote {
            return Ok(socket);
        }
        itself.push(socket);
    }
    Err(io::ErrorKind::AddrNotAvailable.into())
}

/// Checks that a socket of this endpoint can send to an address.
fn check_family(endpoint: &Endpoint, to: SocketAddr) -> Result<(), TransportError> {
    if matches!(endpoint, Endpoint::Udp4 { .. }) == to.is_ipv4() {
        return Ok(());
    }
    Err(TransportError::WrongFamily { endpoint: endpoint.clone(), host: to.ip().to_string() })
}
