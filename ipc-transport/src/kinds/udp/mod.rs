//! UDP: whole datagrams, lost or out of order at times; the sender's address, which can be
//! invented.

mod connected;
mod datagram;
mod error;
mod limits;
mod listener;
mod shared;
mod socket;
mod stream;
mod table;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::net::{UdpSocket, lookup_host};

pub use error::SendRefused;
pub use limits::{UdpLimits, UdpStats};
pub(crate) use stream::{UdpReader, UdpStream, UdpWriter};

use self::listener::UdpListener;
use self::shared::{Place, Shared};
use crate::error::descriptors::is_too_many_files;
use crate::{Attempts, Endpoint, Listener, Stream, Transport, TransportError};

/// A UDP port of a host, to dial or to serve, over IPv4 or IPv6.
///
/// Listening binds one socket. [`Listener::accept`] returns a stream for each address that
/// datagrams come from, all over that socket, and [`Listener::opener`] opens streams to others.
/// A stream ends when its address was silent for too long, when it has to make room for
/// another, or when it is shut down; the next datagram from there makes a new one.
///
/// Dialing connects a socket of its own to the one address. There is no handshake, so it
/// succeeds whether or not a server listens there, and refusals that the system reports later are
/// no errors: who is not there now may be there for the next datagram.
///
/// If a host has several addresses of the family, a client sends to the first that this machine has
/// a way to, and a server binds the first that is its own: no answer tells which one works. At `::`
/// a server hears IPv4, too, as Node does; such a peer's address is `::ffff:192.0.2.1`.
///
/// Each write is one datagram, all or nothing, and each read returns the bytes of one only.
/// What waits beyond the limits is dropped, as the network itself drops datagrams.
///
/// # Errors
///
/// [`TransportError::HostNotFound`], [`TransportError::WrongFamily`],
/// [`TransportError::Unreachable`], [`TransportError::TooManyFiles`] or [`TransportError::Io`]; for
/// listening also [`TransportError::AddressInUse`], for dialing [`TransportError::BroadcastOff`]. A
/// write to a broadcast address that was not asked for is [`SendRefused::BroadcastOff`].
///
/// # Examples
///
/// ```
/// use ipc_transport::{Endpoint, Transport, UdpTransport};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut listener = UdpTransport::udp4("127.0.0.1", 0).listen().await?;
/// let Endpoint::Udp4 { host, port } = listener.endpoint() else { unreachable!() };
/// let mut client = UdpTransport::udp4(host, port).dial().await?;
/// client.write_all(b"one datagram").await?;
/// let mut server = listener.accept().await?; // The stream of the client's address.
/// let mut datagram = [0; 64];
/// assert_eq!(server.read(&mut datagram).await?, 12);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct UdpTransport {
    family: Family,
    host: String,
    port: u16,
    limits: UdpLimits,
    broadcast: bool,
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

    /// Returns a transport for a port of a host, over IPv6; an address is given without brackets.
    #[must_use]
    pub fn udp6(host: impl Into<String>, port: u16) -> Self {
        Self::new(Family::V6, host.into(), port)
    }

    fn new(family: Family, host: String, port: u16) -> Self {
        let (limits, bound) = (UdpLimits::default(), Arc::default());
        Self { family, host, port, limits, broadcast: false, bound }
    }

    /// Sets what the peers of a bound socket may cost.
    #[must_use]
    pub fn with_limits(self, limits: UdpLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets whether datagrams may go to a broadcast address such as `192.0.2.255`, by default
    /// `false`: without it a wrong address does not reach a whole network.
    ///
    /// It holds for dialing and for the streams of a listener. A dialed stream hears only the one
    /// address that was dialed, which no answer comes from: to hear the answers, listen, and open a
    /// stream to the broadcast address from there.
    #[must_use]
    pub fn with_broadcast(self, broadcast: bool) -> Self {
        Self { broadcast, ..self }
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

    /// Returns a socket connected to the first address that this machine has a way to, and the two
    /// addresses.
    async fn connect_any(
        &self,
        addresses: Vec<SocketAddr>,
    ) -> Result<(UdpSocket, SocketAddr, SocketAddr), TransportError> {
        let mut failed = Vec::new();
        for remote in addresses {
            let connected = match socket::connect(remote, self.broadcast).await {
                Ok(socket) => socket.local_addr().map(|local| (socket, local, remote)),
                Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(self.refused(remote, source));
                }
                Err(error) => Err(error),
            };
            match connected {
                Ok(connected) => return Ok(connected),
                Err(error) => failed.push((remote, error)),
            }
        }
        let explain = |source| self.error("connect", source);
        Err(Attempts::new(failed).into_error(self.endpoint(), explain))
    }

    /// Returns the error of an address that the system does not let us send to.
    fn refused(&self, remote: SocketAddr, source: io::Error) -> TransportError {
        let endpoint = self.endpoint();
        if self.broadcast {
            return TransportError::Io { endpoint, op: "connect", source };
        }
        TransportError::BroadcastOff { endpoint, remote, source }
    }

    fn bind_any(&self, addresses: Vec<SocketAddr>) -> Result<UdpSocket, TransportError> {
        let mut failed = Vec::new();
        for address in addresses {
            match socket::bind(address, self.broadcast) {
                Ok(socket) => return Ok(socket),
                // As with TCP: two servers at one name would each have some of the clients.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(self.error("bind", error));
                }
                Err(error) => failed.push((address, error)),
            }
        }
        let explain = |source| self.error("bind", source);
        Err(Attempts::new(failed).into_error(self.endpoint(), explain))
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
        let (socket, local, remote) = self.connect_any(self.resolve().await?).await?;
        let info = crate::PeerInfo::new(self.endpoint()).with_remote(remote).with_local(local);
        Ok(Stream::new(UdpStream::connected(socket), info))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let socket = self.bind_any(self.resolve().await?)?;
        let bound = socket.local_addr().map_err(|error| self.error("bind", error))?;
        let endpoint = self.at(bound.port());
        let place = Place { endpoint, local: bound, broadcast: self.broadcast };
        let shared = Arc::new(Shared::new(place, socket, self.limits));
        *self.bound.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&shared);
        Ok(Box::new(UdpListener::start(shared)))
    }
}
