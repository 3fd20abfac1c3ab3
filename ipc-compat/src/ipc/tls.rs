//! TLS as node-ipc's config has it: paths, texts and flags become the transport's settings.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use ipc_transport::{
    ClientAuth, Pem, Secret, TcpTransport, TlsClient, TlsError, TlsServer, TlsTransport, Transport,
};

use super::IpcError;
use super::log::Log;
use crate::{Config, Dialect, Tls};

/// Returns the transport of a server.
// Wire rule W71
pub(super) fn server(
    config: &Config,
    tls: &Tls,
    tcp: TcpTransport,
) -> Result<Arc<dyn Transport>, IpcError> {
    note(config, tls);
    // Never the key that 9.x takes then: it is in node-ipc's package, for everybody.
    let key = key(tls).ok_or(IpcError::TlsIncomplete { missing: KEY })?;
    let chain = chain(tls).ok_or(IpcError::TlsIncomplete { missing: CERTIFICATE })?;
    let trusted = trusted(config, tls);
    let asks = tls.request_cert || !trusted.is_empty();
    let auth = match (asks, tls.reject_unauthorized) {
        (false, _) => ClientAuth::IfTrusted,
        (true, true) => ClientAuth::Required,
        (true, false) => ClientAuth::Asked,
    };
    let builder = TlsServer::builder(chain, key).client_auth(auth);
    let builder = trusted.into_iter().fold(builder, |builder, pem| builder.client_ca(pem));
    Ok(Arc::new(TlsTransport::over(tcp).with_server(builder.build().map_err(TlsProblem::from)?)))
}

/// Returns the transport of a client.
// Wire rule W70
pub(super) fn client(
    config: &Config,
    tls: &Tls,
    tcp: TcpTransport,
) -> Result<Arc<dyn Transport>, IpcError> {
    note(config, tls);
    let mut builder = TlsClient::builder();
    if tls.reject_unauthorized {
        let trusted = trusted(config, tls);
        // Node has a built-in list; here the system's takes its place.
        if trusted.is_empty() && !cfg!(feature = "tls-native-roots") {
            return Err(IpcError::TlsIncomplete { missing: TRUST });
        }
        builder = trusted.into_iter().fold(builder, |builder, pem| builder.trust(pem));
    } else {
        Log::new(config)
            .line("tls: no certificate is checked: anybody in between can read and change all");
        builder = builder.dangerous_accept_any_certificate();
    }
    builder = match (chain(tls), key(tls)) {
        (Some(chain), Some(key)) => builder.identity(chain, key),
        (None, None) => builder,
        (None, Some(_)) => return Err(IpcError::TlsIncomplete { missing: CERTIFICATE }),
        (Some(_), None) => return Err(IpcError::TlsIncomplete { missing: KEY }),
    };
    if let Some(name) = &tls.server_name {
        builder = builder.server_name(name);
    }
    Ok(Arc::new(TlsTransport::over(tcp).with_client(builder.build().map_err(TlsProblem::from)?)))
}

fn key(tls: &Tls) -> Option<Pem> {
    pem(tls.private.as_ref(), tls.key.as_ref())
}

fn chain(tls: &Tls) -> Option<Pem> {
    pem(tls.public.as_ref(), tls.cert.as_ref())
}

/// Returns the PEM of a file, or else the text.
fn pem<T: Clone + Into<Secret>>(file: Option<&PathBuf>, text: Option<&T>) -> Option<Pem> {
    file.map(Pem::file).or_else(|| text.cloned().map(Pem::text))
}

/// Returns what is trusted: in classic the files take the place of `ca`, in 14 they follow it.
fn trusted(config: &Config, tls: &Tls) -> Vec<Pem> {
    let files = tls.trusted_connections.iter().map(Pem::file);
    if config.dialect == Dialect::Classic && files.len() > 0 {
        return files.collect();
    }
    tls.ca.iter().cloned().map(Pem::text).chain(files).collect()
}

fn note(config: &Config, tls: &Tls) {
    if tls.dhparam.is_some() {
        Log::new(config)
            .line("tls: dhparam is not used, for no suite with such parameters is spoken");
    }
}

/// What is wrong with the certificates and keys: a [`TlsError`] that can be cloned and compared.
#[derive(Debug, Clone)]
pub struct TlsProblem(Arc<TlsError>);

impl Deref for TlsProblem {
    type Target = TlsError;

    fn deref(&self) -> &TlsError {
        &self.0
    }
}

/// Two are equal if they say the same.
impl PartialEq for TlsProblem {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.to_string() == other.to_string()
    }
}

impl Eq for TlsProblem {}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for TlsProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<TlsError> for TlsProblem {
    fn from(error: TlsError) -> Self {
        Self(Arc::new(error))
    }
}

impl From<TlsProblem> for IpcError {
    fn from(problem: TlsProblem) -> Self {
        Self::Tls(problem)
    }
}

const KEY: &str = "a private key (`private` or `key`)";
const CERTIFICATE: &str = "a certificate (`public` or `cert`)";
const TRUST: &str = "certificates to trust (`trusted_connections` or `ca`), or the feature \
                     `tls-native-roots`, the system's list of CAs in place of Node's";
