//! Which cryptography is used: chosen here, never by a setting of the whole process.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::CryptoProvider;

/// Returns the cryptography: that of aws-lc-rs if it was asked for, else that of ring.
pub(super) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "tls-aws-lc-rs")]
    let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "tls-aws-lc-rs"))]
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    Arc::new(provider)
}
