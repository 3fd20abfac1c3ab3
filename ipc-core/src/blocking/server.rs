//! `Server`: accepts connections, each to be served by a thread of its own.

use std::sync::Arc;

use ipc_transport::{
    BlockingStream, Displacements, Endpoint, Listener, Stream, Transport, TransportError,
};
use tokio::runtime::Runtime;

use super::builder::OnDisplaced;
use super::{Connection, NotBlocking, ServerBuilder};
use crate::MessageFormat;
use crate::error::Error;
use crate::options::ConnectionConfig;
use crate::runtime::server::file;

/// A listening server whose connections are served by threads.
///
/// A thread for each connection is the caller's to start. The async [`Server`](crate::Server) has more
/// limits, and broadcasts. Dropping it ends listening (the socket file is removed); the connections
/// go on.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "msgpack")] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ipc_core::MsgPack;
/// use ipc_core::blocking::{Incoming, Server};
/// use ipc_transport::TcpTransport;
///
/// let mut server = Server::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", 0))?.listen()?;
/// println!("listening at {}", server.endpoint());
/// # let ipc_transport::Endpoint::Tcp { port, .. } = server.endpoint() else { panic!() };
/// # let mut client = ipc_core::blocking::Client::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", port))?.build();
/// # client.connected()?;
/// let mut connection = server.accept()?;
/// let serving = std::thread::spawn(move || {
///     while let Some(event) = connection.next() {
///         if let Incoming::Message(message) = event {
///             // Fails only if the peer is gone.
///             let _ = connection.emit("seen", message.event());
///         }
///     }
/// });
/// # client.emit("a", "b")?;
/// # let Some(Incoming::Message(seen)) = client.nth(1) else { panic!() };
/// # assert_eq!(client.decode::<String>(&seen)?, "a");
/// # client.close();
/// # serving.join().unwrap();
/// # Ok(()) }
/// # #[cfg(not(feature = "msgpack"))] fn main() {}
/// ```
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
    runtime: Runtime,
}

impl<F: MessageFormat> Server<F> {
    /// Returns a builder for a server that speaks `format` over `transport`.
    ///
    /// # Errors
    ///
    /// [`NotBlocking`] if the transport's sockets need a runtime.
    pub fn builder(format: F, transport: impl Transport) -> Result<ServerBuilder<F>, NotBlocking> {
        ServerBuilder::new(format, transport)
    }

    pub(super) fn new(
        format: F,
        config: ConnectionConfig,
        max_connections: usize,
        listener: Box<dyn Listener>,
        on_displaced: OnDisplaced,
        runtime: Runtime,
    ) -> Self {
        let notices = listener.displacements();
        Self {
            format: Arc::new(format),
            config,
            max_connections,
            open: Arc::default(),
            refused: 0,
            listener,
            notices,
            on_displaced,
            runtime,
        }
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Error, MessageFormat, blocking::{Connection, Server}};
    /// # fn serve<F: MessageFormat>(_: Connection<F>) {}
    /// # fn example<F: MessageFormat>(mut server: Server<F>) -> Result<(), Error> {
    /// loop {
    ///     let connection = server.accept()?;
    ///     std::thread::spawn(move || serve(connection));
    /// }
    /// # }
    /// ```
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
