//! `Pem`: certificates and keys as text, from a file or from memory.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::TlsError;
use super::provider::provider;

/// PEM text: a file that is read when it is needed, or the text itself.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pem {
    /// The file with the text.
    File(PathBuf),
    /// The text.
    Text(Vec<u8>),
}

impl Pem {
    /// Returns the PEM text in a file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// Returns PEM text that is at hand.
    #[must_use]
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(text.into())
    }

    /// Returns all certificates in it, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let text = self.read()?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let all = all.map_err(|error| self.broken(error, CERTIFICATE))?;
        if all.is_empty() {
            return Err(self.broken(pem::Error::NoItemsFound, CERTIFICATE));
        }
        Ok(all)
    }

    /// Returns the first private key in it.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = self.read()?;
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| self.broken(error, KEY))
    }

    fn read(&self) -> Result<Cow<'_, [u8]>, TlsError> {
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::File(path) => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|source| TlsError::Unreadable { path: path.clone(), source }),
        }
    }

    fn broken(&self, error: pem::Error, wanted: &'static str) -> TlsError {
        let place = self.to_string();
        match error {
            pem::Error::NoItemsFound => TlsError::Missing { place, wanted },
            error => TlsError::NotPem { place, reason: error.to_string() },
        }
    }
}

/// Returns a certificate chain with its key, which fit together.
pub(super) fn identity(chain: &Pem, key: &Pem) -> Result<Arc<CertifiedKey>, TlsError> {
    let certificates = chain.certificates()?;
    let private = key.key()?;
    let loaded = provider().key_provider.load_private_key(private).map_err(|error| {
        TlsError::UnusableKey { place: key.to_string(), reason: error.to_string() }
    })?;
    let identity = CertifiedKey::new(certificates, loaded);
    match identity.keys_match() {
        // A key that does not say what belongs to it is taken at its word: the handshake would fail.
        Ok(())
        | Err(tokio_rustls::rustls::Error::InconsistentKeys(
            tokio_rustls::rustls::InconsistentKeys::Unknown,
        )) => Ok(Arc::new(identity)),
        Err(tokio_rustls::rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::KeyMismatch { certificate: chain.to_string(), key: key.to_string() })
        }
        Err(error) => Err(TlsError::InvalidCertificate {
            place: chain.to_string(),
            reason: error.to_string(),
        }),
    }
}

/// Returns the certificates that are trusted, as roots and one by one.
pub(super) fn roots(
    trusted: &[Pem],
) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), TlsError> {
    let mut roots = RootCertStore::empty();
    let mut all = Vec::new();
    for pem in trusted {
        for certificate in pem.certificates()? {
            roots.add(certificate.clone()).map_err(|error| TlsError::InvalidCertificate {
                place: pem.to_string(),
                reason: error.to_string(),
            })?;
            all.push(certificate);
        }
    }
    Ok((Arc::new(roots), all))
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Text(_) => f.write_str("the given text"),
        }
    }
}

/// Shows where it is, not what: it may be a key.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";
