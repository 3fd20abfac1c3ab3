//! What becomes a transport's error, and what it becomes.

use std::io;

use super::TransportError;
use crate::ParseEndpointError;

impl From<ParseEndpointError> for TransportError {
    fn from(error: ParseEndpointError) -> Self {
        Self::InvalidEndpoint(error)
    }
}

#[cfg(feature = "tls-base")]
impl From<crate::TlsError> for TransportError {
    fn from(error: crate::TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::new(error.kind(), error)
    }
}
