//! TLS in a build without it: refused, for plain is not what was asked for.

use std::sync::Arc;

use ipc_transport::{TcpTransport, Transport};

use super::IpcError;
use crate::{Config, Tls};

/// Refuses a server.
pub(super) fn server(_: &Config, _: &Tls, _: TcpTransport) -> Result<Arc<dyn Transport>, IpcError> {
    Err(IpcError::Unsupported { option: "tls" })
}

/// Refuses a client.
pub(super) fn client(_: &Config, _: &Tls, _: TcpTransport) -> Result<Arc<dyn Transport>, IpcError> {
    Err(IpcError::Unsupported { option: "tls" })
}
