//! `TlsClient`: which CAs a client trusts, its own certificate, and how it dials.

use std::fmt;
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

use super::first::First;
use super::identity::identity;
use super::provider::provider;
use super::roots::Roots;
use super::trust::ServerTrust;
use super::{HandshakeFailure, Pem, TlsError, TlsIo, info, over_tls};
use crate::dial_deadline::Deadline;
use crate::stream::quiet::Quiet;
use crate::{Endpoint, Secret, Stream, TcpTransport, Transport, TransportError};

/// Which CAs a client trusts, and its own certificate.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
    verifies: bool,
}

/// The settings of a [`TlsClient`].
///
/// # Defaults
///
/// Without a CA those are trusted that the system trusts, with the feature `tls-native-roots`;
/// without the feature a CA has to be given. With a CA only that is trusted. No certificate of its
/// own; the server's name is the host that is dialed.
#[derive(Clone, Debug, Default)]
pub struct TlsClientBuilder {
    trusted: Vec<Pem>,
    with_system: bool,
    identity: Option<(Pem, Pem)>,
    server_name: Option<String>,
    anybody: bool,
}

/// Shows what was chosen, and no certificates.
impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient")
            .field("verifies", &self.verifies)
            .field("server_name", &self.server_name)
            .field("has_certificate", &self.config.client_auth_cert_resolver.has_certs())
            .finish_non_exhaustive()
    }
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
    /// Adds certificates of CAs, or of servers themselves, that are trusted, in place of those that
    /// the system trusts.
    #[must_use]
    pub fn trust(mut self, trusted: Pem) -> Self {
        self.trusted.push(trusted);
        self
    }

    /// Trusts the CAs that the system trusts, beside those of [`trust`](Self::trust). Without any
    /// of those it is the default.
    ///
    /// They are read by [`build`](Self::build): on Linux from the file or directory that OpenSSL
    /// would read, elsewhere from the system's key store. The environment variables `SSL_CERT_FILE`
    /// and `SSL_CERT_DIR` name others in their place, on any system.
    #[cfg(feature = "tls-native-roots")]
    #[must_use]
    pub const fn trust_system_roots(mut self) -> Self {
        self.with_system = true;
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

    /// Accepts every certificate of every server, of whatever version: the connection is encrypted,
    /// and **anyone in between can read and change everything**. For tests, and for peers that
    /// cannot be distinguished anyhow.
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
        let trust = if self.anybody {
            ServerTrust::anybody()
        } else {
            let with_system = self.with_system || self.trusted.is_empty();
            ServerTrust::of(Roots::of(&self.trusted, with_system)?)?
        };
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
    // A scope (`fe80::1%eth0`) is not part of what a certificate says.
    let name = name.split_once('%').map_or(name, |(address, _)| address);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        let name = if Secret::is_in(name) { "PEM text" } else { name };
        TlsError::InvalidServerName { name: name.to_owned() }
    })
}

/// Connects, shakes hands, and waits until the server has taken our certificate if it asked for
/// one.
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
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, First::of(io));
        let mut stream = connecting
            .into_fallible()
            .await
            .map_err(|(source, io)| HandshakeFailure::explain(source, io.bytes()))?;
        let version = stream.get_ref().1.protocol_version();
        if asked.0.load(Ordering::Relaxed) && version == Some(ProtocolVersion::TLSv1_3) {
            // A server without tickets that lets the client speak first says nothing.
            let verdict = tokio::time::timeout(VERDICT, verdict(&mut stream)).await;
            verdict.unwrap_or(Ok(())).map_err(|source| HandshakeFailure::explain(source, &[]))?;
        }
        Ok(stream)
    };
    let shaking = tokio::time::timeout(limit, shaking);
    let (failure, source) = match deadline.end(&endpoint, shaking).await? {
        Ok(Ok(stream)) => {
            let tls = info::of(stream.get_ref().1, |_, _| client.verifies);
            let peer = addresses.describe(endpoint).with_tls(tls);
            return Ok(Stream::new(TlsIo::new(stream), peer));
        }
        Ok(Err(failed)) => failed,
        Err(_) => {
            let source = io::Error::new(io::ErrorKind::TimedOut, SILENT);
            (HandshakeFailure::Timeout { limit }, source)
        }
    };
    Err(failed(endpoint, addresses.remote, failure, Some(source)))
}

/// Waits for the first thing a server sends after the handshake: it comes once our certificate is
/// accepted. What it is stays to be read.
async fn verdict(stream: &mut TlsStream<First<Quiet<TcpStream>>>) -> io::Result<()> {
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

/// Shows the certificate, and remembers that it was asked for.
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

/// A server that waits for the end of a frame in plain text says nothing.
const SILENT: &str = "the server may not speak TLS";

/// How long a server that asked for a certificate may take to send something after the handshake.
/// OpenSSL, and thereby Node, and rustls send tickets at once.
const VERDICT: Duration = Duration::from_secs(1);
