//! What a handshake has shown of the other end.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{CommonState, ProtocolVersion};

use crate::peer::{TlsInfo, TlsVersion};

/// Returns what is known of the peer of an established session; `verify` checks its certificates.
pub(super) fn of(
    session: &CommonState,
    verify: impl FnOnce(&CertificateDer<'_>, &[CertificateDer<'_>]) -> bool,
) -> Arc<TlsInfo> {
    let certificates = session.peer_certificates().unwrap_or_default();
    let verified = certificates.split_first().is_some_and(|(first, rest)| verify(first, rest));
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::V1_2,
        _ => TlsVersion::V1_3,
    };
    let certificates = certificates.iter().map(|der| der.to_vec()).collect();
    Arc::new(TlsInfo { certificates, verified, version })
}
