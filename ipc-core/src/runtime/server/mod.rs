//! `Server`: peers that come and go, and events to and from them.

pub(crate) mod admission;
pub(crate) mod allow_by;
pub(crate) mod broadcast;
pub(crate) mod builder;
pub(crate) mod by_address;
pub(crate) mod directory;
pub(crate) mod file;
mod groups;
mod identities;
pub(crate) mod newcomer;
mod peer_at;
pub(crate) mod shared;
pub(crate) mod survey;
pub(crate) mod target;
pub(crate) mod task;
pub(crate) mod token;
mod topics;
mod waiting;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipc_transport::{Endpoint, RuntimeError};

use crate::error::{EmitError, Error};
use crate::runtime::calls::handles::finish_calls;
use crate::runtime::clock;
use crate::runtime::dispatcher::Backlog;
use crate::runtime::events::{Events, Wanted};
use crate::runtime::outbox::Want;
use crate::runtime::server::shared::Shared;
use crate::{
    Bye, EncodePayload, MessageFormat, Peer, PeerId, ServerBuilder, ServerEvent, ShutdownReport,
};

/// A server: it listens, and exchanges events with the peers that connect.
///
/// Build it, register handlers, then [`listen`](Self::listen): no event can be missed in between.
/// Each peer has a task, which handles its messages in order; a slow peer does not delay the others.
///
/// It is cheap to clone. When the last clone is dropped, listening ends and the peers are closed
/// in the background; [`shutdown`](Self::shutdown) waits for that.
pub struct Server<F: MessageFormat> {
    inner: Arc<Inner<F>>,
}

struct Inner<F: MessageFormat> {
    shared: Arc<Shared<F>>,
    endpoint: Mutex<Option<Endpoint>>,
}

impl<F: MessageFormat> Server<F> {
    /// Returns a builder for a server that speaks `format` over `transport`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::{MsgPack, Server};
    /// use ipc_transport::MemoryTransport;
    ///
    /// let transport = MemoryTransport::new("pings");
    /// let server = Server::builder(MsgPack::new(), transport).max_connections(10).build();
    /// server.on("ping", |number: u64, peer| {
    ///     // Sending fails only if the peer has left.
    ///     let _ = peer.emit("pong", &number);
    /// });
    /// ```
    pub fn builder(format: F, transport: impl ipc_transport::Transport) -> ServerBuilder<F> {
        ServerBuilder::new(format, Arc::new(transport))
    }

    pub(crate) fn new(shared: Arc<Shared<F>>) -> Self {
        Self { inner: Arc::new(Inner { shared, endpoint: Mutex::new(None) }) }
    }

    /// Starts listening and returns the bound endpoint, with the actual port. Lifecycle handlers get
    /// [`ServerEvent::Listening`] before this returns.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on: another server is running
    /// there, say. It can be called again after a failure. [`Error::Closed`] after
    /// [`shutdown`](Self::shutdown), and after the runtime it was started on is gone.
    /// [`Error::Runtime`] if there is no tokio runtime, or it lacks timers or sockets.
    /// [`Error::TokensUnsupported`] if the server wants a [token](ServerBuilder::token) and no peer can say
    /// hello to it.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the server does not listen.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # use ipc_transport::TcpTransport;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", 0)).build();
    /// let endpoint = server.listen().await?;
    /// assert_ne!(endpoint.to_string(), "tcp:127.0.0.1:0"); // The actual port.
    /// # Ok(()) }
    /// ```
    pub async fn listen(&self) -> Result<Endpoint, Error> {
        if self.inner.shared.is_stopped() {
            return Err(Error::Closed);
        }
        if let Some(endpoint) = self.endpoint() {
            return Ok(endpoint);
        }
        RuntimeError::check(&self.inner.shared.transport.endpoint())?;
        self.inner.shared.check_tokens()?;
        let listener = self.inner.shared.transport.listen().await?;
        let endpoint = listener.endpoint();
        *self.inner.endpoint.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(endpoint.clone());
        self.inner.shared.by_address.set_opener(listener.opener());
        let mut backlog = Backlog::new();
        self.inner
            .shared
            .dispatcher
            .notify(&ServerEvent::Listening(endpoint.clone()), &mut backlog);
        backlog.force();
        task::start(Arc::clone(&self.inner.shared), listener);
        Ok(endpoint)
    }

    /// Returns where the server listens, or `None` if it never did.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.inner.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    crate::forward_handlers!(F, ServerEvent<F>, |this| &this.inner.shared.dispatcher.handlers);

    /// Returns a stream of the messages and lifecycle events of all peers from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Incoming, MsgPack, Server, ServerEvent};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut events = server.events();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Incoming::Message(message, peer) => println!("{}: {}", peer.id(), message.event()),
    ///         Incoming::Lifecycle(ServerEvent::Connect(peer)) => println!("{} connected", peer.id()),
    ///         event => println!("{event:?}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events<F, ServerEvent<F>> {
        self.events_of(Wanted::All)
    }

    pub(super) fn events_of(&self, wanted: Wanted) -> Events<F, ServerEvent<F>> {
        self.inner.shared.dispatcher.events(self.inner.shared.config.event_bytes, wanted)
    }

    /// Returns the peer with this number, if it is connected.
    #[must_use]
    pub fn peer(&self, id: PeerId) -> Option<Peer<F>> {
        self.inner.shared.peers().get(&id).cloned()
    }

    /// Returns the connected peers, in the order they came.
    #[must_use]
    pub fn peers(&self) -> Vec<Peer<F>> {
        self.inner.shared.peers().values().cloned().collect()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<F>> {
        &self.inner.shared
    }

    /// Sends an event to one peer. See [`Peer::emit`].
    ///
    /// # Errors
    ///
    /// [`EmitError::UnknownPeer`] if it is not connected, or what [`Peer::emit`] says.
    pub fn emit<T: ?Sized>(&self, peer: PeerId, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.peer(peer).ok_or(EmitError::UnknownPeer(peer))?.emit(event, payload)
    }

    /// Stops listening (the socket file is removed), refuses new calls and waits for those that are open
    /// on either side, closes every peer when its queue is written, and
    /// waits until all have left, at most for `grace`; then it cuts those that are left.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing continues, without the cut after the grace.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.broadcast("bye", &())?;
    /// let report = server.shutdown(std::time::Duration::from_secs(5)).await; // Flushes first.
    /// println!("{} peers have messages that were not written", report.undelivered.len());
    /// # Ok(()) }
    /// ```
    pub async fn shutdown(&self, grace: Duration) -> ShutdownReport {
        let shared = &self.inner.shared;
        shared.stop_listening().await;
        let peers = self.peers();
        shared.directory.dismiss_all(&Bye::shutdown());
        let began = clock::now();
        finish_calls(peers.clone(), grace).await;
        let grace = grace.saturating_sub(clock::now().saturating_duration_since(began));
        let mut report = ShutdownReport::default();
        if !shared.is_alone() && tokio::time::timeout(grace, shared.all_gone()).await.is_err() {
            let left = self.peers();
            report.cut = left.len();
            left.iter().for_each(|peer| peer.outbox().want(Want::Disconnect));
            shared.all_gone().await;
        }
        shared.dispatcher.end();
        for peer in peers {
            let undelivered = peer.take_undelivered();
            if !undelivered.is_empty() {
                report.undelivered.push((peer.id(), undelivered));
            }
        }
        report
    }
}

impl<F> Clone for ServerEvent<F> {
    fn clone(&self) -> Self {
        match self {
            Self::Listening(endpoint) => Self::Listening(endpoint.clone()),
            Self::Connect(peer) => Self::Connect(peer.clone()),
            Self::Disconnect { peer, reason } => {
                Self::Disconnect { peer: peer.clone(), reason: reason.clone() }
            }
            Self::Error { peer, error } => {
                Self::Error { peer: peer.clone(), error: Arc::clone(error) }
            }
            Self::Refused { info, why } => {
                Self::Refused { info: Arc::clone(info), why: why.clone() }
            }
            Self::Displaced(displaced) => Self::Displaced(displaced.clone()),
            Self::Group(event) => Self::Group(event.clone()),
            Self::Topic(event) => Self::Topic(event.clone()),
            Self::Identified { peer, identity } => {
                Self::Identified { peer: peer.clone(), identity: Arc::clone(identity) }
            }
        }
    }
}

impl<F: MessageFormat> Clone for Server<F> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<F: MessageFormat> Drop for Inner<F> {
    fn drop(&mut self) {
        self.shared.ask_to_stop();
        for peer in self.shared.peers().values() {
            peer.outbox().want(Want::Close);
        }
    }
}

impl<F: MessageFormat> std::fmt::Debug for Server<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
