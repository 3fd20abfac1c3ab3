//! `ServerBuilder`: a server's settings.

use std::sync::Arc;

use ipc_transport::Transport;

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
    max_connections: usize,
    config: ConnectionConfig,
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(super) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        Self { format, transport, max_connections: 100, config: ConnectionConfig::default() }
    }

    /// Sets how many peers may be connected; one more is closed at once. Default: 100.
    #[must_use]
    pub fn max_connections(mut self, peers: usize) -> Self {
        self.max_connections = peers;
        self
    }

    connection_setters!();

    /// Returns the server. It does not listen yet: see [`Server::listen`].
    #[must_use]
    pub fn build(self) -> Server<F> {
        Server::new(Arc::new(Shared::new(
            self.format,
            self.transport,
            self.max_connections,
            self.config,
        )))
    }
}
