//! What a handshake has shown of the other end.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{CommonState, ProtocolVersion};

use super::certificate::Certificate;
use crate::peer::{TlsInfo, TlsVersion};

/// Returns what is known of the peer of an established session; `verify` checks its certificates.
pub(super) fn of(
    session: &CommonState,
    verify: impl FnOnce(&CertificateDer<'_>, &[CertificateDer<'_>]) -> bool,
) -> Arc<TlsInfo> {
    let certificates = session.peer_certificates().unwrap_or_default();
    let first = certificates.first().and_then(|first| Certificate::read(first));
    let proven = first.is_some_and(|first| first.is_provable());
    let verified = certificates.split_first().is_some_and(|(first, rest)| verify(first, rest));
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::V1_2,
        _ => TlsVersion::V1_3,
    };
    let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    // The library puts the version into the names of those of TLS 1.3.
    let cipher_suite = suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1);
    let certificates = certificates.iter().map(|der| der.to_vec()).collect();
    Arc::new(TlsInfo { certificates, verified: verified && proven, proven, version, cipher_suite })
}
