//! What is wrong with certificates, keys and settings, before anybody is connected to.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The reason TLS settings cannot be used. Each names the file, or says that the text was given.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not PEM text.
    NotPem {
        /// The file, or that the text was given.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The PEM text holds none of what is wanted; text that is no PEM at all is reported so, too.
    Missing {
        /// The file, or that the text was given.
        place: String,
        /// `"certificate"` or `"private key"`.
        wanted: &'static str,
    },
    /// A certificate cannot be read or used.
    InvalidCertificate {
        /// The file, or that the text was given.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A private key is of a kind that cannot be used.
    UnusableKey {
        /// The file, or that the text was given.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The private key is not that of the certificate.
    KeyMismatch {
        /// Where the certificate is.
        certificate: String,
        /// Where the key is.
        key: String,
    },
    /// The server's name is neither a host name nor an address.
    InvalidServerName {
        /// The name.
        name: String,
    },
    /// A client was told neither whom to trust nor to trust anybody.
    NoTrust,
    /// A server is to check its clients' certificates and was not told whom to trust.
    NoClientTrust,
    /// The transport dials and has no [`TlsClient`](crate::TlsClient).
    NoClient,
    /// The transport listens and has no [`TlsServer`](crate::TlsServer): there is no default key.
    NoServer,
    /// The TLS library refuses the settings for another reason.
    Refused {
        /// What it says.
        reason: String,
    },
}

impl TlsError {
    /// Returns a short name of the error that never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "tls_unreadable",
            Self::NotPem { .. } => "tls_not_pem",
            Self::Missing { .. } => "tls_missing",
            Self::InvalidCertificate { .. } => "tls_invalid_certificate",
            Self::UnusableKey { .. } => "tls_unusable_key",
            Self::KeyMismatch { .. } => "tls_key_mismatch",
            Self::InvalidServerName { .. } => "tls_invalid_server_name",
            Self::NoTrust => "tls_no_trust",
            Self::NoClientTrust => "tls_no_client_trust",
            Self::NoClient => "tls_no_client",
            Self::NoServer => "tls_no_server",
            Self::Refused { .. } => "tls_refused",
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, .. } => write!(f, "cannot read {}", path.display()),
            Self::NotPem { place, reason } => write!(f, "{place} is not PEM: {reason}"),
            Self::Missing { place, wanted } => write!(f, "{place} holds no {wanted} in PEM"),
            Self::InvalidCertificate { place, reason } => {
                write!(f, "the certificate in {place} cannot be used: {reason}")
            }
            Self::UnusableKey { place, reason } => {
                write!(f, "the private key in {place} cannot be used: {reason}")
            }
            Self::KeyMismatch { certificate, key } => {
                write!(
                    f,
                    "the private key in {key} is not that of the certificate in {certificate}"
                )
            }
            Self::InvalidServerName { name } => {
                write!(f, "{name:?} is neither a host name nor an address")
            }
            Self::NoTrust => f.write_str("no certificate is trusted: a client needs a CA"),
            Self::NoClientTrust => {
                f.write_str("client certificates are required, and no CA for them is given")
            }
            Self::NoClient => f.write_str("dialing needs a CA to trust"),
            Self::NoServer => f.write_str("a TLS server needs a certificate and its private key"),
            Self::Refused { reason } => write!(f, "the TLS settings cannot be used: {reason}"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}
