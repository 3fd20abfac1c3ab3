//! `ClientBuilder` and `ServerBuilder`: the settings of the blocking driver.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ipc_transport::{Displaced, Transport};

use super::client::runtime;
use super::talk::Talk;
use super::{Client, NotBlocking, Server, plain};
use crate::MessageFormat;
use crate::error::Error;
use crate::options::{ConnectionConfig, client_setters, connection_setters};
use crate::protocol::session::{ReconnectPolicy, Session};

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
    pub(super) fn new(format: F, transport: impl Transport) -> Result<Self, NotBlocking> {
        Ok(Self {
            format,
            transport: plain(transport)?,
            reconnect: ReconnectPolicy::default(),
            connect_timeout: Duration::from_secs(30),
            config: ConnectionConfig::of_client(),
        })
    }

    client_setters!();
    connection_setters!();

    /// Returns the client. It is not connected yet.
    #[must_use]
    pub fn build(self) -> Client<F> {
        let talk = Talk::new(Arc::new(self.format), self.config);
        Client::new(talk, Session::new(self.reconnect), self.transport, self.connect_timeout)
    }
}

/// A server's settings.
///
/// # Defaults
///
/// At most 100 connections. The rest stands at the setters.
#[derive(Debug, Clone)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    config: ConnectionConfig,
    max_connections: usize,
    on_displaced: OnDisplaced,
}

/// Who is told that the socket file is lost.
#[derive(Clone)]
pub(super) struct OnDisplaced(pub(super) Arc<dyn Fn(&Displaced) + Send + Sync>);

impl fmt::Debug for OnDisplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDisplaced")
    }
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(super) fn new(format: F, transport: impl Transport) -> Result<Self, NotBlocking> {
        Ok(Self {
            format,
            transport: plain(transport)?,
            config: ConnectionConfig::default(),
            max_connections: MAX_CONNECTIONS,
            on_displaced: OnDisplaced(Arc::new(|_| {})),
        })
    }

    connection_setters!();

    /// Sets how many connections there may be; one more is closed at once. A connection counts until
    /// its end or until it is dropped. Default: 100.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets who is told that the server's socket file was removed or replaced: no new client finds
    /// the server then, unless the file was made again. Called on the thread that accepts, while it
    /// waits in [`Server::accept`]. What follows is the transport's setting. Default: nobody.
    #[must_use]
    pub fn on_displaced(mut self, handler: impl Fn(&Displaced) + Send + Sync + 'static) -> Self {
        self.on_displaced = OnDisplaced(Arc::new(handler));
        self
    }

    /// Starts listening and returns the server.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on.
    ///
    /// # Panics
    ///
    /// If it is called within an async runtime, which a thread that waits would stop.
    pub fn listen(self) -> Result<Server<F>, Error> {
        let runtime = runtime(&*self.transport)?;
        let listener = runtime.block_on(self.transport.listen())?;
        let Self { format, config, max_connections, on_displaced, .. } = self;
        Ok(Server::new(format, config, max_connections, listener, on_displaced, runtime))
    }
}

/// As many as the async server takes by default.
const MAX_CONNECTIONS: usize = 100;
