//! `TlsServer`: who a server is and which clients it takes.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::server::StoresServerSessions;
use tokio_rustls::rustls::sign::SingleCertAndKey;

use super::identity::identity;
use super::provider::provider;
use super::trust::ClientTrust;
use super::{Pem, TlsError, info};
use crate::peer::TlsInfo;

/// Which certificates a server wants of its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// One that is trusted if a client CA is given, else none. The default.
    #[default]
    IfTrusted,
    /// It asks for one and takes any client: [`TlsInfo::verified`] says whose certificate is
    /// trusted.
    Asked,
    /// One that is trusted; without it, or with another, the handshake fails.
    Required,
}

/// Who a server is and which clients it takes.
#[derive(Clone)]
pub struct TlsServer {
    acceptor: TlsAcceptor,
    trust: Option<Arc<ClientTrust>>,
}

/// The settings of a [`TlsServer`].
///
/// # Defaults
///
/// [`ClientAuth::IfTrusted`].
#[derive(Clone, Debug)]
pub struct TlsServerBuilder {
    chain: Pem,
    key: Pem,
    client_ca: Vec<Pem>,
    client_auth: ClientAuth,
}

impl TlsServer {
    /// Returns a builder for a server with this certificate chain, its own certificate first, and
    /// its private key.
    #[must_use]
    pub const fn builder(chain: Pem, key: Pem) -> TlsServerBuilder {
        TlsServerBuilder { chain, key, client_ca: Vec::new(), client_auth: ClientAuth::IfTrusted }
    }

    /// Returns a server with a configuration of the TLS library.
    ///
    /// That a client's certificate is verified is then what the configuration makes of it:
    /// [`TlsInfo::verified`] is `false`.
    #[must_use]
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self { acceptor: config.into(), trust: None }
    }

    pub(super) const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Returns what the handshake has shown of a client.
    pub(super) fn info(&self, session: &tokio_rustls::rustls::ServerConnection) -> Arc<TlsInfo> {
        info::of(session, |first, rest| {
            self.trust
                .as_ref()
                .is_some_and(|trust| trust.check(first, rest, UnixTime::now()).is_ok())
        })
    }
}

impl TlsServerBuilder {
    /// Adds certificates of CAs, or of clients themselves, that are trusted.
    #[must_use]
    pub fn client_ca(mut self, trusted: Pem) -> Self {
        self.client_ca.push(trusted);
        self
    }

    /// Sets which certificates are wanted of clients, by default [`ClientAuth::IfTrusted`].
    #[must_use]
    pub const fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = auth;
        self
    }

    /// Reads the files and returns the server.
    ///
    /// # Errors
    ///
    /// [`TlsError`]: it names the file.
    pub fn build(self) -> Result<TlsServer, TlsError> {
        let identity = identity(&self.chain, &self.key)?;
        let trust = match self.client_auth {
            ClientAuth::IfTrusted if self.client_ca.is_empty() => None,
            ClientAuth::IfTrusted | ClientAuth::Required => {
                Some(ClientTrust::of(&self.client_ca, true)?)
            }
            ClientAuth::Asked => Some(ClientTrust::of(&self.client_ca, false)?),
        };
        let trust = trust.map(Arc::new);
        let refused =
            |error: tokio_rustls::rustls::Error| TlsError::Refused { reason: error.to_string() };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let builder = match &trust {
            Some(trust) => builder.with_client_cert_verifier(Arc::clone(trust) as _),
            None => builder.with_no_client_auth(),
        };
        let resolver = SingleCertAndKey::from(identity);
        let mut config = builder.with_cert_resolver(Arc::new(resolver));
        // Sessions are not resumed: each connection shows its certificates anew. A ticket goes to
        // clients that were asked for one nevertheless, since it confirms that theirs was accepted.
        // More would do harm: a ticket that is unread when a client closes makes a reset of the
        // end.
        config.session_storage = Arc::new(Forgetful);
        config.send_tls13_tickets = usize::from(trust.is_some());
        Ok(TlsServer { acceptor: Arc::new(config).into(), trust })
    }
}

/// Keeps no session.
#[derive(Debug)]
struct Forgetful;

impl StoresServerSessions for Forgetful {
    /// Without the claim to have kept it no ticket would be sent.
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        true
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Shows what was chosen, and no certificates.
impl std::fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clients = self.trust.as_ref().map(|trust| trust.is_mandatory());
        f.debug_struct("TlsServer")
            .field("asks_clients", &clients.is_some())
            .field("requires_certificate", &clients.unwrap_or_default())
            .finish_non_exhaustive()
    }
}
