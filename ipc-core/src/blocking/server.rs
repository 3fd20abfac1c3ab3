//! `Server`: accepts connections, each to be served by a thread of its own.

use std::sync::Arc;

use ipc_transport::{
    BlockingStream, Displacements, Endpoint, Listener, PeerInfo, Stream, Transport, TransportError,
};
use tokio::runtime::Runtime;

use super::builder::Told;
use super::identities::Registry;
use super::{Connection, NotBlocking, ServerBuilder};
use crate::error::Error;
use crate::options::ConnectionConfig;
use crate::runtime::server::file;
use crate::{Access, MessageFormat, Refusal, ServerOptions};

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
    access: Access,
    max_connections: usize,
    /// Held by every connection: how many there are is how often it is shared.
    open: Arc<()>,
    /// Who the peers are.
    registry: Arc<Registry>,
    refused: u64,
    listener: Box<dyn Listener>,
    notices: Option<Displacements>,
    told: Told,
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
        options: ServerOptions,
        listener: Box<dyn Listener>,
        told: Told,
        registry: Arc<Registry>,
        runtime: Runtime,
    ) -> Self {
        let config = ConnectionConfig::of(&options);
        let notices = listener.displacements();
        Self {
            format: Arc::new(format),
            config,
            access: options.access,
            max_connections: options.max_connections,
            open: Arc::default(),
            registry,
            refused: 0,
            listener,
            notices,
            told,
            runtime,
        }
    }

    /// Returns where the server listens: a port that was left to the system is filled in.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.listener.endpoint()
    }

    /// Waits for the next connection and returns it. One that [`access`](ServerBuilder::access) does not
    /// let in, or that is beyond [`max_connections`](ServerBuilder::max_connections), is closed and
    /// counted, and the next one is waited for.
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
            let stream = match self.accept_stream() {
                Ok(stream) => stream,
                Err(TransportError::PeerRefused { endpoint, expected, actual }) => {
                    let info = PeerInfo::new(endpoint.clone());
                    let error = TransportError::PeerRefused { endpoint, expected, actual };
                    self.refuse(&info, &Refusal::Transport(Arc::new(error)));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if let Err(why) = self.access.decide(stream.peer()).and_then(|()| self.has_place()) {
                let info = stream.peer().clone();
                drop(stream);
                self.refuse(&info, &why);
                continue;
            }
            let place = Arc::clone(&self.open);
            let format = Arc::clone(&self.format);
            let entry = self.registry.admit();
            return Ok(Connection::new(format, self.config.clone(), stream, place, entry));
        }
    }

    fn has_place(&self) -> Result<(), Refusal> {
        let limit = self.max_connections;
        // One holder is the server itself.
        let full = Arc::strong_count(&self.open) > limit;
        if full { Err(Refusal::TooManyPeers { limit }) } else { Ok(()) }
    }

    fn refuse(&mut self, info: &PeerInfo, why: &Refusal) {
        self.refused = self.refused.saturating_add(1);
        (self.told.refused)(info, why);
    }

    fn accept_stream(&mut self) -> Result<BlockingStream, TransportError> {
        let Self { listener, notices, told, runtime, .. } = self;
        let accepted = runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    notice = file::next(notices) => (told.displaced)(&notice),
                    // Taken off the runtime it was accepted on while that runs.
                    accepted = listener.accept() => break accepted.and_then(Stream::into_blocking),
                }
            }
        });
        while let Some(notice) = notices.as_mut().and_then(Displacements::try_next) {
            (told.displaced)(&notice);
        }
        accepted
    }

    /// Returns how many connections were closed since there were too many, or since
    /// [`access`](ServerBuilder::access) or the transport does not let their peers in.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }
}
