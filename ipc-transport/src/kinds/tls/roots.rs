//! Certificates that are trusted: those that are given, and those of the system.

use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::pem::{At, Document};
use super::{Pem, TlsError};

/// Certificates as roots of chains, and those of them that are trusted for themselves.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// What was given. The system's are CAs only.
    pub(super) given: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Returns the roots in PEM texts, with the system's if they are asked for.
    pub(super) fn of(trusted: &[Pem], with_system: bool) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        let mut given = Vec::new();
        for pem in trusted {
            let document = pem.open()?;
            for certificate in certificates(&document)? {
                let add = store.add(certificate.value.clone());
                add.map_err(|error| TlsError::InvalidCertificate {
                    place: document.place().to_owned(),
                    line: certificate.line,
                    reason: error.to_string(),
                })?;
                given.push(certificate.value);
            }
        }
        if with_system {
            system::add(&mut store)?;
        }
        Ok(Self { store: Arc::new(store), given })
    }
}

/// Returns the certificates of a file that holds nothing else.
fn certificates(document: &Document) -> Result<Vec<At<CertificateDer<'static>>>, TlsError> {
    let certificates = document.certificates()?;
    document.refuse_others(false)?;
    Ok(certificates)
}

#[cfg(not(feature = "tls-native-roots"))]
mod system {
    use super::{RootCertStore, TlsError};

    pub(super) fn add(_: &mut RootCertStore) -> Result<(), TlsError> {
        Err(TlsError::NoTrust)
    }
}

#[cfg(feature = "tls-native-roots")]
mod system {
    use std::env::var_os;
    use std::path::Path;

    use rustls_native_certs::{
        CertificateResult, ErrorKind, load_certs_from_paths, load_native_certs,
    };

    use super::{Pem, RootCertStore, TlsError, certificates};

    /// Adds what the system trusts, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name in its place.
    pub(super) fn add(store: &mut RootCertStore) -> Result<(), TlsError> {
        let named = |name| var_os(name).filter(|path| !path.is_empty());
        let (file, directory) = (named("SSL_CERT_FILE"), named("SSL_CERT_DIR"));
        let mut count = 0;
        if let Some(file) = &file {
            // One file that the user chose is read wholly, or not at all.
            let read = Pem::file(file).open().and_then(|document| certificates(&document));
            let certificates = read.map_err(|error| {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                let reason = format!("SSL_CERT_FILE: {error}{}", cause.unwrap_or_default());
                TlsError::NoSystemRoots { reason }
            })?;
            count += store.add_parsable_certificates(certificates.into_iter().map(|at| at.value)).0;
        }
        let found = match &directory {
            Some(directory) => load_certs_from_paths(None, Some(Path::new(directory))),
            None if file.is_some() => CertificateResult::default(),
            None => load_native_certs(),
        };
        // Of some hundred there may be some that webpki does not know what to do with.
        count += store.add_parsable_certificates(found.certs.iter().cloned()).0;
        if count == 0 {
            return Err(TlsError::NoSystemRoots { reason: reason(&found) });
        }
        Ok(())
    }

    /// Returns why there are no certificates. Errors of PEM may show what is in the file.
    fn reason(found: &CertificateResult) -> String {
        match found.errors.first().map(|error| (&error.kind, error.context)) {
            None => "no certificate was found".to_owned(),
            Some((ErrorKind::Io { inner, path }, _)) => format!("{}: {inner}", path.display()),
            Some((ErrorKind::Pem(_), _)) => "a file is not PEM".to_owned(),
            Some((_, context)) => context.to_owned(),
        }
    }
}
