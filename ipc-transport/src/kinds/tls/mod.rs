//! TLS over TCP: ordered, reliable, no message boundaries; the peer's certificate, and who checked
//! it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::dial_deadline::Deadline;
use crate::{Endpoint, Listener, Stream, TcpTransport, Transport, TransportError};

mod certificate;
mod client;
mod distrust;
mod error;
mod failure;
mod first;
mod identity;
mod info;
mod io;
mod listener;
mod pem;
mod provider;
mod roots;
mod server;
mod signature;
mod trust;

pub use client::{TlsClient, TlsClientBuilder};
pub use error::TlsError;
pub use failure::HandshakeFailure;
pub(crate) use io::TlsIo;
pub use pem::Pem;
pub use server::{ClientAuth, TlsServer, TlsServerBuilder};
/// The TLS library below, for those who bring a configuration of their own.
pub use tokio_rustls::rustls;

/// A TLS port of a host, to dial or to serve.
///
/// A connection exists only when its handshake is done and the certificates are checked. TLS 1.2
/// and 1.3 are spoken.
///
/// In TLS 1.3 a client is done before the server has looked at the client's certificate. If the
/// server asked for one, dialing therefore goes on until the server sends something (tickets mostly
/// follow at once), for a second at most: a refusal is an error of the dial, and no connection that
/// breaks at once.
///
/// # Defaults
///
/// A handshake may take 10 s; a listener has 128 under way at a time, beyond which one that is
/// older than 1 s is cut; else as [`TcpTransport`].
///
/// # Errors
///
/// Dialing and accepting give [`TransportError::Handshake`] with a [`HandshakeFailure`]; a listener
/// goes on after that. Dialing without a [`TlsClient`] and listening without a [`TlsServer`] give
/// [`TransportError::Tls`]. All else is as with [`TcpTransport`].
#[derive(Clone, Debug)]
pub struct TlsTransport {
    tcp: TcpTransport,
    client: Option<TlsClient>,
    server: Option<Arc<TlsServer>>,
    handshake_timeout: Duration,
    max_handshakes: usize,
}

impl TlsTransport {
    /// Returns a transport for a port of a host: a name or an address, IPv6 without brackets.
    ///
    /// Unless [`TlsClientBuilder::server_name`] says otherwise, the server's certificate has to
    /// bear this name or address.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self::over(TcpTransport::new(host, port))
    }

    /// Returns a transport for the same port, with the options of `tcp`.
    #[must_use]
    pub const fn over(tcp: TcpTransport) -> Self {
        Self {
            tcp,
            client: None,
            server: None,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            max_handshakes: MAX_HANDSHAKES,
        }
    }

    /// Sets which CAs a client trusts, and its own certificate.
    #[must_use]
    pub fn with_client(self, client: TlsClient) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets who a server is and which clients it takes.
    #[must_use]
    pub fn with_server(self, server: TlsServer) -> Self {
        Self { server: Some(Arc::new(server)), ..self }
    }

    /// Sets how long a handshake may take, by default 10 s. Then its connection is closed.
    #[must_use]
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets how many handshakes a listener has under way at a time, by default 128, at least one.
    ///
    /// For one more, the oldest is cut if it has had a second, so that those who never finish
    /// delay others no longer than that; until then newcomers wait. Handshakes do not count as connections.
    #[must_use]
    pub fn with_max_handshakes(mut self, handshakes: usize) -> Self {
        self.max_handshakes = handshakes.max(1);
        self
    }
}

#[async_trait]
impl Transport for TlsTransport {
    fn endpoint(&self) -> Endpoint {
        at(self.tcp.endpoint())
    }

    /// Tries the host's addresses as [`TcpTransport`] does, and shakes hands with the first that
    /// answers.
    async fn dial(&self) -> Result<Stream, TransportError> {
        let client = self.client.as_ref().ok_or(TlsError::NoClient)?;
        client::dial(&self.tcp, client, self.handshake_timeout, Deadline::NEVER).await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        let client = self.client.as_ref().ok_or(TlsError::NoClient)?;
        let deadline = Deadline::after(limit);
        client::dial(&self.tcp, client, self.handshake_timeout, deadline).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let server = self.server.as_ref().ok_or(TlsError::NoServer)?;
        let tcp = self.tcp.bind_server().await.map_err(over_tls)?;
        let quota = (self.handshake_timeout, self.max_handshakes);
        Ok(Box::new(listener::TlsListener::new(tcp, Arc::clone(server), quota)))
    }
}

/// Returns the TLS endpoint of a TCP endpoint.
fn at(endpoint: Endpoint) -> Endpoint {
    match endpoint {
        Endpoint::Tcp { host, port } => Endpoint::Tls { host, port },
        other => other,
    }
}

/// Returns the error of a TCP endpoint as that of the TLS endpoint.
fn over_tls(error: TransportError) -> TransportError {
    match error {
        TransportError::NobodyListening { endpoint, source } => {
            TransportError::NobodyListening { endpoint: at(endpoint), source }
        }
        TransportError::AddressInUse { endpoint } => {
            TransportError::AddressInUse { endpoint: at(endpoint) }
        }
        TransportError::ConnectTimeout { endpoint, limit, attempts } => {
            TransportError::ConnectTimeout { endpoint: at(endpoint), limit, attempts }
        }
        TransportError::Unreachable { endpoint, attempts } => {
            TransportError::Unreachable { endpoint: at(endpoint), attempts }
        }
        TransportError::TooManyFiles { endpoint, source } => {
            TransportError::TooManyFiles { endpoint: at(endpoint), source }
        }
        TransportError::Io { endpoint, op, source } => {
            TransportError::Io { endpoint: at(endpoint), op, source }
        }
        other => other,
    }
}

/// Long for a machine that is busy, short for a client that only holds a place.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// More than a server's usual number of clients, and a few MiB at the most.
const MAX_HANDSHAKES: usize = 128;
