//! `Server`: accepts connections, each to be served by a thread of its own.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use ipc_transport::{
    Displacements, Endpoint, Listener, PeerInfo, Stream, Transport, TransportError,
};
use tokio::runtime::Runtime;

use super::builder::Told;
use super::identities::{Entry, Registry};
use super::waiting::{Judged, Waiting};
use super::{Connection, NotBlocking, ServerBuilder};
use crate::error::Error;
use crate::options::ConnectionConfig;
use crate::runtime::server::file;
use crate::runtime::server::newcomer::not_entered;
use crate::runtime::server::token::Gate;
use crate::{Access, MessageFormat, Refusal, ServerOptions};

/// What a server has waited for.
enum Arrival<F> {
    /// A peer has connected.
    Stream(Box<Stream>),
    /// It is known whether one that waited may come in.
    Judged(Box<Judged<F>>),
}

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
    config: Arc<ConnectionConfig>,
    access: Access,
    max_connections: usize,
    /// Held by every connection: how many there are is how often it is shared.
    open: Arc<()>,
    /// Who the peers are.
    registry: Arc<Registry>,
    /// Those that are not let in yet, if a token admits.
    waiting: Option<Waiting<F>>,
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
        gate: Option<Gate>,
        runtime: Runtime,
    ) -> Self {
        let mut config = ConnectionConfig::of(&options);
        config.admits_by_token = gate.is_some();
        let notices = listener.displacements();
        Self {
            format: Arc::new(format),
            config: Arc::new(config),
            access: options.access,
            max_connections: options.max_connections,
            open: Arc::default(),
            registry,
            waiting: gate.map(Waiting::new),
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
    /// counted, and the next one is waited for. With a [`token`](ServerBuilder::token) a connection is returned
    /// once its peer is let in; those that wait for that are heard while a thread is in here, and only then.
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
            let arrival = match self.next_arrival() {
                Ok(arrival) => arrival,
                Err(TransportError::PeerRefused { endpoint, expected, actual }) => {
                    let info = PeerInfo::new(endpoint.clone());
                    let error = TransportError::PeerRefused { endpoint, expected, actual };
                    self.refuse(&info, &Refusal::Transport(Arc::new(error)));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let admitted = match arrival {
                Arrival::Stream(stream) => self.came(*stream)?,
                Arrival::Judged(judged) => self.admit(judged)?,
            };
            if let Some(connection) = admitted {
                return Ok(connection);
            }
        }
    }

    /// Handles that a peer has connected: it is let in, has to wait, or is refused.
    fn came(&mut self, stream: Stream) -> Result<Option<Connection<F>>, Error> {
        let may = self.access.decide(stream.peer()).and_then(|()| self.has_place());
        let info = stream.peer().clone();
        let waits = match (may, &mut self.waiting) {
            (Ok(()), None) => {
                let entry = self.registry.admit();
                return self.connect(stream, entry).map(Some);
            }
            (Ok(()), Some(waiting)) => {
                waiting.enter(self.runtime.handle(), stream, &self.format, &self.config)
            }
            (Err(why), _) => {
                drop(stream);
                Err(why)
            }
        };
        if let Err(why) = waits {
            self.refuse(&info, &why);
        }
        if self.waiting.as_ref().is_some_and(Waiting::is_full) {
            // Each of those that wait is heard before another displaces it.
            self.runtime.block_on(tokio::task::yield_now());
        }
        Ok(None)
    }

    /// Lets in a peer that has waited, if there still is a place and its identity may have it, or has it be told
    /// that it is refused.
    fn admit(&mut self, judged: Box<Judged<F>>) -> Result<Option<Connection<F>>, Error> {
        let Judged { mut newcomer, place, outcome } = *judged;
        let entered = outcome.and_then(|identity| {
            self.has_place()?;
            let mut entry = self.registry.admit();
            if let Some(identity) = identity {
                let entered = entry.enter_as(Some(identity.clone()));
                entered.map_err(|why| not_entered(why, &identity))?;
            }
            Ok(entry)
        });
        drop(place);
        match entered {
            Ok(entry) => {
                let Some(stream) = newcomer.stream.take() else { return Ok(None) };
                let mut connection = self.connect(stream, entry)?;
                let number = newcomer.number().cloned();
                connection.let_in(number.as_ref(), &newcomer.into_first());
                Ok(Some(connection))
            }
            Err(why) => {
                let farewell = newcomer.farewell(&why);
                self.refuse(&Arc::clone(&newcomer.info), &why);
                if let (Some(farewell), Some(waiting)) = (farewell, &mut self.waiting) {
                    waiting.tell(self.runtime.handle(), newcomer, farewell);
                }
                Ok(None)
            }
        }
    }

    /// Returns the connection of a peer that is let in.
    fn connect(&self, stream: Stream, entry: Entry) -> Result<Connection<F>, Error> {
        // Taken off the runtime it was accepted on while that runs.
        let stream = self.runtime.block_on(async { stream.into_blocking() })?;
        let (format, config) = (Arc::clone(&self.format), (*self.config).clone());
        Ok(Connection::new(format, config, stream, Arc::clone(&self.open), entry))
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

    fn next_arrival(&mut self) -> Result<Arrival<F>, TransportError> {
        let Self { listener, notices, told, runtime, waiting, .. } = self;
        let accepted = runtime.block_on(async {
            let judged = async {
                match waiting {
                    Some(waiting) => waiting.next().await,
                    None => pending().await,
                }
            };
            let mut judged = pin!(judged);
            loop {
                tokio::select! {
                    biased;
                    notice = file::next(notices) => (told.displaced)(&notice),
                    judged = &mut judged => break Ok(Arrival::Judged(Box::new(judged))),
                    accepted = listener.accept() => {
                        break accepted.map(|stream| Arrival::Stream(Box::new(stream)));
                    }
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
