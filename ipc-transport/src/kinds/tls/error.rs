//! What is wrong with certificates, keys and settings, before anybody is connected to.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The reason TLS settings cannot be used. Each names the file, or says that the text was given.
///
/// No error about a file shows what is in it: only where and what is wrong.
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
    /// PEM text was given where the path of a file belongs.
    NotAPath,
    /// It is not PEM text, or a part of it is broken.
    NotPem {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line, from 1, if it is about one.
        line: Option<usize>,
        /// What is wrong, and what to do.
        reason: &'static str,
    },
    /// The PEM text holds none of what is wanted; text that is no PEM at all is reported so, too.
    Missing {
        /// The file, or that the text was given.
        place: String,
        /// `"certificate"` or `"private key"`.
        wanted: &'static str,
        /// What it holds in its place, and what to do with that.
        found: Option<&'static str>,
    },
    /// The PEM text holds something beside what is wanted, which would not be used.
    Unused {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
        /// What it is.
        found: &'static str,
    },
    /// The private key is encrypted.
    Encrypted {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
    },
    /// A certificate cannot be read or used.
    InvalidCertificate {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A private key is of a kind or size that cannot be used, or is broken.
    UnusableKey {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
        /// What it is, such as `RSA of 1,024 bits`.
        found: String,
        /// The kinds and sizes that are taken; `None` if it is of one, and broken.
        taken: Option<&'static str>,
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
    /// A client was told neither whom to trust nor to trust anybody, and this build has not the
    /// feature `tls-native-roots`.
    NoTrust,
    /// The system has no list of CAs that are trusted, or it cannot be read.
    NoSystemRoots {
        /// What was wrong with it.
        reason: String,
    },
    /// A server is to check its clients' certificates and was not told whom to trust.
    NoClientTrust,
    /// An endpoint alone says neither whom a client trusts nor who a server is.
    NoSettings,
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
            Self::NotAPath => "tls_not_a_path",
            Self::NotPem { .. } => "tls_not_pem",
            Self::Missing { .. } => "tls_missing",
            Self::Unused { .. } => "tls_unused",
            Self::Encrypted { .. } => "tls_encrypted_key",
            Self::InvalidCertificate { .. } => "tls_invalid_certificate",
            Self::UnusableKey { .. } => "tls_unusable_key",
            Self::KeyMismatch { .. } => "tls_key_mismatch",
            Self::InvalidServerName { .. } => "tls_invalid_server_name",
            Self::NoTrust => "tls_no_trust",
            Self::NoSystemRoots { .. } => "tls_no_system_roots",
            Self::NoClientTrust => "tls_no_client_trust",
            Self::NoSettings => "tls_no_settings",
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
            Self::NotAPath => {
                f.write_str("PEM text was given where the path of a file belongs; it is not shown")
            }
            Self::NotPem { place, line: None, reason } => write!(f, "{place} is not PEM: {reason}"),
            Self::NotPem { place, line: Some(line), reason } => {
                write!(f, "{place} is not PEM: line {line}: {reason}")
            }
            Self::Missing { place, wanted, found } => {
                write!(f, "{place} holds no {wanted} in PEM")?;
                found.map_or(Ok(()), |found| write!(f, ", but {found}"))
            }
            Self::Unused { place, line, found } => {
                write!(f, "{place} holds at line {line} {found}; it would not be used: take it out")
            }
            Self::Encrypted { place, line } => write!(
                f,
                "the private key in {place}, line {line}, is encrypted: decrypt it with `openssl \
                 pkey -in FILE -out NEW`, which asks for the passphrase"
            ),
            Self::InvalidCertificate { place, line, reason } => {
                write!(f, "the certificate in {place}, line {line}, cannot be used: {reason}")
            }
            Self::UnusableKey { place, line, found, taken: Some(taken) } => write!(
                f,
                "the private key in {place}, line {line}, is {found}, which cannot be used here: \
                 {taken} can"
            ),
            Self::UnusableKey { place, line, found, taken: None } => {
                write!(f, "the private key in {place}, line {line}, is {found}, and broken")
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
            Self::NoTrust => f.write_str(
                "no certificate is trusted: a client needs a CA, or the list of the system (feature \
                 tls-native-roots)",
            ),
            Self::NoSystemRoots { reason } => write!(
                f,
                "the system's list of trusted CAs cannot be used ({reason}): install it (mostly the \
                 package ca-certificates), name a file of certificates in the environment variable \
                 SSL_CERT_FILE, or give the CA to trust"
            ),
            Self::NoClientTrust => {
                f.write_str("client certificates are required, and no CA for them is given")
            }
            Self::NoSettings => f.write_str(
                "a TLS endpoint needs settings: TlsTransport with a TlsClient to dial (whom to \
                 trust), with a TlsServer to listen (certificate and private key)",
            ),
            Self::NoClient => f.write_str("dialing needs a TlsClient: whom to trust"),
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
