//! `Client`: a connection to a server that comes back when it is lost.

pub(crate) mod builder;
mod greet;
mod preamble;
pub(crate) mod start;
pub(crate) mod task;
mod topics;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;

use ipc_transport::RuntimeError;
use tokio::sync::watch;

use crate::error::{ConnectError, EmitError};
use crate::observe::trace;
use crate::protocol::queue::Tally;
use crate::protocol::session::{ReconnectPolicy, State};

use crate::runtime::calls::handles::finish_calls;
use crate::runtime::client::task::{Control, Task};
use crate::runtime::dispatcher::Dispatcher;
use crate::runtime::events::{Events, Starter, Wanted};
use crate::{
    ClientBuilder, ClientEvent, CloseReport, DecodePayload, EncodePayload, FormatError, Greeting,
    Message, MessageFormat, Peer,
};

/// A connection to a server that comes back when it is lost.
///
/// Build it, register handlers, then [`start`](Self::start) it: no event can be missed in between,
/// on any kind of runtime. The first [`emit`](Self::emit), [`send`](Self::send),
/// [`flush`](Self::flush), [`connected`](Self::connected) or [`closed`](Self::closed) starts it,
/// too, and so does a stream of [`events`](Self::events) when it is first polled. Until then it
/// neither dials nor does anything else; one that is dropped like this says so to `tracing`.
///
/// Handlers survive reconnecting. What is sent while there is no connection waits, up to the limits
/// of the queue.
///
/// It is cheap to clone. When the last clone is dropped the client closes in the background, as
/// with [`close`](Self::close), but without its report. A handler that captures
/// a clone keeps its client alive; handlers are given the [`Peer`] instead.
#[must_use = "a client does not connect before it is started, sends or waits"]
pub struct Client<F: MessageFormat> {
    inner: Arc<Inner<F>>,
}

pub(crate) struct Inner<F: MessageFormat> {
    peer: Peer<F>,
    dispatcher: Arc<Dispatcher<F, ClientEvent>>,
    state: watch::Receiver<State>,
    notified: watch::Receiver<State>,
    control: Arc<Control>,
    event_bytes: usize,
    /// Whether the task was taken, so that its lock is not taken in vain.
    pub(crate) started: AtomicBool,
    /// The task, until it is started.
    pub(crate) task: Mutex<Option<Task<F>>>,
}

impl<F: MessageFormat> Client<F> {
    /// Returns a builder for a client that speaks `format` over `transport`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::{Client, MsgPack};
    /// use ipc_transport::MemoryTransport;
    ///
    /// let client = Client::builder(MsgPack::new(), MemoryTransport::new("sums")).build();
    /// client.on("sum", |sum: i64, _| println!("{sum}"));
    /// ```
    pub fn builder(format: F, transport: impl ipc_transport::Transport) -> ClientBuilder<F> {
        ClientBuilder::new(format, Arc::new(transport))
    }

    pub(crate) fn new(
        task: Task<F>,
        peer: Peer<F>,
        dispatcher: Arc<Dispatcher<F, ClientEvent>>,
        state: watch::Receiver<State>,
        control: Arc<Control>,
        event_bytes: usize,
    ) -> Self {
        let (started, notified) = (AtomicBool::new(false), task.notified());
        let task = Mutex::new(Some(task));
        let inner =
            Inner { peer, dispatcher, state, notified, control, event_bytes, started, task };
        Self { inner: Arc::new(inner) }
    }

    /// Starts connecting, in a new task on the current runtime. Does not wait; see
    /// [`connected`](Self::connected). A second call does nothing.
    ///
    /// # Errors
    ///
    /// [`RuntimeError`] if there is no tokio runtime, or it lacks timers or sockets: the client
    /// stays as it is and can be started on another.
    pub fn start(&self) -> Result<(), RuntimeError> {
        self.inner.start()
    }

    /// Waits until the client is connected and its handlers have been notified. Starts it.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it closes instead: no attempt is left, the failure is permanent
    /// ([`Error::is_permanent`](crate::Error::is_permanent)), or it was closed by this side; or if it cannot be started on this
    /// runtime. With a policy that tries for ever and no server, this waits for ever.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = std::time::Duration::from_secs(5);
    /// tokio::time::timeout(limit, client.connected()).await??;
    /// # Ok(()) }
    /// ```
    pub async fn connected(&self) -> Result<(), ConnectError> {
        self.start().map_err(|error| ConnectError::Failed(Arc::new(error.into())))?;
        let mut state = self.inner.notified.clone();
        let done =
            |state: &State| matches!(state, State::Connected | State::Draining | State::Destroyed);
        match state.wait_for(done).await.map(|state| *state) {
            Ok(State::Destroyed) | Err(_) => Err(match self.inner.control.last_error() {
                Some(error) => ConnectError::Failed(error),
                None => ConnectError::Closed,
            }),
            Ok(_) => Ok(()),
        }
    }

    /// Returns what the server has answered to the client's [`Hello`](crate::Hello) on this connection;
    /// `None` before the answer, without a connection, without a hello and from a server that does not
    /// know it.
    #[must_use]
    pub fn greeting(&self) -> Option<Greeting> {
        self.inner.control.greeting()
    }

    /// Returns a receiver of the state, to read or to watch.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.inner.state.clone()
    }

    crate::forward_handlers!(F, ClientEvent, |this| &this.inner.dispatcher.handlers);

    /// Returns a stream of the messages and lifecycle events from now on. The client is started when
    /// the stream is first polled, if it was not before. On a runtime that cannot run it, the stream
    /// ends with a [`ClientEvent::Error`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, Incoming, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut events = client.events();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Incoming::Message(message, _) => println!("{}", client.decode::<String>(&message)?),
    ///         event => println!("{event:?}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events<F, ClientEvent> {
        self.events_of(Wanted::All)
    }

    pub(super) fn events_of(&self, wanted: Wanted) -> Events<F, ClientEvent> {
        let starter: Weak<dyn Starter> = Arc::downgrade(&self.inner) as _;
        self.inner.dispatcher.events(self.inner.event_bytes, wanted).starting(starter)
    }

    /// Sends an event to the server. See [`Peer::emit`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.emit("greet", "Ada")?; // Queued until the client is connected.
    /// client.emit("point", &(1.5, 2.5))?;
    /// # Ok(()) }
    /// ```
    pub fn emit<T: ?Sized>(&self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        if !self.inner.is_started() {
            return self.emit_first(event, payload);
        }
        self.inner.peer.emit(event, payload)
    }

    /// Sends the event that starts the client: kept out of `emit`, which is hot.
    #[cold]
    fn emit_first<T: ?Sized>(&self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        let _begins_after_this = self.inner.beginning()?;
        self.inner.peer.emit(event, payload)
    }

    /// Sends an event to the server; waits while the queue is full. See [`Peer::send`]. Starts the
    /// client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// for number in 0..1_000_000_u32 {
    ///     client.send("number", &number).await?; // Waits while the queue is full.
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn send<T: ?Sized>(&self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        let beginning = self.inner.beginning()?;
        let mut sending = pin!(self.inner.peer.send(event, payload));
        let first = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await;
        drop(beginning);
        match first {
            Poll::Ready(sent) => sent,
            Poll::Pending => sending.await,
        }
    }

    /// Waits until everything that was sent is written; `false` if the client closed before. Starts
    /// the client.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn flush(&self) -> bool {
        self.inner.start_or_end();
        self.inner.peer.flush().await
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
        self.inner.peer.decode(message)
    }

    /// Waits until the client is closed for good and its handlers have been notified. Starts it; on a
    /// runtime that cannot run it, it closes with a [`ClientEvent::Error`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.inner.start_or_end();
        self.ended().await;
    }

    async fn ended(&self) {
        // Without its sender the task is gone: the client is closed, too.
        let _ = self.inner.notified.clone().wait_for(|state| *state == State::Destroyed).await;
    }

    pub(crate) fn inner(&self) -> &Inner<F> {
        &self.inner
    }

    /// Returns the handle to the server that handlers are given. Sending through it does not start
    /// the client.
    #[must_use]
    pub fn peer(&self) -> &Peer<F> {
        &self.inner.peer
    }

    /// Sets another reconnect policy, from the next lost connection on. With
    /// [`ReconnectPolicy::never`] a client between attempts closes immediately.
    pub fn set_reconnect(&self, policy: ReconnectPolicy) {
        self.inner.control.set_reconnect(policy);
        self.inner.peer.outbox().control.notify_one();
    }

    /// Disables reconnecting: the present connection, or attempt, is the last one. A client between
    /// attempts closes immediately.
    pub fn stop_retrying(&self) {
        self.inner.control.stop_retrying();
        self.inner.peer.outbox().control.notify_one();
    }

    /// Waits for the calls that are open on either side, writes everything that was sent, closes the
    /// connection, and waits for that. New calls are refused from the start on. If an attempt to
    /// connect is in progress it is awaited, so that the queue is still written; no other follows. A
    /// client that was never started closes without dialing. Takes at most about the close timeout
    /// and the linger time once connected.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing continues; a later call waits for it and returns the report.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.emit("last words", "bye")?;
    /// let report = client.close().await; // Flushes first.
    /// println!("{} messages were not written", report.undelivered.len());
    /// # Ok(()) }
    /// ```
    pub async fn close(&self) -> CloseReport {
        if self.inner.is_started() {
            finish_calls(vec![self.inner.peer.clone()], self.inner.peer.config().close_timeout)
                .await;
        }
        self.inner.peer.close();
        self.finish().await
    }

    /// Closes the connection at once and waits for that. What was not written is in the report.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the connection closes all the same.
    pub async fn disconnect(&self) -> CloseReport {
        self.inner.peer.disconnect();
        self.finish().await
    }

    async fn finish(&self) -> CloseReport {
        self.inner.end_unstarted(None);
        self.ended().await;
        CloseReport {
            undelivered: self.inner.peer.take_undelivered(),
            peer_ended: self.inner.peer.has_answered_end(),
        }
    }

    /// Returns what became of the messages sent so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.inner.peer.tally()
    }
}

impl<F: MessageFormat> Clone for Client<F> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<F: MessageFormat> Drop for Inner<F> {
    fn drop(&mut self) {
        self.peer.close();
        if let Some(task) = self.take_task() {
            trace::never_started(&task.endpoint());
        }
    }
}

impl<F: MessageFormat> std::fmt::Debug for Client<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = *self.inner.state.borrow();
        f.debug_struct("Client").field("state", &state).finish_non_exhaustive()
    }
}
