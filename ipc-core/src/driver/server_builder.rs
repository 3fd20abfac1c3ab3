//! `ServerBuilder`: a server's settings.

use std::sync::Arc;

use ipc_transport::Transport;

use super::admission::Admission;
use super::config::{ConnectionConfig, connection_setters};
use super::server::Server;
use super::server_task::Shared;
use crate::MessageFormat;

/// A server's settings.
///
/// # Defaults
///
/// At most 100 peers. The rest stands at the setters.
#[derive(Debug)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    admission: Admission,
    config: ConnectionConfig,
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(super) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        Self {
            format,
            transport,
            admission: Admission { total: 100, per_identity: None },
            config: ConnectionConfig::default(),
        }
    }

    /// Sets how many peers may be connected; one more is closed at once. Default: 100.
    #[must_use]
    pub fn max_connections(mut self, peers: usize) -> Self {
        self.admission.total = peers;
        self
    }

    /// Sets how many of them may be the same user's (over Unix sockets) or come from the same IP
    /// address (over TCP), so that one cannot take all places. Default: `None`, all of them.
    #[must_use]
    pub fn max_connections_per_identity(mut self, peers: Option<usize>) -> Self {
        self.admission.per_identity = peers;
        self
    }

    connection_setters!();

    /// Returns the server. It does not listen yet: see [`Server::listen`].
    #[must_use]
    pub fn build(self) -> Server<F> {
        Server::new(Arc::new(Shared::new(self.format, self.transport, self.admission, self.config)))
    }
}
