//! `Server`: accepts connections, each to be served by a thread of its own.

use std::fmt;
use std::sync::Arc;

use ipc_transport::{
    BlockingStream, Displaced, Displacements, Endpoint, Listener, Stream, Transport, TransportError,
};

use super::client::runtime;
use super::{Connection, NotBlocking, plain};
use crate::MessageFormat;
use crate::error::Error;
use crate::options::{ConnectionConfig, connection_setters};
use crate::runtime::server::file;

/// A listening server whose connections are served by threads.
///
/// A thread for each connection is the caller's to start. The async [`Server`](crate::Server) has more
/// limits, and broadcasts. Dropping it ends listening (the socket file is removed); the connections
/// go on.
#[derive(Debug)]
pub struct Server<F> {
    format: Arc<F>,
    config: ConnectionConfig,
    max_connections: usize,
    /// Held by every connection: how many there are is how often it is shared.
    open: Arc<()>,
    refused: u64,
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
struct OnDisplaced(Arc<dyn Fn(&Displaced) + Send + Sync>);

impl fmt::Debug for OnDisplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDisplaced")
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns a builder for a server that speaks `format` over `transport`.
    ///
    /// # Errors
    ///
    /// [`NotBlocking`] if the transport's sockets need a runtime.
    pub fn builder(format: F, transport: impl Transport) -> Result<ServerBuilder<F>, NotBlocking> {
        Ok(ServerBuilder {
            format,
            transport: plain(transport)?,
            config: ConnectionConfig::default(),
            max_connections: MAX_CONNECTIONS,
            on_displaced: OnDisplaced(Arc::new(|_| {})),
        })
    }

    /// Returns where the server listens: a port that was left to the system is filled in.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.listener.endpoint()
    }

    /// Waits for the next connection and returns it. One beyond
    /// [`max_connections`](ServerBuilder::max_connections) is closed and counted, and the next one
    /// is waited for.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`]; the server can still accept. Out of file descriptors, say: wait a
    /// moment before the next call. [`TransportError::Displaced`] if the socket file is lost and the
    /// transport is to stop then: this and every further call.
    pub fn accept(&mut self) -> Result<Connection<F>, Error> {
        loop {
            let stream = self.accept_stream()?;
            // One holder is the server itself.
            if Arc::strong_count(&self.open) > self.max_connections {
                self.refused = self.refused.saturating_add(1);
                continue;
            }
            let place = Arc::clone(&self.open);
            let format = Arc::clone(&self.format);
            return Ok(Connection::new(format, self.config.clone(), stream, place));
        }
    }

    fn accept_stream(&mut self) -> Result<BlockingStream, TransportError> {
        let Self { listener, notices, on_displaced: OnDisplaced(told), runtime, .. } = self;
        let accepted = runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    notice = file::next(notices) => told(&notice),
                    // Taken off the runtime it was accepted on while that runs.
                    accepted = listener.accept() => break accepted.and_then(Stream::into_blocking),
                }
            }
        });
        while let Some(notice) = notices.as_mut().and_then(Displacements::try_next) {
            told(&notice);
        }
        accepted
    }

    /// Returns how many connections were closed since there were too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl<F: MessageFormat> ServerBuilder<F> {
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
        let notices = listener.displacements();
        Ok(Server {
            format: Arc::new(self.format),
            config: self.config,
            max_connections: self.max_connections,
            open: Arc::default(),
            refused: 0,
            listener,
            notices,
            on_displaced: self.on_displaced,
            runtime,
        })
    }
}

/// As many as the async server takes by default.
const MAX_CONNECTIONS: usize = 100;
