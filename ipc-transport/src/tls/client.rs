//! `TlsClient`: whom a client trusts and who it is; and how it dials.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::AsyncBufRead;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, SignatureScheme};

use super::pem::identity;
use super::provider::provider;
use super::trust::ServerTrust;
use super::{HandshakeFailure, Pem, TlsError, TlsIo, info, over_tls};
use crate::deadline::Deadline;
use crate::quiet::Quiet;
use crate::{Endpoint, Stream, TcpTransport, Transport, TransportError};

/// Whom a client trusts and who it is.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
    verifies: bool,
}

/// The settings of a [`TlsClient`].
///
/// # Defaults
///
/// Nobody is trusted, so that a CA has to be given; no certificate of its own; the server's name is
/// the host that is dialed.
#[derive(Clone, Debug, Default)]
pub struct TlsClientBuilder {
    trusted: Vec<Pem>,
    identity: Option<(Pem, Pem)>,
    server_name: Option<String>,
    anybody: bool,
}

impl TlsClient {
    /// Returns a builder.
    #[must_use]
    pub fn builder() -> TlsClientBuilder {
        TlsClientBuilder::default()
    }

    /// Returns a client with a configuration of the TLS library.
    #[must_use]
    pub const fn from_config(config: Arc<ClientConfig>) -> Self {
        Self { config, server_name: None, verifies: true }
    }

    /// Returns the name the server's certificate has to bear.
    fn name(&self, host: &str) -> Result<ServerName<'static>, TlsError> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => parse_name(host),
        }
    }
}

impl TlsClientBuilder {
    /// Adds certificates of CAs, or of servers themselves, that are trusted.
    #[must_use]
    pub fn trust(mut self, trusted: Pem) -> Self {
        self.trusted.push(trusted);
        self
    }

    /// Sets the certificate chain and private key that are shown to a server that asks.
    #[must_use]
    pub fn identity(mut self, chain: Pem, key: Pem) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Sets the name the server's certificate has to bear, by default the host that is dialed. A
    /// host name is also sent to the server (SNI).
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Accepts every certificate of every server: the connection is encrypted, and **anybody in
    /// between can read and change everything**. For tests, and for peers that cannot be told
    /// apart anyhow.
    #[must_use]
    pub const fn dangerous_accept_any_certificate(mut self) -> Self {
        self.anybody = true;
        self
    }

    /// Reads the files and returns the client.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: it names the file.
    pub fn build(self) -> Result<TlsClient, TlsError> {
        let trust =
            if self.anybody { ServerTrust::anybody() } else { ServerTrust::of(&self.trusted)? };
        let verifies = trust.verifies();
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Refused { reason: error.to_string() })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust));
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let resolver = SingleCertAndKey::from(identity(chain, key)?);
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
        };
        let server_name = self.server_name.as_deref().map(parse_name).transpose()?;
        Ok(TlsClient { config: Arc::new(config), server_name, verifies })
    }
}

fn parse_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    // A scope (`fe80::1%eth0`) is no part of what a certificate says.
    let name = name.split_once('%').map_or(name, |(address, _)| address);
    ServerName::try_from(name.to_owned())
        .map_err(|_| TlsError::InvalidServerName { name: name.to_owned() })
}

/// Connects, shakes hands, and waits until the server has taken our certificate if it asked for one.
pub(super) async fn dial(
    tcp: &TcpTransport,
    client: &TlsClient,
    limit: Duration,
    deadline: Deadline,
) -> Result<Stream, TransportError> {
    let name = client.name(tcp.host())?;
    let Endpoint::Tcp { host, port } = tcp.endpoint() else {
        return Err(TlsError::NoClient.into());
    };
    let endpoint = Endpoint::Tls { host, port };
    let (io, addresses) = tcp.connect_socket(deadline).await.map_err(over_tls)?;
    let asked = Arc::new(Asked::default());
    let mut config = (*client.config).clone();
    config.client_auth_cert_resolver = Arc::new(Noting {
        inner: Arc::clone(&client.config.client_auth_cert_resolver),
        asked: Arc::clone(&asked),
    });
    let shaking = async {
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, io).await?;
        let version = stream.get_ref().1.protocol_version();
        if asked.0.load(Ordering::Relaxed) && version == Some(ProtocolVersion::TLSv1_3) {
            // A server without tickets that lets the client speak first says nothing.
            tokio::time::timeout(VERDICT, verdict(&mut stream)).await.unwrap_or(Ok(()))?;
        }
        Ok::<_, io::Error>(stream)
    };
    let shaking = tokio::time::timeout(limit, shaking);
    let source = match deadline.end(&endpoint, shaking).await? {
        Ok(Ok(stream)) => {
            let tls = info::of(stream.get_ref().1, |_, _| client.verifies);
            let peer = addresses.describe(endpoint).with_tls(tls);
            return Ok(Stream::tls(TlsIo::new(stream), peer));
        }
        Ok(Err(source)) => Some(source),
        Err(_) => None,
    };
    let failure = match &source {
        Some(source) => HandshakeFailure::of(source),
        None => HandshakeFailure::Timeout { limit },
    };
    Err(failed(endpoint, addresses.remote, failure, source))
}

/// Waits for the first thing a server sends after the handshake: it comes once our certificate is
/// accepted. What it is stays to be read.
async fn verdict(stream: &mut TlsStream<Quiet<TcpStream>>) -> io::Result<()> {
    poll_fn(|cx| {
        let polled = Pin::new(&mut *stream).poll_fill_buf(cx).map_ok(<[u8]>::is_empty);
        match polled {
            Poll::Ready(Ok(true)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Ok(false)) => Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending if stream.get_ref().1.tls13_tickets_received() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

pub(super) fn failed(
    endpoint: Endpoint,
    remote: SocketAddr,
    failure: HandshakeFailure,
    source: Option<io::Error>,
) -> TransportError {
    TransportError::Handshake { endpoint, remote, failure, source }
}

/// Whether the server has asked for a certificate.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

/// Shows the certificate, and takes note of being asked.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn ResolvesClientCert>,
    asked: Arc<Asked>,
}

impl ResolvesClientCert for Noting {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.0.store(true, Ordering::Relaxed);
        self.inner.resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

/// How long a server that asked for a certificate may take to send something after the handshake.
/// OpenSSL, and thereby Node, and rustls send tickets at once.
const VERDICT: Duration = Duration::from_secs(1);
