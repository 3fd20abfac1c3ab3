//! `Server`: accepts connections, each to be served by a thread of its own.

use std::sync::Arc;

use ipc_transport::{Endpoint, Listener, Transport};

use super::Connection;
use super::client::runtime;
use crate::MessageFormat;
use crate::driver::config::{ConnectionConfig, connection_setters};
use crate::driver::error::Error;

/// A listening server whose connections are served by threads.
///
/// It limits nothing but what its caller does: a thread for each connection is the caller's to
/// start, and to refuse. The async [`Server`](crate::Server) has limits of its own, and broadcasts.
/// Dropping it ends listening (the socket file is removed); the connections go on.
#[derive(Debug)]
pub struct Server<F> {
    format: Arc<F>,
    config: ConnectionConfig,
    listener: Box<dyn Listener>,
    /// Runs on the thread that accepts, while it does, and nowhere else.
    runtime: tokio::runtime::Runtime,
}

/// A server's settings.
///
/// # Defaults
///
/// Those that stand at the setters.
#[derive(Debug)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    config: ConnectionConfig,
}

impl<F: MessageFormat> Server<F> {
    /// Returns a builder for a server that speaks `format` over `transport`.
    pub fn builder(format: F, transport: impl Transport) -> ServerBuilder<F> {
        let config = ConnectionConfig::default();
        ServerBuilder { format, transport: Arc::new(transport), config }
    }

    /// Returns where the server listens: a port that was left to the system is filled in.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.listener.endpoint()
    }

    /// Waits for the next connection and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`]; the server can still accept. Out of file descriptors, say: wait a
    /// moment before the next call.
    pub fn accept(&mut self) -> Result<Connection<F>, Error> {
        let stream = self.runtime.block_on(async {
            // Taken off the runtime it was accepted on while that runs.
            self.listener.accept().await?.into_blocking()
        })?;
        Ok(Connection::new(Arc::clone(&self.format), self.config.clone(), stream))
    }
}

impl<F: MessageFormat> ServerBuilder<F> {
    connection_setters!();

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
        Ok(Server { format: Arc::new(self.format), config: self.config, listener, runtime })
    }
}
