//! TCP: ordered, reliable, no message boundaries, no credentials; `TCP_NODELAY` and keepalive
//! by default.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;

use crate::dial_deadline::Deadline;
use crate::kinds::common::accept::is_too_many_files;
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

mod connect;
mod options;
mod race;
mod server;
#[cfg(test)]
mod tests;

pub use options::Keepalive;
#[cfg(feature = "tls-base")]
pub(crate) use server::Addresses;
#[cfg(any(feature = "tls-base", all(unix, feature = "unix")))]
pub(crate) use server::TcpServer;

use self::options::SocketOptions;

/// A TCP port of a host, to dial or to serve.
///
/// # Defaults
///
/// `TCP_NODELAY` and [`Keepalive`] on; no user timeout; no local address or port; addresses of both IP versions; a
/// backlog of 511 connections.
///
/// # Several addresses
///
/// A client tries the addresses of a name by RFC 8305 ("happy eyeballs"): IPv6 and IPv4 in turn,
/// beginning with what the resolver names first, the next one 250 ms after the one before or as
/// soon as that failed. The first that answers wins.
///
/// A server listens at one address: the first of the name's that this machine has. At `::` it hears
/// IPv4, too, as Node does; such a client's address is `::ffff:192.0.2.1`.
///
/// # Errors
///
/// Dialing gives [`TransportError::HostNotFound`], [`TransportError::NobodyListening`],
/// [`TransportError::Unreachable`], [`TransportError::TooManyFiles`] or [`TransportError::Io`], and
/// with a limit on time [`TransportError::ConnectTimeout`]; listening gives
/// [`TransportError::AddressInUse`] in place of `NobodyListening`.
///
/// If a host has several addresses, those that this machine cannot reach at all (it has no IPv6,
/// for example) do not count. If one is left, the error is its own; if no server listens at any of
/// them it is `NobodyListening`; else `Unreachable` has a reason for each.
///
/// A server whose backlog is full does not answer on most systems, so that the time runs out; on
/// Windows it refuses.
#[derive(Clone, Debug)]
pub struct TcpTransport {
    host: String,
    port: u16,
    options: SocketOptions,
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
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_transport::TcpTransport;
    ///
    /// let client = TcpTransport::new("localhost", 8000);
    /// let server = TcpTransport::new("127.0.0.1", 0); // Any free port.
    /// ```
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            options: SocketOptions::default(),
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
    pub fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.options.nodelay = nodelay;
        self
    }

    /// Sets when a connection that carries nothing is probed, by default as [`Keepalive`] says;
    /// `None` never, as Node has it. It holds for dialed and accepted connections.
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: impl Into<Option<Keepalive>>) -> Self {
        self.options.keepalive = keepalive.into();
        self
    }

    /// Sets how long bytes that were sent may go without the peer's system taking them; then the
    /// connection is over, and reading fails with [`io::ErrorKind::TimedOut`]. By default, and with
    /// `None`, the system decides: Linux sends them again for about 15 minutes.
    ///
    /// This is `TCP_USER_TIMEOUT`, which Linux and Android have; elsewhere it has no effect. It holds
    /// for dialed and accepted connections, from 1 ms to about 24 days; what is beyond is taken for the
    /// limit, and a part of a millisecond is rounded up.
    ///
    /// **It also cuts a peer that is there and reads nothing for so long**, once its buffers are full,
    /// although its system answers: a program that takes its events slowly, a process that is stopped
    /// in a debugger. And it replaces the number of unanswered probes of [`Keepalive`]: with less than
    /// the keepalive's 90 s one lost probe is enough. That is why none is set by default.
    #[must_use]
    pub fn with_user_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.user_timeout = timeout.into();
        self
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

    /// Returns the endpoint that errors name.
    fn own_endpoint(&self) -> Endpoint {
        Endpoint::Tcp { host: self.host.clone(), port: self.port }
    }

    fn error(&self, op: &'static str, source: io::Error) -> TransportError {
        let endpoint = self.own_endpoint();
        match source.kind() {
            io::ErrorKind::ConnectionRefused => {
                TransportError::NobodyListening { endpoint, source }
            }
            io::ErrorKind::AddrInUse => TransportError::AddressInUse { endpoint },
            _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
            _ => TransportError::Io { endpoint, op, source },
        }
    }

    async fn dial_by(&self, deadline: Deadline) -> Result<Stream, TransportError> {
        let (io, addresses) = self.connect_socket(deadline).await?;
        Ok(Stream::new(io, addresses.describe(self.own_endpoint())))
    }
}

#[async_trait]
impl Transport for TcpTransport {
    fn endpoint(&self) -> Endpoint {
        self.own_endpoint()
    }

    /// There is no limit on time but the system's: [`dial_within`](Transport::dial_within) has one.
    async fn dial(&self) -> Result<Stream, TransportError> {
        self.dial_by(Deadline::NEVER).await
    }

    fn supports_blocking(&self) -> bool {
        true
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.dial_by(Deadline::after(limit)).await
    }

    /// Binds the first of the host's addresses that this machine has.
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Ok(Box::new(self.bind_server().await?))
    }
}

/// What Node passes to listen(2).
const DEFAULT_BACKLOG: u32 = 511;
