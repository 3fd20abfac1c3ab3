//! `IpcClient`: what `ipc.of("world")` returns.

use std::sync::Arc;

use bytes::Bytes;
use ipc_core::session::State;
use ipc_core::{
    Client, ClientEvent, CloseReport, ConnectError, DecodePayload, DisconnectReason, EmitError,
    EncodePayload, Error, HandlerId, Message,
};
use ipc_transport::RuntimeError;
use tokio::sync::watch;

use super::Socket;
use super::handlers::message_handlers;
use super::log::{Log, Logged};
use super::once::Once;
use super::raw_socket::on_chunk;
use crate::{NodeFormat, RawData};

/// A client of one server, as `ipc.of("world")` returns it.
///
/// Events that the server sends and events that happen to the connection are registered with
/// methods of their own, so that a server that sends an event called `error` is heard as that.
///
/// It does not dial before one of these: [`start`](Self::start), [`emit`](Self::emit),
/// [`write`](Self::write), [`connected`](Self::connected), [`closed`](Self::closed),
/// [`close`](Self::close), or a stream of [`core().events()`](Client::events) when it is first
/// polled. A callback that was given to `connect_to` registers the handlers; when it returns, the
/// client starts. So no event is missed by a handler that is registered on the line after
/// `connect_to`, on any kind of runtime. A client that is dropped without having been started says
/// so in the log.
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
    log: Logged,
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
            self.log
                .told(format_args!("client of {} was never started: it did not connect", self.id));
        }
    }
}

impl IpcClient {
    pub(super) fn new(id: &str, client: Client<NodeFormat>, log: Logged) -> Self {
        let id: Arc<str> = id.into();
        let notice =
            NeverStarted { id: Arc::clone(&id), state: client.state(), log: log.log.clone() };
        let this = Self { id, client, log, _notice: Arc::new(notice) };
        this.log.log.watch_client(&this.id, &this.client);
        this.watch_messages();
        this
    }

    /// Registers this crate's own handlers of messages.
    fn watch_messages(&self) {
        self.log.watch(|log| {
            self.client.on_any(move |message, _| log.received(message));
        });
    }

    /// Returns the id it was connected under.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    message_handlers!(client);

    /// Starts connecting, in a task of its own on the runtime at hand, unless that has begun. Does
    /// not wait; see [`connected`](Self::connected).
    ///
    /// # Errors
    ///
    /// [`RuntimeError`] if there is no tokio runtime, or it lacks timers or sockets: the client
    /// stays as it is and can be started on another.
    pub fn start(&self) -> Result<(), RuntimeError> {
        self.client.start()
    }

    /// Registers a handler for each time the connection is made: the place to say who this is, for
    /// what is sent here goes to each new connection. What was sent before and waits, goes out first.
    pub fn on_connect(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) -> HandlerId {
        // The socket, not the client: a handler must not keep its client alive.
        let socket = self.client.peer().clone();
        self.client.on_lifecycle(move |event| {
            if matches!(event, ClientEvent::Connect) {
                handler(&socket);
            }
        })
    }

    /// Registers a handler for the next time the connection is made only.
    pub fn once_connect(&self, handler: impl FnOnce(&Socket) + Send + 'static) -> HandlerId {
        let once = Once::new(handler);
        self.on_connect(move |socket| {
            if let Some(handler) = once.take() {
                handler(socket);
            }
        })
    }

    /// Registers a handler for the next time only that the connection is lost, or cannot be made.
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

    /// Registers a handler for the client's end, after which it does not connect again.
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

    /// Sends an event. Before the connection is made it waits for that. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the data cannot be sent, too much waits already, or the client is closed, or
    /// cannot be started on this runtime.
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

    /// Sends bytes in raw mode, without adding anything: text by the config's encoding, bytes, or
    /// numbers modulo 256. Before the connection is made it waits for that. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; else as [`emit`](Self::emit).
    pub fn write<'a>(&self, data: impl Into<RawData<'a>>) -> Result<(), EmitError> {
        self.client.emit(NodeFormat::RAW_EVENT, &data.into())
    }

    /// Waits until the client is connected. Starts it.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it is at its end instead, or cannot be started on this runtime.
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

    /// Writes what waits, closes the connection and waits for its end. Starts the client, so that
    /// what its handlers send when it connects is written, too; not after
    /// [`Ipc::disconnect`](super::Ipc::disconnect). See [`Client::close`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing goes on.
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
        // On a runtime that cannot run it there is nothing to be written either.
        let _ = self.client.start();
        self.client.close().await
    }

    /// Waits until the client is at its end, after which it does not connect again: closed on this
    /// side, or nobody there and no attempt left. A lost connection that is made anew is none.
    /// Starts the client.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.client.closed().await;
    }

    pub(super) fn is_alive(&self) -> bool {
        *self.client.state().borrow() != State::Destroyed
    }

    /// Returns the client of the core, which can do more: streams of events, waiting for room,
    /// the state.
    pub fn core(&self) -> &Client<NodeFormat> {
        &self.client
    }
}
