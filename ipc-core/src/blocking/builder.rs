//! `ClientBuilder` and `ServerBuilder`: formats, transports and options of the blocking driver.

use std::fmt;
use std::sync::Arc;

use ipc_transport::{Displaced, Transport};

use super::client::runtime;
use super::link::Link;
use super::{Client, NotBlocking, Server, plain};
use crate::error::Error;
use crate::options::{ConnectionConfig, setters};
use crate::protocol::session::Session;
use crate::{ClientOptions, MessageFormat, ServerOptions};

/// Builds a client.
///
/// The defaults are those of [`ClientOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug)]
pub struct ClientBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    options: ClientOptions,
}

impl<F: MessageFormat> ClientBuilder<F> {
    pub(super) fn new(format: F, transport: impl Transport) -> Result<Self, NotBlocking> {
        Ok(Self { format, transport: plain(transport)?, options: ClientOptions::default() })
    }

    /// Sets all options at once, those of the connection too, in place of what was set before.
    #[must_use]
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    setters!(client at [options.]);
    setters!(connection at [options.connection.]);

    /// Returns the client. It is not connected yet.
    #[must_use]
    pub fn build(self) -> Client<F> {
        let Self { format, transport, options } = self;
        let link = Link::new(Arc::new(format), ConnectionConfig::of_client(&options));
        Client::new(link, Session::new(options.reconnect), transport, options.connect_timeout)
    }
}

/// Builds a server.
///
/// The defaults are those of [`ServerOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug, Clone)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    options: ServerOptions,
    on_displaced: OnDisplaced,
}

/// What is called when the socket file is lost.
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
            options: ServerOptions::default(),
            on_displaced: OnDisplaced(Arc::new(|_| {})),
        })
    }

    /// Sets all options at once, those of the connections too, in place of what was set before.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    setters!(server at [options.]);
    setters!(connection at [options.connection.]);

    /// Sets a function that is called when the server's socket file was removed or replaced: no new
    /// client finds the server then, unless the file was made again. It is called on the thread that
    /// accepts, while that waits in [`Server::accept`]. What the server does then is the transport's
    /// setting. Default: none.
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
        let Self { format, options, on_displaced, .. } = self;
        let config = ConnectionConfig::of_server(options.connection);
        let max = options.max_connections;
        Ok(Server::new(format, config, max, listener, on_displaced, runtime))
    }
}
