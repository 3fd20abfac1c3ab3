//! Why a handshake failed, by what can be done about it.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use super::distrust::{Distrust, in_words};
use super::first::may_be_tls;
use super::io::said_plainly;
use crate::Secret;

/// The reason a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// It was not done in time.
    Timeout {
        /// How long it may take.
        limit: Duration,
    },
    /// It had its second, there were too many under way, and it was cut for a newer one.
    CrowdedOut {
        /// How many may be under way.
        limit: usize,
    },
    /// The peer does not speak TLS.
    NotTls {
        /// Its first bytes, at most 32. They can be the beginning of something secret.
        first: Secret,
    },
    /// The peer's certificate is expired.
    Expired,
    /// The peer's certificate is not valid yet.
    NotYetValid,
    /// The server's certificate is for other names.
    WrongName,
    /// The peer's certificate is not issued by a trusted CA. If it is self-signed, the source says
    /// so.
    UnknownIssuer,
    /// The peer's certificate is of X.509 version 1 or 2, which has no extensions and so no names
    /// of hosts. It has to be made again, whether it is trusted or not.
    OldVersion,
    /// The peer's certificate cannot be accepted for another reason, which the source says.
    BadCertificate,
    /// The client gave no certificate, and one is required.
    NoClientCertificate,
    /// The peer refused, with this alert of TLS: it does not accept our certificate, or requires
    /// one and got none, or nothing else suits it.
    Refused {
        /// The alert's name in the TLS specification, such as `CertificateRequired`.
        alert: String,
    },
    /// The peer closed the connection.
    Closed,
    /// Something else, which the source says.
    Other,
}

impl HandshakeFailure {
    /// Returns what an error of the handshake means.
    fn of(error: &io::Error, first: &[u8]) -> Self {
        let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => Self::Closed,
                _ => Self::Other,
            };
        };
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::NoCertificatesPresented => Self::NoClientCertificate,
            Error::InvalidMessage(_) => Self::NotTls { first: first.into() },
            Error::AlertReceived(AlertDescription::CloseNotify) => Self::Closed,
            Error::AlertReceived(alert) => Self::Refused { alert: format!("{alert:?}") },
            _ => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            error => match Distrust::in_error(error) {
                Some(Distrust::SelfSigned) => Self::UnknownIssuer,
                Some(Distrust::Version(_)) => Self::OldVersion,
                _ => Self::BadCertificate,
            },
        }
    }

    /// Returns what a failed handshake means, and its error in words. `first` is what the peer
    /// began with.
    pub(super) fn explain(error: io::Error, first: &[u8]) -> (Self, io::Error) {
        if !may_be_tls(first) {
            let source = io::Error::new(io::ErrorKind::InvalidData, FOREIGN);
            return (Self::NotTls { first: first.into() }, source);
        }
        let failure = Self::of(&error, first);
        let library = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        let in_words = library.and_then(in_words);
        (failure, in_words.unwrap_or_else(|| said_plainly(error)))
    }

    /// Returns a short name of the failure that never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "tls_handshake_timeout",
            Self::CrowdedOut { .. } => "tls_crowded_out",
            Self::NotTls { .. } => "tls_not_tls",
            Self::Expired => "tls_certificate_expired",
            Self::NotYetValid => "tls_certificate_not_yet_valid",
            Self::WrongName => "tls_wrong_name",
            Self::UnknownIssuer => "tls_unknown_issuer",
            Self::OldVersion => "tls_old_certificate_version",
            Self::BadCertificate => "tls_bad_certificate",
            Self::NoClientCertificate => "tls_no_client_certificate",
            Self::Refused { .. } => "tls_refused_by_peer",
            Self::Closed => "tls_closed",
            Self::Other => "tls_handshake",
        }
    }

    /// Returns whether one side rejected the other, by its certificate, its name or its protocol,
    /// rather than that the handshake was cut short. It will fail again until someone changes a
    /// certificate or a setting, on either side.
    #[must_use]
    pub const fn is_rejection(&self) -> bool {
        !matches!(self, Self::Timeout { .. } | Self::CrowdedOut { .. } | Self::Closed | Self::Other)
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { limit } => write!(f, "it was not done within {limit:?}"),
            Self::CrowdedOut { limit } => {
                write!(f, "it was the oldest of {limit} under way, and another one waited")
            }
            Self::NotTls { .. } => f.write_str("the peer does not speak TLS"),
            Self::Expired => f.write_str("the peer's certificate is expired"),
            Self::NotYetValid => f.write_str("the peer's certificate is not valid yet"),
            Self::WrongName => f.write_str("the server's certificate is for another name"),
            Self::UnknownIssuer => f.write_str("the peer's certificate is not a trusted one"),
            Self::OldVersion => {
                f.write_str("the peer's certificate is of a version that cannot be verified")
            }
            Self::BadCertificate => f.write_str("the peer's certificate is not acceptable"),
            Self::NoClientCertificate => f.write_str("the client gave no certificate"),
            Self::Refused { alert } => write!(f, "the peer refused: {alert}"),
            Self::Closed => f.write_str("the peer closed the connection"),
            Self::Other => f.write_str("the peers could not agree"),
        }
    }
}

const FOREIGN: &str = "its first bytes are not the beginning of a record of TLS";
