//! `Peer`: a handle to the other side of a connection.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ipc_transport::{Endpoint, PeerInfo};

use crate::error::EmitError;
use crate::observe::sent::Sent;
use crate::options::ConnectionConfig;
use crate::protocol::queue::{QueuedLen, Tally};
use crate::runtime::outbox::{Outbox, Want};
use crate::{DecodePayload, EncodePayload, FormatError, Message, MessageFormat};

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
/// [`EmitError::Closed`]. A client's peer outlives its connections: what is sent while there is
/// none waits for the next.
pub struct Peer<F> {
    inner: Arc<Inner<F>>,
}

struct Inner<F> {
    id: PeerId,
    format: Arc<F>,
    attachments: Mutex<Vec<Attachment>>,
    info: Mutex<Option<Arc<PeerInfo>>>,
    outbox: Outbox,
    sent: Sent,
    /// Whether anything was ever heard of it. Only a peer that this side spoke to first, over a
    /// socket without connections, may not have been.
    heard: AtomicBool,
    /// Whether it ended its side after this one had.
    ended: AtomicBool,
}

/// What a program keeps with a peer.
type Attachment = Arc<dyn Any + Send + Sync>;

impl<F: MessageFormat> Peer<F> {
    pub(crate) fn new(id: PeerId, format: Arc<F>, config: &ConnectionConfig) -> Self {
        let outbox = Outbox::new(config, &format.framing());
        let attachments = Mutex::default();
        let (info, heard) = (Mutex::new(None), AtomicBool::new(true));
        let ended = AtomicBool::new(false);
        let sent = config.sent.clone();
        let inner = Inner { id, format, attachments, info, outbox, sent, heard, ended };
        Self { inner: Arc::new(inner) }
    }

    /// Sends an event, without waiting: it is written at once if the socket is idle, and else as
    /// soon as there is room.
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
        self.inner.sent.tell(self.format(), event, payload);
        self.outbox().emit(|out| self.format().encode(event, payload, out))
    }

    /// Sends an event; waits while the queue is full, if its policy is
    /// [`OverflowPolicy::Block`](crate::protocol::queue::OverflowPolicy::Block).
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
        self.inner.sent.tell(self.format(), event, payload);
        self.outbox().send(|out| self.format().encode(event, payload, out)).await
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

    /// Ends the connection when everything that was sent is written. For a client's peer this
    /// closes the client: it does not come back. Does not wait; see [`closed`](Self::closed).
    pub fn close(&self) {
        self.outbox().want(Want::Close);
    }

    /// Ends the connection at once; what was not written becomes undelivered. For a client's peer
    /// this closes the client.
    pub fn disconnect(&self) {
        self.outbox().want(Want::Disconnect);
    }

    /// Waits until the peer is gone for good.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.outbox().closed().await;
    }

    /// Takes the messages that were accepted and could not be written before the end, oldest
    /// first. Each is returned once. Empty while the peer is not gone. A frame that the format
    /// cannot read although it wrote it comes back whole, as the payload of an event without a
    /// name.
    #[must_use]
    pub fn take_undelivered(&self) -> Vec<Message> {
        let frames = self.outbox().take_undelivered();
        frames.into_iter().map(|frame| Message::of_frame(self.format(), frame)).collect()
    }

    /// Keeps a value with the peer, such as who logged in on it; it goes when the last handle to
    /// the peer does. Returns the value of the same type that was kept before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// struct Name(String);
    ///
    /// server.on("hello", |name: String, peer| {
    ///     peer.attach(Name(name));
    /// });
    /// server.on("who am I", |(): (), peer| {
    ///     if let Some(name) = peer.attached::<Name>() {
    ///         let _ = peer.emit("you are", name.0.as_str());
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn attach<T: Any + Send + Sync>(&self, value: T) -> Option<Arc<T>> {
        let mut attachments = self.attachments();
        let old = attachments.iter().position(|kept| kept.is::<T>());
        let old = old.map(|index| attachments.swap_remove(index));
        attachments.push(Arc::new(value));
        drop(attachments);
        old.and_then(|old| old.downcast().ok())
    }

    /// Returns the value of this type that was kept with [`attach`](Self::attach).
    #[must_use]
    pub fn attached<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let kept = self.attachments().iter().find(|kept| kept.is::<T>()).cloned();
        kept.and_then(|kept| kept.downcast().ok())
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

    fn attachments(&self) -> MutexGuard<'_, Vec<Attachment>> {
        self.inner.attachments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn emit_encoded(&self, frame: &Bytes) -> Result<(), EmitError> {
        self.outbox().emit_encoded(frame)
    }

    pub(crate) fn set_info(&self, info: PeerInfo) {
        *self.inner.info.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(info));
    }

    /// Takes note that nothing was heard of it yet.
    pub(crate) fn not_heard_yet(&self) {
        self.inner.heard.store(false, Ordering::Relaxed);
    }

    pub(crate) fn hear(&self) {
        self.inner.heard.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.inner.heard.load(Ordering::Relaxed)
    }

    /// Notes that it ended its side after this one had ended its own. A pipe has one end for both.
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
