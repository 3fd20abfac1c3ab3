//! `Pem`: certificates and keys as text, from a file or from memory.

use std::fmt;
use std::path::PathBuf;

use tokio_rustls::rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::TlsError;
use super::certificate::Certificate;
use crate::Secret;

mod labels;
mod not_text;
mod sections;
#[cfg(test)]
mod tests;

use labels::Holds;
use sections::{Fault, Section, sections};

/// PEM text: a file that is read when it is needed, or the text itself.
///
/// All that is in it is used, or it is refused with the line at fault. Text between the sections is
/// passed over, as `openssl x509 -text` writes it; a byte order mark, line ends of any system, and
/// two sections joined without a line end between them do no harm.
///
/// Neither `Debug` nor `Display` show the text, nor does an error about it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pem {
    /// The file with the text.
    File(PathBuf),
    /// The text.
    Text(Secret),
}

/// Something read, with the number of the line where it begins.
#[derive(Debug)]
pub(super) struct At<T> {
    pub(super) line: usize,
    pub(super) value: T,
}

/// The sections of a PEM text.
pub(super) struct Document {
    place: String,
    sections: Vec<Section>,
}

impl Pem {
    /// Returns the PEM text in a file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// Returns PEM text that is at hand.
    #[must_use]
    pub fn text(text: impl Into<Secret>) -> Self {
        Self::Text(text.into())
    }

    /// Reads it and finds its sections.
    pub(super) fn open(&self) -> Result<Document, TlsError> {
        let read;
        let text = match self {
            Self::Text(text) => text.expose(),
            Self::File(path) if Secret::is_in(path) => return Err(TlsError::NotAPath),
            Self::File(path) => {
                let unreadable = |source| TlsError::Unreadable { path: path.clone(), source };
                read = Zeroizing::new(std::fs::read(path).map_err(unreadable)?);
                &read[..]
            }
        };
        let place = self.to_string();
        if let Some(reason) = not_text::what(text) {
            return Err(TlsError::NotPem { place, line: None, reason });
        }
        match sections(text) {
            Ok(sections) => Ok(Document { place, sections }),
            Err(fault) => Err(broken(place, fault)),
        }
    }
}

impl Document {
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Returns all certificates, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<At<CertificateDer<'static>>>, TlsError> {
        let all: Vec<_> =
            self.all(Holds::Certificate).map(|section| self.certificate(section)).collect();
        if all.is_empty() {
            return Err(self.missing("certificate"));
        }
        all.into_iter().collect()
    }

    fn certificate(&self, section: &Section) -> Result<At<CertificateDer<'static>>, TlsError> {
        let line = section.line;
        let der = section.decode().map_err(|fault| broken(self.place.clone(), fault))?;
        if Certificate::read(&der).is_none() {
            let (place, reason) = (self.place.clone(), NO_CERTIFICATE.to_owned());
            return Err(TlsError::InvalidCertificate { place, line, reason });
        }
        Ok(At { line, value: der.to_vec().into() })
    }

    /// Returns the one private key.
    pub(super) fn key(&self) -> Result<At<Zeroizing<Vec<u8>>>, TlsError> {
        let mut keys = self.all(Holds::Key);
        let Some(key) = keys.next() else {
            return Err(match self.all(Holds::EncryptedKey).next() {
                Some(key) => TlsError::Encrypted { place: self.place.clone(), line: key.line },
                None => self.missing("private key"),
            });
        };
        if let Some(second) = keys.next() {
            return Err(self.unused(second.line, "a second private key"));
        }
        let value = key.decode().map_err(|fault| broken(self.place.clone(), fault))?;
        Ok(At { line: key.line, value })
    }

    /// Returns whether there is a private key in it.
    pub(super) fn has_key(&self) -> bool {
        self.all(Holds::Key).next().is_some()
    }

    /// Returns whether there is a certificate in it.
    pub(super) fn has_certificate(&self) -> bool {
        self.all(Holds::Certificate).next().is_some()
    }

    /// Refuses what is neither a certificate nor, if there may be one, a private key.
    pub(super) fn refuse_others(&self, may_have_key: bool) -> Result<(), TlsError> {
        let is_known = |holds| match holds {
            Holds::Certificate => true,
            Holds::Key | Holds::Curve => may_have_key,
            Holds::EncryptedKey | Holds::Other(_) => false,
        };
        match self.sections.iter().find(|section| !is_known(section.holds)) {
            Some(section) => Err(self.unused(section.line, section.holds.text())),
            None => Ok(()),
        }
    }

    pub(super) fn unused(&self, line: usize, found: &'static str) -> TlsError {
        TlsError::Unused { place: self.place.clone(), line, found }
    }

    fn all(&self, holds: Holds) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.holds == holds)
    }

    fn missing(&self, wanted: &'static str) -> TlsError {
        let found = self.sections.first().map(|section| section.holds.text());
        TlsError::Missing { place: self.place.clone(), wanted, found }
    }
}

fn broken(place: String, Fault { line, reason }: Fault) -> TlsError {
    TlsError::NotPem { place, line: Some(line), reason }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) if Secret::is_in(path) => {
                f.write_str("a path that looks like PEM text")
            }
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Text(_) => f.write_str("the given text"),
        }
    }
}

/// Shows where it is, not what: it may be a key.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) if Secret::is_in(path) => f.write_str("File(...)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(text) => write!(f, "Text({} bytes)", text.expose().len()),
        }
    }
}

const NO_CERTIFICATE: &str = "what it holds is not a certificate in DER, or only part of one";
