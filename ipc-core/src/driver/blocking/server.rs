//! `Server`: accepts connections, each to be served by a thread of its own.

use std::fmt;
use std::sync::Arc;

use ipc_transport::{Displaced, Displacements, Endpoint, Listener, Stream, Transport};

use super::Connection;
use super::client::runtime;
use crate::MessageFormat;
use crate::driver::config::{ConnectionConfig, connection_setters};
use crate::driver::error::Error;
use crate::driver::server_file;

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
    notices: Option<Displacements>,
    on_displaced: OnDisplaced,
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
    on_displaced: OnDisplaced,
}

/// Who is told that the socket file is lost.
#[derive(Clone)]
struct OnDisplaced(Arc<dyn Fn(&Displaced) + Send + Sync>);

impl fmt::Debug for OnDisplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDisplaced")
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns a builder for a server that speaks `format` over `transport`.
    pub fn builder(format: F, transport: impl Transport) -> ServerBuilder<F> {
        let config = ConnectionConfig::default();
        let on_displaced = OnDisplaced(Arc::new(|_| {}));
        ServerBuilder { format, transport: Arc::new(transport), config, on_displaced }
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
    /// moment before the next call. [`TransportError::Displaced`] if the socket file is lost and the
    /// transport is to stop then: this and every further call.
    ///
    /// [`TransportError::Displaced`]: ipc_transport::TransportError::Displaced
    pub fn accept(&mut self) -> Result<Connection<F>, Error> {
        let Self { listener, notices, on_displaced: OnDisplaced(told), runtime, .. } = self;
        let accepted = runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    notice = server_file::next(notices) => told(&notice),
                    // Taken off the runtime it was accepted on while that runs.
                    accepted = listener.accept() => break accepted.and_then(Stream::into_blocking),
                }
            }
        });
        while let Some(notice) = notices.as_mut().and_then(Displacements::try_next) {
            told(&notice);
        }
        let stream = accepted?;
        Ok(Connection::new(Arc::clone(&self.format), self.config.clone(), stream))
    }
}

impl<F: MessageFormat> ServerBuilder<F> {
    connection_setters!();

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
        let notices = listener.displacements();
        let Self { config, on_displaced, .. } = self;
        Ok(Server {
            format: Arc::new(self.format),
            config,
            listener,
            notices,
            on_displaced,
            runtime,
        })
    }
}
