//! What a side trusts: a chain to a trusted root, a trusted certificate itself, or any certificate.
//!
//! People who use node-ipc make self-signed certificates and trust those themselves. OpenSSL takes
//! such a certificate for what it is; webpki calls it a CA that poses as a server. Here a
//! certificate that is itself in the list of the trusted ones is accepted, if it is valid now and,
//! for a server, bears the name. One of version 1 bears no names and is refused by that reason,
//! trusted or not; who checks nothing takes it.

use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
};

use super::distrust::{Distrust, is_ca, is_unknown};
use super::provider::provider;
use super::roots::Roots;
use super::signature::Signatures;
use super::{Pem, TlsError};

/// Which servers a client trusts.
#[derive(Debug)]
pub(super) struct ServerTrust {
    signatures: Signatures,
    /// `None`: any certificate.
    trusted: Option<(Arc<WebPkiServerVerifier>, Vec<CertificateDer<'static>>)>,
}

/// Which clients a server trusts.
#[derive(Debug)]
pub(super) struct ClientTrust {
    signatures: Signatures,
    /// `None`: no certificate is verified.
    trusted: Option<(Arc<dyn ClientCertVerifier>, Vec<CertificateDer<'static>>)>,
    /// Whether a client without a trusted certificate is refused.
    mandatory: bool,
}

impl ServerTrust {
    pub(super) fn anybody() -> Self {
        Self { signatures: signatures(true), trusted: None }
    }

    pub(super) fn of(roots: Roots) -> Result<Self, TlsError> {
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.store, provider()).build();
        let verifier = verifier.map_err(|error| TlsError::Refused { reason: error.to_string() })?;
        Ok(Self { signatures: signatures(false), trusted: Some((verifier, roots.given)) })
    }

    /// Returns whether certificates are checked at all.
    pub(super) const fn verifies(&self) -> bool {
        self.trusted.is_some()
    }
}

impl ClientTrust {
    pub(super) fn of(trusted: &[Pem], mandatory: bool) -> Result<Self, TlsError> {
        let signatures = signatures(!mandatory);
        if trusted.is_empty() {
            if mandatory {
                return Err(TlsError::NoClientTrust);
            }
            return Ok(Self { signatures, trusted: None, mandatory });
        }
        let roots = Roots::of(trusted, false)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.store, provider()).build();
        let verifier = verifier.map_err(|error| TlsError::Refused { reason: error.to_string() })?;
        Ok(Self { signatures, trusted: Some((verifier, roots.given)), mandatory })
    }

    /// Returns whether a client without a trusted certificate is refused.
    pub(super) const fn is_mandatory(&self) -> bool {
        self.mandatory
    }

    /// Returns whether a client's certificates are trusted.
    pub(super) fn check(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some((verifier, all)) = &self.trusted else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        match verifier.verify_client_cert(certificate, intermediates, now) {
            Ok(_) => Ok(()),
            Err(error) if is_itself_trusted(&error, certificate, all) => Ok(()),
            Err(error) => Err(Distrust::explain(error, certificate, intermediates)),
        }
    }
}

/// Returns how signatures are checked: as strictly as certificates are.
fn signatures(of_anybody: bool) -> Signatures {
    Signatures { algorithms: provider().signature_verification_algorithms, of_anybody }
}

/// Returns whether webpki's only objection is that the certificate is a CA's, or that its issuer is
/// unknown, although it is itself in the list. It looks at the dates before it says so.
fn is_itself_trusted(
    error: &Error,
    certificate: &CertificateDer<'_>,
    all: &[CertificateDer<'_>],
) -> bool {
    (is_ca(error) || is_unknown(error)) && all.iter().any(|trusted| trusted == certificate)
}

/// Adds the checks of signatures to both verifiers.
macro_rules! signature_checks {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.signatures.tls12(message, certificate, signature)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.signatures.tls13(message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.signatures.schemes()
        }
    };
}

impl ServerCertVerifier for ServerTrust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some((verifier, all)) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        match verifier.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(error) if is_itself_trusted(&error, certificate, all) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(Distrust::explain(error, certificate, intermediates)),
            Ok(verified) => Ok(verified),
        }
    }

    signature_checks!();
}

impl ClientCertVerifier for ClientTrust {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    /// No hints: a client with a self-signed certificate would find itself in none and send
    /// nothing.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.check(certificate, intermediates, now) {
            Err(error) if self.mandatory => Err(error),
            // Accepted all the same; `TlsInfo::verified` says that it was not verified.
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    signature_checks!();
}
