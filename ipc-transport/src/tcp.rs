//! TCP: ordered, reliable, no message boundaries, no credentials; `TCP_NODELAY` unless told not to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Context;

use async_trait::async_trait;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use crate::accept::{Reserve, is_too_many_files};
use crate::{Endpoint, Listener, PeerInfo, Stream, Transport, TransportError};

/// A TCP port of a host, to dial or to serve.
///
/// # Defaults
///
/// `TCP_NODELAY` on; no local address or port; addresses of both IP versions; a backlog of 511
/// connections.
///
/// # Errors
///
/// Dialing gives [`TransportError::HostNotFound`], [`TransportError::NobodyListening`],
/// [`TransportError::TooManyFiles`] or [`TransportError::Io`]; listening gives
/// [`TransportError::AddressInUse`] in place of `NobodyListening`. If a host has several
/// addresses, the error is that of the last one.
#[derive(Clone, Debug)]
pub struct TcpTransport {
    host: String,
    port: u16,
    nodelay: bool,
    local_ip: Option<IpAddr>,
    local_port: u16,
    version: Option<IpVersion>,
    backlog: u32,
}

/// A version of the internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl TcpTransport {
    /// Returns a transport for a port of a host: a name or an address, IPv6 without brackets.
    ///
    /// Port 0 is for listening: the system picks a free one, which
    /// [`Listener::endpoint`] names.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            nodelay: true,
            local_ip: None,
            local_port: 0,
            version: None,
            backlog: DEFAULT_BACKLOG,
        }
    }

    /// Sets whether small writes go out at once (`TCP_NODELAY`), by default `true`.
    ///
    /// With `false` the system may hold a small write back for up to 40 ms to join it with the
    /// next; a layer above that batches its writes gains nothing from that.
    #[must_use]
    pub fn with_nodelay(self, nodelay: bool) -> Self {
        Self { nodelay, ..self }
    }

    /// Sets the address outgoing connections come from; by default the system picks one.
    ///
    /// Port 0 lets the system pick the port. Addresses of the host of the other IP version are
    /// then not tried.
    #[must_use]
    pub fn with_local_address(self, address: SocketAddr) -> Self {
        Self { local_ip: Some(address.ip()), local_port: address.port(), ..self }
    }

    /// Sets the port outgoing connections come from, with whatever address; by default, and with
    /// 0, the system picks one.
    ///
    /// A port serves one connection to the same server at a time.
    #[must_use]
    pub fn with_local_port(self, port: u16) -> Self {
        Self { local_port: port, ..self }
    }

    /// Sets which of the addresses of a host name are tried, by default those of both versions.
    ///
    /// A host that is an address itself stays what it is.
    #[must_use]
    pub fn with_ip_version(self, version: IpVersion) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Sets how many connections may wait to be accepted, by default 511 as Node has it.
    ///
    /// The system caps it (Linux: `net.core.somaxconn`).
    #[must_use]
    pub fn with_backlog(self, backlog: u32) -> Self {
        Self { backlog, ..self }
    }

    /// Returns the host as it was given.
    #[cfg(feature = "tls-base")]
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Connects to the first of the host's addresses that answers.
    pub(crate) async fn connect_socket(&self) -> Result<(TcpStream, SocketAddr), TransportError> {
        self.connect_any(self.resolve().await?).await
    }

    /// Binds the first of the host's addresses that can be bound.
    pub(crate) async fn bind_server(&self) -> Result<TcpServer, TransportError> {
        let io = self.bind_any(self.resolve().await?)?;
        TcpServer::new(self, io)
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, TransportError> {
        let not_found = |source| TransportError::HostNotFound { host: self.host.clone(), source };
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| not_found(Some(error)))?;
        let addresses: Vec<_> = found.filter(|address| self.is_wanted(address)).collect();
        if addresses.is_empty() { Err(not_found(None)) } else { Ok(addresses) }
    }

    fn is_wanted(&self, address: &SocketAddr) -> bool {
        match self.version {
            _ if self.host.parse::<IpAddr>().is_ok() => true,
            Some(IpVersion::V4) => address.is_ipv4(),
            Some(IpVersion::V6) => address.is_ipv6(),
            None => true,
        }
    }

    /// Returns where a connection to `remote` comes from, if that is not for the system to pick.
    fn local(&self, remote: SocketAddr) -> Option<SocketAddr> {
        let any = || match remote {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let ip = self.local_ip.or_else(|| (self.local_port != 0).then(any))?;
        Some(SocketAddr::new(ip, self.local_port))
    }

    async fn connect_any(
        &self,
        addresses: Vec<SocketAddr>,
    ) -> Result<(TcpStream, SocketAddr), TransportError> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for remote in addresses {
            if self.local_ip.is_some_and(|local| local.is_ipv4() != remote.is_ipv4()) {
                continue;
            }
            match self.connect(remote).await {
                Ok(io) => return Ok((io, remote)),
                Err(error) => last = error,
            }
        }
        Err(self.error("connect", last))
    }

    fn bind_any(&self, addresses: Vec<SocketAddr>) -> Result<TcpListener, TransportError> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in addresses {
            match self.bind(address) {
                Ok(io) => return Ok(io),
                Err(error) => last = error,
            }
        }
        Err(self.error("listen", last))
    }

    async fn connect(&self, remote: SocketAddr) -> io::Result<TcpStream> {
        let socket = new_socket(remote)?;
        if let Some(local) = self.local(remote) {
            // The last connection from this port may not be forgotten yet.
            #[cfg(not(windows))]
            socket.set_reuseaddr(true)?;
            socket.bind(local)?;
        }
        let io = socket.connect(remote).await?;
        // A dial to a free port of the ephemeral range can meet itself on the loopback.
        if io.local_addr()? == remote {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        io.set_nodelay(self.nodelay)?;
        Ok(io)
    }

    fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = new_socket(address)?;
        // On Windows the same option would let two servers share the port.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(self.backlog)
    }

    fn error(&self, op: &'static str, source: io::Error) -> TransportError {
        let endpoint = self.endpoint();
        match source.kind() {
            io::ErrorKind::ConnectionRefused => {
                TransportError::NobodyListening { endpoint, source }
            }
            io::ErrorKind::AddrInUse => TransportError::AddressInUse { endpoint },
            _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
            _ => TransportError::Io { endpoint, op, source },
        }
    }
}

#[async_trait]
impl Transport for TcpTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp { host: self.host.clone(), port: self.port }
    }

    fn supports_blocking(&self) -> bool {
        true
    }

    /// Tries the host's addresses in turn and returns the first that answers.
    ///
    /// There is no limit on time: wrap the future into a timeout.
    async fn dial(&self) -> Result<Stream, TransportError> {
        let (io, remote) = self.connect_socket().await?;
        Ok(Stream::tcp(io, PeerInfo::new(self.endpoint()).with_remote(remote)))
    }

    /// Binds the first of the host's addresses that can be bound.
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Ok(Box::new(self.bind_server().await?))
    }
}

#[derive(Debug)]
pub(crate) struct TcpServer {
    endpoint: Endpoint,
    io: TcpListener,
    nodelay: bool,
    reserve: Reserve,
}

impl TcpServer {
    pub(crate) fn new(transport: &TcpTransport, io: TcpListener) -> Result<Self, TransportError> {
        let bound = io.local_addr().map_err(|error| transport.error("listen", error))?;
        let endpoint = Endpoint::Tcp { host: transport.host.clone(), port: bound.port() };
        Ok(Self { endpoint, io, nodelay: transport.nodelay, reserve: Reserve::new() })
    }

    pub(crate) async fn accept_io(&mut self) -> Result<(TcpStream, SocketAddr), TransportError> {
        loop {
            let listener = &self.io;
            let poll_accept = |cx: &mut Context<'_>| listener.poll_accept(cx);
            let (io, remote) = self.reserve.accept(&self.endpoint, poll_accept).await?;
            // Fails only if the connection is gone already; then it is the next one's turn.
            if io.set_nodelay(self.nodelay).is_ok() {
                return Ok((io, remote));
            }
        }
    }
}

#[async_trait]
impl Listener for TcpServer {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        let (io, remote) = self.accept_io().await?;
        Ok(Stream::tcp(io, PeerInfo::new(self.endpoint.clone()).with_remote(remote)))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }
}

fn new_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// What Node passes to listen(2).
const DEFAULT_BACKLOG: u32 = 511;

#[cfg(test)]
mod tests {
    use super::*;

    fn local(port: u16) -> TcpTransport {
        TcpTransport::new("127.0.0.1", port)
    }

    // Tests W42
    #[tokio::test]
    async fn nodelay_is_set_on_both_sides_unless_told_not_to() -> io::Result<()> {
        for nodelay in [true, false] {
            let transport = local(0).with_nodelay(nodelay);
            let listener = transport.bind(([127, 0, 0, 1], 0).into())?;
            let address = listener.local_addr()?;
            let client = transport.connect(address).await?;
            assert_eq!(client.nodelay()?, nodelay);
            let (accepted, remote) = TcpServer::new(&transport, listener)?.accept_io().await?;
            assert_eq!(accepted.nodelay()?, nodelay);
            assert_eq!(remote, client.local_addr()?);
        }
        assert!(local(0).nodelay);
        Ok(())
    }

    #[test]
    fn only_names_are_held_to_an_ip_version() {
        let wanted = |host: &str, version, address: &str| {
            let transport = TcpTransport::new(host, 1).with_ip_version(version);
            address.parse().is_ok_and(|ip| transport.is_wanted(&SocketAddr::new(ip, 1)))
        };
        for (version, v4, v6) in [(IpVersion::V4, true, false), (IpVersion::V6, false, true)] {
            assert_eq!(wanted("localhost", version, "127.0.0.1"), v4);
            assert_eq!(wanted("localhost", version, "::1"), v6);
            assert!(wanted("127.0.0.1", version, "127.0.0.1"));
            assert!(wanted("::1", version, "::1"));
        }
        assert!(local(0).is_wanted(&([127, 0, 0, 1], 0).into()));
    }

    // Elsewhere a port that is bound cannot be bound once more, so none could be kept free for it.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_comes_from_the_port_that_was_asked_for() -> io::Result<()> {
        let listener = local(0).bind(([127, 0, 0, 1], 0).into())?;
        let server = listener.local_addr()?;
        for with_address in [true, false] {
            let reserved = new_socket(server)?;
            reserved.set_reuseaddr(true)?;
            reserved.bind(([127, 0, 0, 1], 0).into())?;
            let free = reserved.local_addr()?;
            let transport = match with_address {
                true => local(0).with_local_address(free),
                false => local(0).with_local_port(free.port()),
            };
            assert_eq!(transport.connect(server).await?.local_addr()?, free);
        }
        Ok(())
    }

    #[tokio::test]
    async fn every_address_is_tried_until_one_answers() -> io::Result<()> {
        let listener = local(0).bind(([127, 0, 0, 1], 0).into())?;
        let good = listener.local_addr()?;
        // Bound and never listening: a connect is refused, and nobody else gets the port.
        let reserved = new_socket(good)?;
        reserved.bind(([127, 0, 0, 1], 0).into())?;
        let bad = reserved.local_addr()?;
        let transport = local(good.port());
        let dialed = transport.connect_any(vec![bad, good]).await;
        assert_eq!(dialed.map(|(_, remote)| remote).ok(), Some(good));
        let refused = transport.connect_any(vec![bad]).await;
        assert_eq!(refused.map_err(|error| error.code()).err(), Some("nobody_listening"));
        // Listening skips what cannot be bound, too.
        let elsewhere = ([192, 0, 2, 1], 0).into();
        assert!(transport.bind_any(vec![elsewhere]).is_err());
        assert!(transport.bind_any(vec![elsewhere, ([127, 0, 0, 1], 0).into()]).is_ok());
        Ok(())
    }
}
