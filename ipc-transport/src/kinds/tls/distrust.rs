//! Why a certificate is not trusted, in words: the library's own are for its developers.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error, OtherError};

use super::certificate::Certificate;

/// A reason that the library has no name for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    SelfSigned,
    /// Before version 3 there are no extensions.
    Version(u8),
    VersionInChain(u8),
    CaAsPeer,
}

impl Distrust {
    /// Returns the reason to refuse a certificate that webpki has refused with `error`.
    pub(super) fn explain(
        error: Error,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Error {
        let Some(shown) = Certificate::read(certificate) else { return error };
        let reason = if shown.version < 3 {
            Self::Version(shown.version)
        } else if (is_unknown(&error) || is_ca(&error)) && shown.is_self_signed() {
            Self::SelfSigned
        } else if is_ca(&error) {
            Self::CaAsPeer
        } else {
            let versions =
                intermediates.iter().filter_map(|one| Some(Certificate::read(one)?.version));
            match versions.min() {
                Some(version @ ..3) if is_unknown(&error) || is_unreadable(&error) => {
                    Self::VersionInChain(version)
                }
                _ => return error,
            }
        };
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
    }

    /// Returns the reason in an error of the library, if it is one of these.
    pub(super) fn in_error(error: &CertificateError) -> Option<Self> {
        match error {
            CertificateError::Other(OtherError(reason)) => reason.downcast_ref().copied(),
            _ => None,
        }
    }
}

/// Returns whether webpki's objection is that the certificate is a CA's.
pub(super) fn is_ca(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) = error else {
        return false;
    };
    matches!(reason.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Returns whether webpki's objection is that no trusted CA issued the certificate.
pub(super) fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer))
}

fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(_)))
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SelfSigned => {
                f.write_str("it is self-signed and not among the trusted ones: trust it by name, or a CA that signs it")
            }
            Self::Version(version) => write!(
                f,
                "it is of X.509 version {version}, which has no extensions and so no names of hosts: \
                 make it again with extensions, as `openssl x509 -req -extfile FILE` does with \
                 subjectAltName in FILE"
            ),
            Self::VersionInChain(version) => write!(
                f,
                "a certificate between it and the trusted ones is of X.509 version {version}, which \
                 no CA can be: make it again with extensions"
            ),
            Self::CaAsPeer => {
                f.write_str("it is made for a CA: make it again with basicConstraints CA:FALSE")
            }
        }
    }
}

impl StdError for Distrust {}

/// Returns what the library says of a certificate in words, if it has numbers or insides for them.
pub(super) fn in_words(error: &Error) -> Option<io::Error> {
    let Error::InvalidCertificate(error) = error else { return None };
    let text = match error {
        CertificateError::ExpiredContext { time, not_after } => {
            format!("it was valid until {}, and now it is {}", Date(*not_after), Date(*time))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("it is valid from {}, and now it is {}", Date(*not_before), Date(*time))
        }
        CertificateError::NotValidForNameContext { expected, presented }
            if presented.is_empty() =>
        {
            let name = expected.to_str();
            format!(
                "it has no alternative names, and a common name does not count: make it again with \
                 subjectAltName for {name}"
            )
        }
        error => return Distrust::in_error(error).map(|reason| io::Error::new(KIND, reason)),
    };
    Some(io::Error::new(KIND, text))
}

const KIND: io::ErrorKind = io::ErrorKind::InvalidData;

/// A time as a date of the Gregorian calendar, in UTC.
struct Date(UnixTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, days) = (self.0.as_secs() % 86_400, self.0.as_secs() / 86_400);
        // Counted from a first of March, so that the day in leap years is the last of a year; by
        // eras of 400 years, which all have as many days.
        let day = days + 719_468;
        let (era, day) = (day / 146_097, day % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_009_843_199, "2001-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(
                Date(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string(),
                date
            );
        }
    }
}
