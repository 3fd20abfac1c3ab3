//! `Peer`: a handle to the other side of a connection.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ipc_transport::{Endpoint, PeerInfo};

use crate::access::Restrictions;
use crate::calls::ControlEvents;
use crate::error::EmitError;
use crate::observe::send_watch::SendWatch;
use crate::options::ConnectionConfig;
use crate::protocol::queue::{QueuedLen, Tally};
use crate::runtime::calls::Calls;
use crate::runtime::lanes::Lanes;
use crate::runtime::outbox::{Outbox, Want};
use crate::{DecodePayload, EncodePayload, FormatError, Identity, Message, MessageFormat};

/// The number of a peer: unique within one server, counted from 1 and never given twice. A
/// client's one peer, its server, has 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u64);

impl PeerId {
    /// Returns the number itself.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for PeerId {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A handle to the other side: for a server one of its clients, for a client its server.
///
/// It is cheap to clone and can be kept: after the connection is gone, sending returns
/// [`EmitError::Closed`]. A client's peer outlives its connections: what is sent without a
/// connection waits for the next.
pub struct Peer<F> {
    inner: Arc<Inner<F>>,
}

struct Inner<F> {
    id: PeerId,
    format: Arc<F>,
    attachments: Mutex<Vec<Attachment>>,
    info: Mutex<Option<Arc<PeerInfo>>>,
    outbox: Outbox,
    /// Its calls, once there was one.
    calls: OnceLock<Arc<Calls>>,
    /// What waits for async handlers, once something did.
    lanes: OnceLock<Box<Lanes<F>>>,
    /// What it may send, if that is limited.
    restrictions: OnceLock<Box<Restrictions>>,
    /// Who it has said it is, on a server.
    identity: OnceLock<Arc<Identity>>,
    config: Arc<ConnectionConfig>,
    send_watch: SendWatch,
    /// Whether it ever sent anything. Only a peer that this side spoke to first, over a socket
    /// without connections, may not have.
    known: AtomicBool,
    /// Whether it ended its side after this one had.
    ended: AtomicBool,
}

/// A value that a program keeps with a peer.
pub(super) type Attachment = Arc<dyn Any + Send + Sync>;

impl<F: MessageFormat> Peer<F> {
    pub(crate) fn new(id: PeerId, format: Arc<F>, config: &Arc<ConnectionConfig>) -> Self {
        let outbox = Outbox::new(config, &format.framing());
        let attachments = Mutex::default();
        let (info, known) = (Mutex::new(None), AtomicBool::new(true));
        let ended = AtomicBool::new(false);
        let send_watch = config.sent.clone();
        let (calls, config) = (OnceLock::new(), Arc::clone(config));
        let inner = Inner {
            id,
            format,
            attachments,
            info,
            outbox,
            calls,
            lanes: OnceLock::new(),
            restrictions: OnceLock::new(),
            identity: OnceLock::new(),
            config,
            send_watch,
            known,
            ended,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Sends an event, without waiting: it is written at once if the socket is idle, and otherwise
    /// as soon as the socket takes it.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the payload cannot be sent, the queue is full, or the connection is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on("ask", |question: String, peer| {
    ///     if let Err(error) = peer.emit("reply", &question.len()) {
    ///         println!("not sent: {error}");
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn emit<T: ?Sized>(&self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.inner.send_watch.notify(self.format(), event, payload);
        self.outbox().emit(|out| self.format().encode(event, payload, out))
    }

    /// Sends an event; waits while the queue is full, if its policy is
    /// [`OverflowPolicy::Block`](crate::protocol::queue::OverflowPolicy::Block).
    ///
    /// Under that policy it also waits while the socket is full and 128 KiB or more wait for it, until the peer has read
    /// on, or has read nothing for 100 ms: many messages in a row then stay in the processor's cache, and memory is not
    /// filled faster than a peer reads. This is no limit: for a peer that does not read the queue is filled.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the payload cannot be sent, the queue is full and its policy is another, or
    /// the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send<T: ?Sized>(&self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.inner.send_watch.notify(self.format(), event, payload);
        self.outbox().send(|out| self.format().encode(event, payload, out)).await
    }

    /// Sends an event; waits while the queue is full, as long as the peer reads. One that takes
    /// nothing for `patience` is not waited for, now or later, until it reads again: then the
    /// overflow policy decides, and under
    /// [`OverflowPolicy::Block`](crate::protocol::queue::OverflowPolicy::Block) this fails.
    ///
    /// The time runs from when the socket was last found full: many calls, one after the other, wait
    /// for a peer that does not read only once.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the payload cannot be sent, the peer did not read, or the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send_within<T: ?Sized>(
        &self,
        patience: Duration,
        event: &str,
        payload: &T,
    ) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.inner.send_watch.notify(self.format(), event, payload);
        let encode = |out: &mut _| self.format().encode(event, payload, out);
        self.outbox().send_within(Some(patience), encode).await
    }

    /// Returns the payload of a message as a `T`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the payload is not a `T`.
    pub fn decode<T>(&self, message: &Message) -> Result<T, FormatError>
    where
        F: DecodePayload<T>,
    {
        self.format().decode_payload(message)
    }

    /// Waits until everything that was sent is written to the socket; `false` if the connection
    /// was closed before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn flush(&self) -> bool {
        self.outbox().drained().await
    }

    /// Closes the connection once everything that was sent is written. For a client's peer this
    /// closes the client: it does not reconnect. Does not wait; see [`closed`](Self::closed).
    pub fn close(&self) {
        self.outbox().want(Want::Close);
    }

    /// Closes the connection at once; what was not written becomes undelivered. For a client's peer
    /// this closes the client. Does not wait.
    pub fn disconnect(&self) {
        self.outbox().want(Want::Disconnect);
    }

    /// Waits until the peer is closed for good.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.outbox().closed().await;
    }

    /// Takes the messages that were accepted and could not be written before the end, oldest
    /// first. Each is returned once. Empty until the peer is closed. A frame that the format
    /// cannot read although it wrote it comes back whole, as the payload of an event without a
    /// name.
    #[must_use]
    pub fn take_undelivered(&self) -> Vec<Message> {
        let control = ControlEvents::of(self.format(), self.config());
        control.undelivered(self.format(), self.outbox().take_undelivered())
    }

    /// Returns the peer's number.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.inner.id
    }

    /// Returns what the transport knows of the other side (address, credentials), or `None` for a
    /// client that was not connected yet.
    #[must_use]
    pub fn info(&self) -> Option<Arc<PeerInfo>> {
        self.inner.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the format.
    #[must_use]
    pub fn format(&self) -> &F {
        &self.inner.format
    }

    /// Returns what became of the messages sent so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.outbox().tally()
    }

    /// Returns how many messages and bytes wait to be written.
    #[must_use]
    pub fn queued(&self) -> QueuedLen {
        self.outbox().queued()
    }

    pub(super) fn attachments(&self) -> MutexGuard<'_, Vec<Attachment>> {
        self.inner.attachments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn emit_encoded(&self, frame: &Bytes) -> Result<(), EmitError> {
        self.outbox().emit_encoded(frame)
    }

    pub(crate) fn set_info(&self, info: PeerInfo) {
        *self.inner.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(info));
    }

    /// Marks the peer as one that has not sent anything yet.
    pub(crate) fn mark_unknown(&self) {
        self.inner.known.store(false, Ordering::Relaxed);
    }

    pub(crate) fn mark_known(&self) {
        self.inner.known.store(true, Ordering::Relaxed);
    }

    /// Returns whether the peer has ever sent anything, or has connected.
    pub(crate) fn is_known(&self) -> bool {
        self.inner.known.load(Ordering::Relaxed)
    }

    /// Marks the peer as one that ended its side after this one had ended its own. A pipe has one
    /// end for both.
    pub(crate) fn answer_end(&self) {
        let pipe = |info: Arc<PeerInfo>| matches!(info.endpoint, Endpoint::Pipe(_));
        self.inner.ended.store(!self.info().is_some_and(pipe), Ordering::Relaxed);
    }

    pub(crate) fn has_answered_end(&self) -> bool {
        self.inner.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }

    pub(crate) fn config(&self) -> &ConnectionConfig {
        &self.inner.config
    }

    /// Returns its calls. An idle connection has no memory for them.
    pub(crate) fn calls(&self) -> &Arc<Calls> {
        // A client's one peer has the number 0, and outlives its connections.
        let comes_back = self.inner.id == PeerId(0);
        let new = || Arc::new(Calls::new(Arc::clone(&self.inner.config), comes_back));
        self.inner.calls.get_or_init(new)
    }

    /// Returns its calls if there ever was one.
    pub(crate) fn open_calls(&self) -> Option<&Calls> {
        self.inner.calls.get().map(|calls| &**calls)
    }

    /// Returns what waits for async handlers. An idle connection has no memory for it.
    pub(crate) fn lanes(&self) -> &Lanes<F> {
        self.inner.lanes.get_or_init(|| Box::new(Lanes::new(self.config().event_bytes)))
    }

    /// Returns what waits for async handlers, if something ever did.
    pub(crate) fn open_lanes(&self) -> Option<&Lanes<F>> {
        self.inner.lanes.get().map(|lanes| &**lanes)
    }
}

impl<F> Peer<F> {
    /// Returns where what it may send is set: see `restrict`.
    pub(super) fn restrictions_cell(&self) -> &OnceLock<Box<Restrictions>> {
        &self.inner.restrictions
    }

    /// Returns where who it is is set.
    pub(super) fn identity_cell(&self) -> &OnceLock<Arc<Identity>> {
        &self.inner.identity
    }
}

impl<F> Clone for Peer<F> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<F> PartialEq for Peer<F> {
    /// Compares by identity: two handles to the same connection are equal.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<F> Eq for Peer<F> {}

impl<F> fmt::Debug for Peer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("id", &self.inner.id).finish_non_exhaustive()
    }
}
