//! Who a side is: a certificate chain with its private key.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::certificate::key::{KeyKind, TAKEN};
use super::pem::{At, Document};
use super::provider::provider;
use super::{Pem, TlsError};

/// Returns a certificate chain with its key, which fit together. Of the certificates no more is
/// asked than that the other side can read them: version 1 is taken, and one that is expired.
pub(super) fn identity(chain: &Pem, key: &Pem) -> Result<Arc<CertifiedKey>, TlsError> {
    let (chain, key) = (chain.open()?, key.open()?);
    let certificates = chain.certificates()?;
    let private = key.key()?;
    let kind = KeyKind::of_private(&private.value);
    let unusable = |found: String, taken| TlsError::UnusableKey {
        place: key.place().to_owned(),
        line: private.line,
        found,
        taken,
    };
    match kind {
        None => return Err(unusable("no private key, or a part of one".to_owned(), None)),
        Some(kind) if !kind.is_usable() => return Err(unusable(kind.to_string(), Some(TAKEN))),
        Some(_) => {}
    }
    let loaded = load(&private.value);
    let loaded = loaded
        .ok_or_else(|| unusable(kind.map(|kind| kind.to_string()).unwrap_or_default(), None))?;
    everything_is_used(&chain, &certificates, &key, &private)?;
    let identity = CertifiedKey::new(certificates.into_iter().map(|at| at.value).collect(), loaded);
    let certified = identity.cert.first().and_then(|first| Some(Certificate::read(first)?.key));
    match (certified, identity.key.public_key()) {
        // A key that does not say what belongs to it is taken at its word: the handshake would
        // fail.
        (Some(certified), Some(public)) if *certified != *public => Err(TlsError::KeyMismatch {
            certificate: chain.place().to_owned(),
            key: key.place().to_owned(),
        }),
        _ => Ok(Arc::new(identity)),
    }
}

/// Reads a key. Its own form counts, not what it is labelled as. What the library says of one that
/// it does not take is not passed on.
fn load(key: &[u8]) -> Option<Arc<dyn tokio_rustls::rustls::sign::SigningKey>> {
    let key = PrivateKeyDer::try_from(key).ok()?.clone_key();
    provider().key_provider.load_private_key(key).ok()
}

/// A file may hold a chain and its key together. What is in the one and is not used is refused.
fn everything_is_used(
    chain: &Document,
    certificates: &[At<CertificateDer<'static>>],
    key: &Document,
    private: &At<Zeroizing<Vec<u8>>>,
) -> Result<(), TlsError> {
    chain.refuse_others(true)?;
    key.refuse_others(true)?;
    if chain.has_key() {
        let other = chain.key()?;
        if other.value != private.value {
            return Err(chain.unused(other.line, "another private key"));
        }
    }
    if key.has_certificate() {
        let is_known =
            |one: &At<CertificateDer<'_>>| certificates.iter().any(|at| at.value == one.value);
        if let Some(other) = key.certificates()?.iter().find(|other| !is_known(other)) {
            return Err(key.unused(other.line, "a certificate that is not in the chain"));
        }
    }
    Ok(())
}
