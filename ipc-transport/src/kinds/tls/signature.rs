//! Whether a peer holds the key of the certificate that it shows.
//!
//! webpki reads certificates of version 3 and keys it can compute with. Where nothing is verified
//! any certificate is taken, so the key is read out of it here; one of a kind that cannot be
//! computed with proves nothing, and [`TlsInfo::proven`](crate::TlsInfo::proven) says so.

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::certificate::Certificate;

/// Which signatures are checked, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signatures {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    /// Whether any certificate is taken.
    pub(super) of_anybody: bool,
}

impl Signatures {
    pub(super) fn tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !self.of_anybody {
            return verify_tls12_signature(message, certificate, signature, &self.algorithms);
        }
        let Some(key) = provable(certificate) else {
            return Ok(HandshakeSignatureValid::assertion());
        };
        let entity = RawPublicKeyEntity::try_from(&key).map_err(|_| BAD_KEY)?;
        let known = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signature.scheme);
        for algorithm in known.map(|(_, algorithms)| *algorithms).unwrap_or_default() {
            // The curve is not a part of the scheme here, so that several may do.
            if entity.verify_signature(*algorithm, message, signature.signature()).is_ok() {
                return Ok(HandshakeSignatureValid::assertion());
            }
        }
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    pub(super) fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !self.of_anybody {
            return verify_tls13_signature(message, certificate, signature, &self.algorithms);
        }
        match provable(certificate) {
            Some(key) => {
                verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
            }
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    /// Returns the kinds of signatures a peer may make.
    pub(super) fn schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.algorithms.supported_schemes();
        if self.of_anybody {
            schemes.extend(UNCHECKED.iter().filter(|scheme| {
                !self.algorithms.mapping.iter().any(|(known, _)| known == *scheme)
            }));
        }
        schemes
    }
}

/// Returns the public key of a certificate if signatures of its kind can be checked.
fn provable(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let certificate = Certificate::read(certificate).filter(Certificate::is_provable)?;
    Some(certificate.key.to_vec().into())
}

const BAD_KEY: Error = Error::InvalidCertificate(CertificateError::BadEncoding);

/// What peers with keys of other kinds sign with: without these they would have to give up.
const UNCHECKED: [SignatureScheme; 5] = [
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED448,
    // RSA-PSS, by keys that do nothing else.
    SignatureScheme::Unknown(0x0809),
    SignatureScheme::Unknown(0x080a),
    SignatureScheme::Unknown(0x080b),
];
