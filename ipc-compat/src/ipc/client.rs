//! `IpcClient`: what `ipc.of("world")` returns.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use ipc_core::queue::Tally;
use ipc_core::session::{ReconnectPolicy, State};
use ipc_core::{
    Client, ClientEvent, CloseReport, ConnectError, DecodePayload, DisconnectReason, EmitError,
    EncodePayload, Error, EventStream, Events, Greeting, HandlerId,
};
use ipc_transport::RuntimeError;
use tokio::sync::watch;

use super::Socket;
use super::log::{Log, Logged};
use super::once::Once;
use super::raw_socket::on_chunk;
use crate::{NodeFormat, RawData};

/// A client of one server, as `ipc.of("world")` returns it.
///
/// Events that the server sends and events that happen to the connection are registered with
/// methods of their own, so that a server that sends an event called `error` is heard as that.
///
/// It does not dial before it is [started](Self::start), which the first of these does, too:
/// [`emit`](Self::emit), [`send`](Self::send) and their forms for raw mode, [`flush`](Self::flush),
/// [`connected`](Self::connected), [`closed`](Self::closed), [`close`](Self::close), or a stream of
/// [`events`](Self::events) when it is first polled. A callback that was given to `connect_to`
/// registers the handlers; when it returns, the client starts. So no event is missed by a handler
/// that is registered on the line after `connect_to`, on any kind of runtime. A client that is
/// dropped without having been started says so in the log.
///
/// It is cheap to clone.
#[derive(Debug, Clone)]
#[must_use = "without a callback the client has not connected yet: `start` it, send something, or \
              wait until it is `connected` or `closed`"]
pub struct IpcClient {
    /// Dropped with the last handle, before the client that it looks at.
    _notice: Arc<NeverStarted>,
    id: Arc<str>,
    client: Client<NodeFormat>,
}

/// Says in the log that a client was dropped that was never started.
#[derive(Debug)]
struct NeverStarted {
    id: Arc<str>,
    state: watch::Receiver<State>,
    log: Log,
}

impl Drop for NeverStarted {
    fn drop(&mut self) {
        if *self.state.borrow() == State::Idle {
            self.log.untraced(format_args!(
                "client of {} was never started: it did not connect",
                self.id
            ));
        }
    }
}

impl IpcClient {
    pub(super) fn new(id: &str, client: Client<NodeFormat>, log: &Logged) -> Self {
        let id: Arc<str> = id.into();
        let notice =
            NeverStarted { id: Arc::clone(&id), state: client.state(), log: log.log.clone() };
        log.log.watch_client(&id, &client);
        log.watch_messages(client.handlers());
        Self { id, client, _notice: Arc::new(notice) }
    }

    /// Returns the id it was connected under.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    ipc_core::forward_handlers!(NodeFormat, ClientEvent, |this| this.client.handlers());

    /// Registers a handler for the bytes that the server sends in raw mode (node-ipc's `data`). How
    /// they are cut says nothing about how they were sent. Not called when frames are received.
    pub fn on_data(&self, handler: impl Fn(Bytes, &Socket) + Send + Sync + 'static) -> HandlerId {
        self.on_any(on_chunk(handler))
    }

    /// Starts connecting, in a new task on the current runtime, unless that has begun. Does not
    /// wait; see [`connected`](Self::connected).
    ///
    /// # Errors
    ///
    /// [`RuntimeError`] if there is no tokio runtime, or it lacks timers or sockets: the client
    /// stays as it is and can be started on another.
    pub fn start(&self) -> Result<(), RuntimeError> {
        self.client.start()
    }

    /// Registers a handler for each time the connection is made: the place to say who this is, for
    /// what is sent here goes to each new connection, after what was queued before.
    pub fn on_connect(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) -> HandlerId {
        // The socket, not the client: a handler must not keep its client alive.
        let socket = self.client.peer().clone();
        self.client.on_lifecycle(move |event| {
            if matches!(event, ClientEvent::Connect) {
                handler(&socket);
            }
        })
    }

    /// Registers a handler for the next time that the connection is made.
    pub fn once_connect(&self, handler: impl FnOnce(&Socket) + Send + 'static) -> HandlerId {
        let once = Once::new(handler);
        self.on_connect(move |socket| {
            if let Some(handler) = once.take() {
                handler(socket);
            }
        })
    }

    /// Registers a handler for the next time that the connection is lost, or could not be made.
    pub fn once_disconnect(
        &self,
        handler: impl FnOnce(&DisconnectReason) + Send + 'static,
    ) -> HandlerId {
        let once = Once::new(handler);
        self.on_disconnect(move |reason| {
            if let Some(handler) = once.take() {
                handler(reason);
            }
        })
    }

    /// Registers a handler for each time the connection is lost, or could not be made.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.on_disconnect(|reason| eprintln!("disconnected: {reason:?}"));
    /// world.on_destroy(|| eprintln!("no further attempt"));
    /// # Ok(()) }
    /// ```
    pub fn on_disconnect(
        &self,
        handler: impl Fn(&DisconnectReason) + Send + Sync + 'static,
    ) -> HandlerId {
        self.client.on_lifecycle(move |event| {
            if let ClientEvent::Disconnect(reason) = event {
                handler(reason);
            }
        })
    }

    /// Registers a handler for the client's end: it is closed and does not connect again.
    // Wire rule W20
    pub fn on_destroy(&self, handler: impl Fn() + Send + Sync + 'static) -> HandlerId {
        self.client.on_lifecycle(move |event| {
            if matches!(event, ClientEvent::Destroy) {
                handler();
            }
        })
    }

    /// Registers a handler for errors.
    pub fn on_error(&self, handler: impl Fn(&Error) + Send + Sync + 'static) -> HandlerId {
        self.client.on_lifecycle(move |event| {
            if let ClientEvent::Error(error) = event {
                handler(error);
            }
        })
    }

    /// Sends an event, without waiting: it is queued until the connection is made. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the data cannot be sent, the queue is full, or the client is closed or cannot
    /// be started on this runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.emit("app.message", "hello")?; // Dials now; queued until connected.
    /// world.emit("app.point", &(1.5, 2.5))?; // Any serde type.
    /// world.emit("app.ready", &ipc_compat::NoData)?;
    /// # Ok(()) }
    /// ```
    // Wire rule W53
    pub fn emit<T: ?Sized>(&self, event: &str, data: &T) -> Result<(), EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.client.emit(event, data)
    }

    /// Sends bytes in raw mode as they are, without waiting: text by the config's encoding, bytes, or
    /// numbers modulo 256. They are queued until the connection is made. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; else as [`emit`](Self::emit).
    pub fn emit_raw<'a>(&self, data: impl Into<RawData<'a>>) -> Result<(), EmitError> {
        self.client.emit(NodeFormat::RAW_EVENT, &data.into())
    }

    /// Sends an event; waits while the queue is full, up to the config's limits. Starts the client.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send<T: ?Sized>(&self, event: &str, data: &T) -> Result<(), EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.client.send(event, data).await
    }

    /// Sends bytes in raw mode; waits while the queue is full. Starts the client.
    ///
    /// # Errors
    ///
    /// As [`emit_raw`](Self::emit_raw).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send_raw<'a>(&self, data: impl Into<RawData<'a>> + Send) -> Result<(), EmitError> {
        let data = data.into();
        self.client.send(NodeFormat::RAW_EVENT, &data).await
    }

    /// Waits until everything that was sent is written; `false` if the client closed before. Starts
    /// the client.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn flush(&self) -> bool {
        self.client.flush().await
    }

    /// Returns a stream of the messages and lifecycle events from now on; see [`Client::events`].
    /// The client starts when it is first polled.
    #[must_use]
    pub fn events(&self) -> Events<NodeFormat, ClientEvent> {
        self.client.events()
    }

    /// Returns a stream of the data of one event from now on, each read as a `T`; see
    /// [`Client::stream`].
    pub fn stream<T>(&self, event: &str) -> EventStream<NodeFormat, ClientEvent, T>
    where
        NodeFormat: DecodePayload<T>,
    {
        self.client.stream(event)
    }

    /// Waits for the next message of an event, from this call on, and returns its data as a `T`; see
    /// [`Client::next`].
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the client closes first; [`Error::Handler`] if the data is not a `T`.
    pub fn next<T>(&self, event: &str) -> impl Future<Output = Result<T, Error>> + use<T>
    where
        NodeFormat: DecodePayload<T>,
    {
        self.client.next(event)
    }

    /// Waits until the client is connected. Starts it.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it closes instead, or cannot be started on this runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = std::time::Duration::from_secs(5);
    /// tokio::time::timeout(limit, world.connected()).await??;
    /// # Ok(()) }
    /// ```
    pub async fn connected(&self) -> Result<(), ConnectError> {
        self.client.connected().await
    }

    /// Writes everything that was sent, closes the connection and waits for that. Starts the client,
    /// so that what its handlers send when it connects is written, too; not after
    /// [`Ipc::disconnect`](super::Ipc::disconnect). See [`Client::close`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing continues.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.emit("app.message", "bye")?;
    /// let report = world.close().await; // Flushes first.
    /// eprintln!("{} messages were not written", report.undelivered.len());
    /// # Ok(()) }
    /// ```
    pub async fn close(&self) -> CloseReport {
        // On a runtime that cannot run it, nothing can be written either.
        let _ = self.client.start();
        self.client.close().await
    }

    /// Waits until the client is closed for good: by this side, or since there is no server and no
    /// attempt left. Not for a lost connection that is made anew. Starts the client.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.client.closed().await;
    }

    /// Closes the connection at once and waits for that. What was not written is in the report. The
    /// client does not connect again.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the connection closes all the same.
    pub async fn disconnect(&self) -> CloseReport {
        self.client.disconnect().await
    }

    /// Makes the present connection, or attempt, the last one. A client between attempts closes
    /// immediately.
    pub fn stop_retrying(&self) {
        self.client.stop_retrying();
    }

    pub(super) fn set_reconnect(&self, policy: ReconnectPolicy) {
        self.client.set_reconnect(policy);
    }

    /// Returns the state, to be read or watched.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.client.state()
    }

    /// Returns what the server has answered to [`Config::hello`](crate::Config::hello) on this connection.
    /// See [`Client::greeting`](ipc_core::Client::greeting).
    #[must_use]
    pub fn greeting(&self) -> Option<Greeting> {
        self.client.greeting()
    }

    /// Returns what became of the messages sent so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.client.tally()
    }

    /// Returns the handle to the server that handlers are given: what the system says of it, what
    /// waits to be written. Sending through it does not start the client.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        self.client.peer()
    }

    pub(super) fn is_alive(&self) -> bool {
        *self.client.state().borrow() != State::Destroyed
    }

    /// Returns the client of `ipc-core` that this one is made of. For code that takes any of
    /// `ipc-core`'s clients; what programs need is in the methods of this one.
    pub fn core(&self) -> &Client<NodeFormat> {
        &self.client
    }
}
