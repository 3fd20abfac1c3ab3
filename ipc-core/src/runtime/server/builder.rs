//! `ServerBuilder`: a server's format, transport and options.

use std::sync::Arc;
use std::time::Duration;

use ipc_transport::Transport;

use crate::groups::PatternLimits;
use crate::options::{ConnectionConfig, setters};
use crate::protocol::connection::budget::Budget;
use crate::runtime::server::Server;
use crate::runtime::server::admission::Admission;
use crate::runtime::server::directory::DirectoryLimits;
use crate::runtime::server::shared::Shared;
use crate::runtime::server::token::Gate;
use crate::{GroupLimits, HandlerOrder, MessageFormat, ServerOptions};

/// Builds a server.
///
/// The defaults are those of [`ServerOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    pub(super) options: ServerOptions,
    per_identity: Option<usize>,
    receive_budget: Option<usize>,
    stall_timeout: Option<Duration>,
    handler_order: HandlerOrder,
    groups: GroupLimits,
    topics: PatternLimits,
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(crate) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        Self {
            format,
            transport,
            options: ServerOptions::default(),
            per_identity: None,
            receive_budget: None,
            stall_timeout: Some(STALL_TIMEOUT),
            handler_order: HandlerOrder::default(),
            groups: GroupLimits::default(),
            topics: PatternLimits::default(),
        }
    }

    /// Sets all options at once, those of the connections too, in place of what was set before. What
    /// only this driver has (the other setters below) stays, and so does a check of tokens unless these
    /// options have one: without it everybody would be let in.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options.in_place_of(self.options);
        self
    }

    setters!(server at [options.]);
    setters!(connection at [options.connection.]);

    /// Sets how many of the peers may be the same user's (over Unix sockets) or come from the same
    /// IP address (over TCP), so that one cannot take all connections. Default: `None`, all of them.
    #[must_use]
    pub fn max_connections_per_identity(mut self, peers: Option<usize>) -> Self {
        self.per_identity = peers;
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
    /// socket takes nothing. The time runs from when the socket was found full, even while no call
    /// waits; after it the peer counts as stalled, and the overflow policy applies to it until it
    /// reads again. `None`: it waits as long as the peer is connected.
    ///
    /// Default: 10 s. A system may let a sender go on only when a third of a large buffer has been
    /// read, so a second or two without a byte does not mean that the peer has stopped reading.
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Sets when handlers for any event run. Default: after the named ones.
    #[must_use]
    pub fn handler_order(mut self, order: HandlerOrder) -> Self {
        self.handler_order = order;
        self
    }

    /// Sets how many groups there may be, and how many one peer may be in. Default: 65,536 and 1,024.
    #[must_use]
    pub fn group_limits(mut self, limits: GroupLimits) -> Self {
        self.groups = limits;
        self
    }

    /// Sets to how many patterns of topics one peer may subscribe, and all together, and what those may
    /// cost. Default: 1,024 and 65,536, 64 MiB, and wildcards in 64 and 4,096 arrangements. A peer that
    /// wants more is answered `too_many`.
    #[must_use]
    pub fn topic_limits(mut self, limits: PatternLimits) -> Self {
        self.topics = limits;
        self
    }

    /// Returns the server. It does not listen yet: see [`Server::listen`].
    #[must_use]
    pub fn build(self) -> Server<F> {
        let mut config = ConnectionConfig::of(&self.options);
        let gate = Gate::of(&self.options).map(Arc::new);
        config.admits_by_token = gate.is_some();
        let admission = Admission {
            access: self.options.access,
            total: self.options.max_connections,
            per_identity: self.per_identity,
        };
        config.max_datagram = self.transport.endpoint().max_datagram();
        config.stall_timeout = self.stall_timeout;
        config.handler_order = self.handler_order;
        let ordinary = if config.max_datagram.is_some() { DATAGRAM_BUDGET } else { BUDGET };
        let one_frame = config.limits.max_frame();
        let budget = self.receive_budget.unwrap_or_else(|| ordinary.max(one_frame));
        config.budget = Some(Arc::new(Budget::new(budget)));
        let limits = DirectoryLimits {
            groups: self.groups,
            topics: self.topics,
            same_identity: self.options.same_identity,
        };
        let shared = Shared::new(self.format, self.transport, admission, gate, limits, config);
        Server::new(Arc::new(shared))
    }
}

/// How long a broadcast waits for a peer that takes nothing, by default.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// What unfinished frames of all peers may take, in bytes: four of the greatest by default.
const BUDGET: usize = 64 * 1024 * 1024;

/// The same over UDP, where a peer is whoever sent something: one of the greatest by default.
const DATAGRAM_BUDGET: usize = 16 * 1024 * 1024;
