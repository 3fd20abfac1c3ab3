//! `ClientBuilder`: a client's format, transport and options.

use std::sync::Arc;

use ipc_transport::Transport;
use tokio::sync::watch;

use crate::options::{ConnectionConfig, setters};
use crate::protocol::session::State;
use crate::runtime::calls::builtin::Notice;
use crate::runtime::client::Client;
use crate::runtime::client::task::{Control, Task};
use crate::runtime::dispatcher::Dispatcher;
use crate::{ClientEvent, ClientOptions, HandlerOrder, MessageFormat, Peer, PeerId};

/// Builds a client.
///
/// The defaults are those of [`ClientOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug)]
pub struct ClientBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    options: ClientOptions,
    handler_order: HandlerOrder,
}

impl<F: MessageFormat> ClientBuilder<F> {
    pub(crate) fn new(format: F, transport: Arc<dyn Transport>) -> Self {
        let (options, handler_order) = (ClientOptions::default(), HandlerOrder::default());
        Self { format, transport, options, handler_order }
    }

    /// Sets all options at once, those of the connection too, in place of what was set before.
    #[must_use]
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    setters!(client at [options.]);
    setters!(connection at [options.connection.]);

    /// Sets when handlers for any event run. Default: after the named ones.
    #[must_use]
    pub fn handler_order(mut self, order: HandlerOrder) -> Self {
        self.handler_order = order;
        self
    }

    /// Returns the client. It does not connect yet: see [`Client::start`].
    pub fn build(self) -> Client<F> {
        let Self { format, transport, options, handler_order } = self;
        let mut config = ConnectionConfig::of_client(&options);
        config.max_datagram = transport.endpoint().max_datagram();
        let config = Arc::new(config);
        let peer = Peer::new(PeerId(0), Arc::new(format), &config);
        let dispatcher = Dispatcher::new(
            handler_order,
            |_, error| ClientEvent::Error(error),
            |_, notice| match notice {
                Notice::Greeted(greeting) => Some(ClientEvent::Greeted(greeting)),
                Notice::Dismissed(bye) => Some(ClientEvent::Dismissed(bye)),
                Notice::Identified(_) => None,
            },
        );
        let (state, watched) = watch::channel(State::Idle);
        let control = Arc::new(Control::default());
        let event_bytes = config.event_bytes;
        let task = Task::new(
            options.reconnect,
            options.connect_timeout,
            options.hello,
            transport,
            config,
            peer.clone(),
            Arc::clone(&dispatcher),
            Arc::clone(&control),
            state,
        );
        Client::new(task, peer, dispatcher, watched, control, event_bytes)
    }
}
