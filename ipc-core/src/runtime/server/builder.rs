//! `ServerBuilder`: a server's settings.

use std::sync::Arc;
use std::time::Duration;

use ipc_transport::Transport;

use crate::MessageFormat;
use crate::options::{ConnectionConfig, connection_setters, handler_setters};
use crate::protocol::connection::budget::Budget;
use crate::runtime::server::Server;
use crate::runtime::server::admission::Admission;
use crate::runtime::server::task::Shared;

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
    receive_budget: Option<usize>,
    config: ConnectionConfig,
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(crate) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        let max_datagram = transport.endpoint().max_datagram();
        Self {
            format,
            transport,
            admission: Admission { total: 100, per_identity: None },
            receive_budget: None,
            config: ConnectionConfig { max_datagram, ..ConnectionConfig::default() },
        }
    }

    /// Sets how many peers may be connected; one more is closed at once. Default: 100.
    ///
    /// It does not count peers over UDP, where nobody connects: the transport bounds those.
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

    /// Sets how many bytes of unfinished frames all peers together may have sent; a peer that
    /// exceeds it is disconnected. Each frame has its own limit, but a peer costs nothing and may
    /// come a thousand times.
    ///
    /// Default: 64 MiB, over UDP 16 MiB; the greatest frame allowed, if that is more.
    #[must_use]
    pub fn receive_budget(mut self, bytes: usize) -> Self {
        self.receive_budget = Some(bytes);
        self
    }

    /// Sets how long [`Server::broadcast_send`] waits for a peer whose queue is full and whose
    /// socket takes nothing. The time runs from when the socket was found full, also while nobody
    /// waits; then the peer counts as stalled, and to it applies what the overflow policy says,
    /// until it reads again. `None`: it waits as long as the peer is connected.
    ///
    /// Default: 10 s. A system may let a sender go on only when a third of a large buffer has been
    /// read, so that a second or two without a byte is no sign that nobody reads.
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.config.stall_timeout = timeout;
        self
    }

    connection_setters!();
    handler_setters!();

    /// Returns the server. It does not listen yet: see [`Server::listen`].
    #[must_use]
    pub fn build(mut self) -> Server<F> {
        let ordinary = if self.config.max_datagram.is_some() { DATAGRAM_BUDGET } else { BUDGET };
        let one_frame = self.config.limits.max_frame();
        let budget = self.receive_budget.unwrap_or_else(|| ordinary.max(one_frame));
        self.config.budget = Some(Arc::new(Budget::new(budget)));
        Server::new(Arc::new(Shared::new(self.format, self.transport, self.admission, self.config)))
    }
}

/// What unfinished frames of all peers may take, in bytes: four of the greatest by default.
const BUDGET: usize = 64 * 1024 * 1024;

/// The same over UDP, where a peer is whoever sent something: one of the greatest by default.
const DATAGRAM_BUDGET: usize = 16 * 1024 * 1024;
