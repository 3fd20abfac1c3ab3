//! `ClientBuilder`: a client's settings.

use std::sync::Arc;
use std::time::Duration;

use ipc_transport::Transport;
use tokio::sync::watch;

use crate::options::{ConnectionConfig, client_setters, connection_setters, handler_setters};
use crate::protocol::session::{ReconnectPolicy, State};
use crate::runtime::client::Client;
use crate::runtime::client::task::{Control, Task};
use crate::runtime::dispatcher::Dispatcher;
use crate::{ClientEvent, MessageFormat, Peer, PeerId};

/// A client's settings.
///
/// # Defaults
///
/// Reconnects for ever with growing pauses; one attempt may take 30 s; messages are not held for
/// answers. The rest stands at the setters.
#[derive(Debug)]
pub struct ClientBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    reconnect: ReconnectPolicy,
    connect_timeout: Duration,
    config: ConnectionConfig,
}

impl<F: MessageFormat> ClientBuilder<F> {
    pub(crate) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        let max_datagram = transport.endpoint().max_datagram();
        Self {
            format,
            transport,
            reconnect: ReconnectPolicy::default(),
            connect_timeout: Duration::from_secs(30),
            config: ConnectionConfig { max_datagram, ..ConnectionConfig::of_client() },
        }
    }

    client_setters!();
    connection_setters!();
    handler_setters!();

    /// Returns the client. It does not connect yet: see [`Client::start`].
    pub fn build(self) -> Client<F> {
        let peer = Peer::new(PeerId(0), Arc::new(self.format), &self.config);
        let hub = Arc::new(Dispatcher::new(self.config.handler_order, |_, error| {
            ClientEvent::Error(error)
        }));
        let (state, watched) = watch::channel(State::Idle);
        let control = Arc::new(Control::default());
        let event_bytes = self.config.event_bytes;
        let task = Task::new(
            self.reconnect,
            self.connect_timeout,
            self.transport,
            Arc::new(self.config),
            peer.clone(),
            Arc::clone(&hub),
            Arc::clone(&control),
            state,
        );
        Client::new(task, peer, hub, watched, control, event_bytes)
    }
}
