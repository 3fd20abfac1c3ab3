//! `IpcServer`: what `ipc.server()` returns.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ipc_core::{
    BroadcastReport, DecodePayload, EmitError, EncodePayload, Error, HandlerId, Message, Server,
    ServerEvent, ShutdownReport,
};
use ipc_transport::{Displaced, Endpoint};

use super::datagrams::is_datagram;
use super::handlers::message_handlers;
use super::log::Logged;
use super::once::Once;
use super::raw_socket::{RawSocket, on_chunk};
use super::{Socket, identity};
use crate::{NodeFormat, RawData, RawJson};

/// A server, as `ipc.server()` returns it.
///
/// Events that clients send and events that happen to their connections are registered with
/// methods of their own: a client that sends an event called `connect` is heard as that.
/// It is cheap to clone.
#[derive(Clone)]
pub struct IpcServer {
    server: Server<NodeFormat>,
    started: Arc<Mutex<Vec<Started>>>,
    /// Whether clients name themselves.
    identify: bool,
    log: Logged,
}

type Started = Arc<dyn Fn(&Endpoint) + Send + Sync>;

impl IpcServer {
    pub(super) fn new(server: Server<NodeFormat>, identify: bool, log: Logged) -> Self {
        log.log.watch_server(&server);
        let this = Self { server, started: Arc::default(), identify, log };
        this.watch_messages();
        this
    }

    /// Registers this crate's own handlers of messages.
    fn watch_messages(&self) {
        if self.identify {
            identity::watch(&self.server);
        }
        self.log.watch(|log| {
            self.server.on_any(move |message, _| log.received(message));
        });
    }

    /// Starts listening, calls the handlers of [`on_start`](Self::on_start), and returns where.
    ///
    /// Nothing is dispatched before: handlers that are registered before this miss nothing. Once it
    /// returns, clients may be there already, so that a handler registered on the line after misses
    /// what came first; only one of [`on_start`](Self::on_start) runs at once then.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on; the handlers for errors are
    /// not called for that. [`Error::Runtime`] if there is no tokio runtime, or it lacks timers or
    /// sockets. [`Error::Closed`] after [`stop`](Self::stop), and after the runtime it was started on
    /// is gone.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the server does not listen.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_error(|error, _| eprintln!("{error}"));
    /// eprintln!("listening on {}", server.start().await?);
    /// # Ok(()) }
    /// ```
    // Wire rule W21
    pub async fn start(&self) -> Result<Endpoint, Error> {
        let endpoint = self.server.listen().await?;
        self.log.log.line(format_args!("server listens at {endpoint}"));
        let started =
            std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
        started.iter().for_each(|handler| handler(&endpoint));
        Ok(endpoint)
    }

    /// Stops listening, closes every client when what waits for it is written, and returns when
    /// all are gone; clients that do not read are cut after 5 s. See [`Server::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing goes on, without the cut.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.stop().await; // Flushes, for 5 s at most.
    /// eprintln!("{} clients have messages that were not written", report.undelivered.len());
    /// # Ok(()) }
    /// ```
    // Wire rule W25
    pub async fn stop(&self) -> ShutdownReport {
        self.server.shutdown(STOP_GRACE).await
    }

    message_handlers!(server);

    /// Registers a handler that is called when the server listens. A frame with the type `start`
    /// does not call it.
    pub fn on_start(&self, handler: impl Fn(&Endpoint) + Send + Sync + 'static) {
        match self.server.endpoint() {
            Some(endpoint) => handler(&endpoint),
            None => {
                self.started.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(handler))
            }
        }
    }

    /// Registers a handler for each client that connects. Over UDP nobody does.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_connect(|socket| {
    ///     // Sending fails only if the client has left.
    ///     let _ = socket.emit("welcome", &ipc_compat::NoData);
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_connect(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) -> HandlerId {
        self.server.on_lifecycle(move |event| match event {
            ServerEvent::Connect(socket) if !is_datagram(socket) => handler(socket),
            _ => {}
        })
    }

    /// Registers a handler for the next client that connects only.
    pub fn once_connect(&self, handler: impl FnOnce(&Socket) + Send + 'static) -> HandlerId {
        let once = Once::new(handler);
        self.on_connect(move |socket| {
            if let Some(handler) = once.take() {
                handler(socket);
            }
        })
    }

    /// Registers a handler for each client that leaves, with the id it gave itself, if it did. Over
    /// UDP nobody does.
    pub fn on_socket_disconnected(
        &self,
        handler: impl Fn(&Socket, Option<&RawJson>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.server.on_lifecycle(move |event| match event {
            ServerEvent::Disconnect { peer, .. } if !is_datagram(peer) => {
                handler(peer, identity::of(peer).as_ref());
            }
            _ => {}
        })
    }

    /// Registers a handler for errors, with the client they concern, if it is one.
    pub fn on_error(
        &self,
        handler: impl Fn(&Error, Option<&Socket>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.server.on_lifecycle(move |event| {
            if let ServerEvent::Error { peer, error } = event {
                handler(error, peer.as_ref());
            }
        })
    }

    /// Registers a handler for the loss of the server's socket file, which was removed or replaced:
    /// no new client finds the server, unless it has made the file again
    /// ([`Config::when_displaced`](crate::Config::when_displaced)). node-ipc has no such event.
    pub fn on_displaced(&self, handler: impl Fn(&Displaced) + Send + Sync + 'static) -> HandlerId {
        self.server.on_lifecycle(move |event| {
            if let ServerEvent::Displaced(displaced) = event {
                handler(displaced);
            }
        })
    }

    /// Registers a handler for each client that is gone. It runs after every handler of
    /// [`on_socket_disconnected`](Self::on_socket_disconnected).
    // Wire rule W21
    pub fn on_close(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) -> HandlerId {
        self.server.on_lifecycle_last(move |event| match event {
            ServerEvent::Disconnect { peer, .. } if !is_datagram(peer) => handler(peer),
            _ => {}
        })
    }

    /// Returns the id that a client gave itself with `data.id`, if it did. It proves nothing: who
    /// a client is, the kernel says, in [`Peer::info`](ipc_core::Peer::info).
    #[must_use]
    pub fn socket_id(&self, socket: &Socket) -> Option<RawJson> {
        identity::of(socket)
    }

    /// Sends an event to one client.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the data cannot be sent, too much waits already, or the client is gone.
    pub fn emit<T: ?Sized>(&self, socket: &Socket, event: &str, data: &T) -> Result<(), EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        socket.emit(event, data)
    }

    /// Sends an event to every client; over UDP to every address that was heard of in the last
    /// minutes. See [`Server::broadcast`].
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the data cannot be sent to anybody.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.broadcast("tick", &1)?;
    /// eprintln!("sent to {} clients, not to {}", report.sent, report.failed.len());
    /// # Ok(()) }
    /// ```
    // Wire rule W23 and W49
    pub fn broadcast<T: ?Sized>(&self, event: &str, data: &T) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.server.broadcast(event, data)
    }

    /// Sends bytes to one client in raw mode. The same as [`RawSocket::write`].
    ///
    /// # Errors
    ///
    /// As [`RawSocket::write`].
    pub fn write<'a>(
        &self,
        socket: &Socket,
        data: impl Into<RawData<'a>>,
    ) -> Result<(), EmitError> {
        socket.write(data)
    }

    /// Sends bytes to every client in raw mode. See [`Server::broadcast`].
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; what a single client did not take is in the report.
    // Wire rule W23
    pub fn broadcast_raw<'a>(
        &self,
        data: impl Into<RawData<'a>>,
    ) -> Result<BroadcastReport, EmitError> {
        self.server.broadcast(NodeFormat::RAW_EVENT, &data.into())
    }

    /// Returns the connected clients, in the order they came; over UDP the addresses that were heard
    /// of or spoken to in the last minutes.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.server.peers()
    }

    /// Returns the server of the core, which can do more: streams of events, waiting for room,
    /// a shutdown with another grace.
    #[must_use]
    pub fn core(&self) -> &Server<NodeFormat> {
        &self.server
    }
}

impl std::fmt::Debug for IpcServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IpcServer").field("server", &self.server).finish_non_exhaustive()
    }
}

/// How long `stop` waits for clients that do not read.
const STOP_GRACE: Duration = Duration::from_secs(5);
