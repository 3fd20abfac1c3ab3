//! What is wrong with certificates, keys and settings, before a connection is made.

use std::io;
use std::path::PathBuf;

/// The reason TLS settings cannot be used. Each names the file, or says that the text was given.
///
/// No error about a file shows what is in it: only where and what is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// PEM text was given where the path of a file belongs.
    #[error("PEM text was given where the path of a file belongs; it is not shown")]
    NotAPath,
    /// It is not PEM text, or a part of it is broken.
    #[error("{place} is not PEM: {}{reason}", at(*line))]
    NotPem {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line, from 1, if it is about one.
        line: Option<usize>,
        /// What is wrong, and what to do.
        reason: &'static str,
    },
    /// The PEM text holds none of what is wanted; text that is not PEM at all is reported the same
    /// way.
    #[error("{place} holds no {wanted} in PEM{}", but(*found))]
    Missing {
        /// The file, or that the text was given.
        place: String,
        /// `"certificate"` or `"private key"`.
        wanted: &'static str,
        /// What it holds in its place, and what to do with that.
        found: Option<&'static str>,
    },
    /// The PEM text holds something beside what is wanted, which would not be used.
    #[error("{place} holds at line {line} {found}; it would not be used: take it out")]
    Unused {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
        /// What it is.
        found: &'static str,
    },
    /// The private key is encrypted.
    #[error(
        "the private key in {place}, line {line}, is encrypted: decrypt it with `openssl pkey -in FILE \
         -out NEW`, which asks for the passphrase"
    )]
    Encrypted {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
    },
    /// A certificate cannot be read or used.
    #[error("the certificate in {place}, line {line}, cannot be used: {reason}")]
    InvalidCertificate {
        /// The file, or that the text was given.
        place: String,
        /// The number of the line where it begins, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A private key is of a kind or size that cannot be used, or is broken.
    #[error("the private key in {place}, line {line}, is {found}, {}", unusable(*taken))]
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
    #[error("the private key in {key} is not that of the certificate in {certificate}")]
    KeyMismatch {
        /// Where the certificate is.
        certificate: String,
        /// Where the key is.
        key: String,
    },
    /// The server's name is neither a host name nor an address.
    #[error("{name:?} is neither a host name nor an address")]
    InvalidServerName {
        /// The name.
        name: String,
    },
    /// A client has neither CAs to trust nor the setting to trust any certificate, and this build
    /// has not the feature `tls-native-roots`.
    #[error(
        "no certificate is trusted: a client needs a CA, or the list of the system (feature \
         tls-native-roots)"
    )]
    NoTrust,
    /// The system has no list of CAs that are trusted, or it cannot be read.
    #[error(
        "the system's list of trusted CAs cannot be used ({reason}): install it (mostly the package \
         ca-certificates), name a file of certificates in the environment variable SSL_CERT_FILE, or \
         give the CA to trust"
    )]
    NoSystemRoots {
        /// What was wrong with it.
        reason: String,
    },
    /// A server checks its clients' certificates and has no CA to trust.
    #[error("client certificates are required, and no CA for them is given")]
    NoClientTrust,
    /// An endpoint alone has neither CAs that a client trusts nor a server's certificate.
    #[error(
        "a TLS endpoint needs settings: TlsTransport with a TlsClient to dial (whom to trust), with a \
         TlsServer to listen (certificate and private key)"
    )]
    NoSettings,
    /// The transport dials and has no [`TlsClient`](crate::TlsClient).
    #[error("dialing needs a TlsClient: whom to trust")]
    NoClient,
    /// The transport listens and has no [`TlsServer`](crate::TlsServer): there is no default key.
    #[error("a TLS server needs a certificate and its private key")]
    NoServer,
    /// The TLS library refuses the settings for another reason.
    #[error("the TLS settings cannot be used: {reason}")]
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

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

fn but(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| format!(", but {found}"))
}

fn unusable(taken: Option<&str>) -> String {
    taken.map_or_else(
        || "and broken".to_owned(),
        |taken| format!("which cannot be used here: {taken} can"),
    )
}
