//! `Server`: peers that come and go, and events to and from them.

pub(crate) mod admission;
pub(crate) mod builder;
pub(crate) mod by_address;
pub(crate) mod file;
pub(crate) mod task;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use ipc_transport::{Endpoint, RuntimeError};

use crate::error::{EmitError, Error};
use crate::runtime::dispatcher::Turn;
use crate::runtime::events::Events;
use crate::runtime::outbox::Want;
use crate::runtime::server::task::Shared;
use crate::{
    BroadcastReport, DecodePayload, EncodePayload, HandlerId, Message, MessageFormat, Peer, PeerId,
    ServerBuilder, ServerEvent, ShutdownReport,
};

/// A server: it listens, and exchanges events with the peers that connect.
///
/// Build it, register handlers, then [`listen`](Self::listen): no event can be missed in between.
/// Each peer has a task of its own; its messages are handled in order, on that task, and a slow
/// peer does not delay the others.
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
    pub fn builder(format: F, transport: impl ipc_transport::Transport) -> ServerBuilder<F> {
        ServerBuilder::new(format, Arc::new(transport))
    }

    pub(crate) fn new(shared: Arc<Shared<F>>) -> Self {
        Self { inner: Arc::new(Inner { shared, endpoint: Mutex::new(None) }) }
    }

    /// Starts listening and returns where: a port that was left to the system is filled in.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on: another server is running
    /// there, say. The server can be listened with again after a failure. [`Error::Closed`] after
    /// [`shutdown`](Self::shutdown), and after the runtime it was started on is gone.
    /// [`Error::Runtime`] if there is no tokio runtime, or it lacks timers or sockets.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the server does not listen.
    pub async fn listen(&self) -> Result<Endpoint, Error> {
        if self.inner.shared.is_stopped() {
            return Err(Error::Closed);
        }
        if let Some(endpoint) = self.endpoint() {
            return Ok(endpoint);
        }
        RuntimeError::check(&self.inner.shared.transport.endpoint())?;
        let listener = self.inner.shared.transport.listen().await?;
        let endpoint = listener.endpoint();
        *self.inner.endpoint.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(endpoint.clone());
        self.inner.shared.by_address.set_opener(listener.opener());
        task::start(Arc::clone(&self.inner.shared), listener);
        Ok(endpoint)
    }

    /// Returns where the server listens, or `None` if it never did.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.inner.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers a handler for an event; its payload is read as a `T`. A payload that is no `T`
    /// is reported as an error and the handler is not called.
    pub fn on<T>(
        &self,
        event: &str,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.inner.shared.hub.on(event, false, handler)
    }

    /// Registers a handler that runs for the next such event only, whichever peer sends it.
    pub fn once<T>(
        &self,
        event: &str,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.inner.shared.hub.on(event, true, handler)
    }

    /// Registers a handler for every message, whatever its event; it runs after the named ones,
    /// unless the builder was told otherwise.
    pub fn on_any(
        &self,
        handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.inner.shared.hub.on_any(handler)
    }

    /// Removes a handler, of messages or of what happens to the server and its peers; `false` if
    /// there is none such (any more).
    pub fn off(&self, handler: HandlerId) -> bool {
        self.inner.shared.hub.off(handler)
    }

    /// Removes every handler of an event.
    pub fn off_event(&self, event: &str) {
        self.inner.shared.hub.router.remove_all(Some(event));
    }

    /// Removes every handler of messages, those for any event too.
    pub fn off_all(&self) {
        self.inner.shared.hub.router.remove_all(None);
    }

    /// Registers a handler for what happens to the server and its peers.
    pub fn on_lifecycle(
        &self,
        handler: impl Fn(&ServerEvent<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.inner.shared.hub.on_lifecycle(Turn::First, handler)
    }

    /// Registers a handler for what happens to the server and its peers, which runs after those of
    /// [`on_lifecycle`](Self::on_lifecycle), whenever they are registered.
    pub fn on_lifecycle_last(
        &self,
        handler: impl Fn(&ServerEvent<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.inner.shared.hub.on_lifecycle(Turn::Last, handler)
    }

    /// Returns a stream of everything that happens from now on: messages and lifecycle events of
    /// all peers.
    #[must_use]
    pub fn events(&self) -> Events<F, ServerEvent<F>> {
        self.inner.shared.hub.events(self.inner.shared.config.event_bytes)
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

    /// Returns whom a broadcast reaches: a peer that this side only spoke to may not be there at
    /// all, or may never have asked for anything.
    // Wire rule W49
    fn audience(&self) -> Vec<Peer<F>> {
        let peers = self.inner.shared.peers();
        // At once, not by doubling: a broadcast in a loop is as fast as this.
        let mut audience = Vec::with_capacity(peers.len());
        audience.extend(peers.values().filter(|peer| peer.is_heard()).cloned());
        audience
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

    /// Sends an event to every connected peer, without waiting. It is encoded once. A peer whose
    /// queue is full does not take it, or is disconnected, as the overflow policy says; the
    /// others are not affected.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to anybody. What a single peer did not take is
    /// in the report.
    pub fn broadcast<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        let frame = self.inner.shared.encode(event, payload)?;
        let mut report = BroadcastReport::default();
        for peer in self.audience() {
            report.add(peer.id(), peer.emit_encoded(&frame));
        }
        Ok(report)
    }

    /// Sends an event to every connected peer and waits for those that read, so that a burst
    /// does not outrun them: it goes at the pace of the slowest. A peer that takes nothing for the
    /// [`stall_timeout`](ServerBuilder::stall_timeout) is not waited for, now or later, until it
    /// reads again; to it applies what [`broadcast`](Self::broadcast) says.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to anybody.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn broadcast_send<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        let frame = self.inner.shared.encode(event, payload)?;
        let mut report = BroadcastReport::default();
        let mut waiting = Vec::new();
        for peer in self.audience() {
            match peer.outbox().emit_unless_full(&frame) {
                Err(done) => report.add(peer.id(), done),
                Ok(_) => waiting.push(peer),
            }
        }
        // All at the same time: many that do not read cost no more time than one.
        let mut sends = Vec::with_capacity(waiting.len());
        for peer in &waiting {
            sends.push((peer.id(), Box::pin(peer.outbox().send_patiently(&frame))));
        }
        std::future::poll_fn(|cx| {
            sends.retain_mut(|(id, send)| match send.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    report.add(*id, result);
                    false
                }
                Poll::Pending => true,
            });
            if sends.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        // A caller that broadcasts in a loop lets the peers' tasks run.
        tokio::task::consume_budget().await;
        Ok(report)
    }

    /// Stops listening (the socket file is removed), closes every peer when what waits for it is
    /// written, and waits until all are gone, at most for `grace`; then it cuts those that are
    /// left.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing goes on, without the cut at the end of the grace.
    pub async fn shutdown(&self, grace: Duration) -> ShutdownReport {
        let shared = &self.inner.shared;
        shared.stop_listening().await;
        let peers = self.peers();
        peers.iter().for_each(|peer| peer.outbox().want(Want::Close));
        let mut report = ShutdownReport::default();
        if !shared.is_alone() && tokio::time::timeout(grace, shared.all_gone()).await.is_err() {
            let left = self.peers();
            report.cut = left.len();
            left.iter().for_each(|peer| peer.outbox().want(Want::Disconnect));
            shared.all_gone().await;
        }
        shared.hub.end();
        for peer in peers {
            let undelivered = peer.take_undelivered();
            if !undelivered.is_empty() {
                report.undelivered.push((peer.id(), undelivered));
            }
        }
        report
    }
}

impl BroadcastReport {
    fn add(&mut self, peer: PeerId, result: Result<(), EmitError>) {
        match result {
            Ok(()) => self.sent += 1,
            Err(error) => self.failed.push((peer, error)),
        }
    }
}

impl<F> Clone for ServerEvent<F> {
    fn clone(&self) -> Self {
        match self {
            Self::Connect(peer) => Self::Connect(peer.clone()),
            Self::Disconnect { peer, reason } => {
                Self::Disconnect { peer: peer.clone(), reason: reason.clone() }
            }
            Self::Error { peer, error } => {
                Self::Error { peer: peer.clone(), error: Arc::clone(error) }
            }
            Self::Refused { limit } => Self::Refused { limit: *limit },
            Self::Displaced(displaced) => Self::Displaced(displaced.clone()),
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
