//! `IpcServer`: what `ipc.server()` returns.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ipc_core::{
    Addressee, Allow, BroadcastReport, DecodePayload, EmitError, EncodePayload, Error, EventStream,
    Events, GroupEvent, HandlerId, PeerId, Server, ServerEvent, ShutdownReport, Target,
};
use ipc_transport::{Displaced, Endpoint};

use super::datagrams::is_datagram;
use super::log::Logged;
use super::once::Once;
use super::raw_socket::{RawSocket, RawTarget, on_chunk};
use super::{Socket, identity};
use crate::{NodeFormat, RawData, RawJson};

/// A server, as `ipc.server()` returns it.
///
/// Events that clients send and events that happen to their connections are registered with
/// methods of their own: a client that sends an event called `connect` is heard as that.
/// It is cheap to clone.
#[derive(Debug, Clone)]
pub struct IpcServer {
    pub(super) server: Server<NodeFormat>,
}

impl IpcServer {
    /// Returns a server; with `identify` its clients name themselves.
    pub(super) fn new(server: Server<NodeFormat>, identify: bool, log: &Logged) -> Self {
        log.log.watch_server(&server);
        if identify {
            identity::watch(&server);
        }
        log.watch_messages(server.handlers());
        Self { server }
    }

    /// Starts listening, calls the handlers of [`on_start`](Self::on_start), and returns the endpoint.
    ///
    /// Handlers that are registered before this miss nothing. Once it returns, clients may have
    /// connected already, so that a handler registered on the line after misses what came first; only
    /// one of [`on_start`](Self::on_start) is called at once then.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on; the handlers for errors are
    /// not called for that. [`Error::Runtime`] if there is no tokio runtime, or it lacks timers or
    /// sockets. [`Error::Closed`] after [`stop`](Self::stop), and after the runtime it was started on
    /// has stopped.
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
        self.server.listen().await
    }

    /// Stops listening, closes every client when its queue is written, and returns when all have left;
    /// clients that do not read are cut after 5 s. See [`Server::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing continues, without the cut.
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

    /// Stops listening as [`stop`](Self::stop) does, but cuts the clients that do not read after
    /// `grace`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing continues, without the cut.
    pub async fn shutdown(&self, grace: Duration) -> ShutdownReport {
        self.server.shutdown(grace).await
    }

    /// Returns where the server listens, or `None` if it never did.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.server.endpoint()
    }

    ipc_core::forward_handlers!(NodeFormat, ServerEvent<NodeFormat>, |this| this.server.handlers());

    /// Registers a handler for the bytes that clients send in raw mode (node-ipc's `data`). How
    /// they are cut says nothing about how they were sent. Not called when frames are received.
    pub fn on_data(&self, handler: impl Fn(Bytes, &Socket) + Send + Sync + 'static) -> HandlerId {
        self.on_any(on_chunk(handler))
    }

    /// Registers a handler that is called when the server listens, or at once if it does. A frame
    /// with the type `start` does not call it.
    pub fn on_start(&self, handler: impl FnOnce(&Endpoint) + Send + 'static) -> HandlerId {
        let once = Arc::new(Once::new(handler));
        let start = Arc::clone(&once);
        let id = self.on_lifecycle(move |event| {
            if let ServerEvent::Listening(endpoint) = event {
                if let Some(handler) = start.take() {
                    handler(endpoint);
                }
            }
        });
        // Looked at after the handler was registered: either runs it.
        if let Some(endpoint) = self.server.endpoint() {
            if let Some(handler) = once.take() {
                handler(&endpoint);
            }
        }
        id
    }

    /// Registers a handler for each client that connects. Not called over UDP.
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

    /// Registers a handler for the next client that connects.
    pub fn once_connect(&self, handler: impl FnOnce(&Socket) + Send + 'static) -> HandlerId {
        let once = Once::new(handler);
        self.on_connect(move |socket| {
            if let Some(handler) = once.take() {
                handler(socket);
            }
        })
    }

    /// Registers a handler for each client that leaves, with the id it gave itself, if it did. Not
    /// called over UDP.
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

    /// Sets what each client that connects from now on may do, in place of
    /// [`Config::allow`](crate::Config::allow): see [`Server::allow_by`].
    pub fn allow_by(&self, decide: impl Fn(&Socket) -> Allow + Send + Sync + 'static) {
        self.server.allow_by(decide);
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

    /// Registers a handler for each client that has left. It runs after every handler of
    /// [`on_socket_disconnected`](Self::on_socket_disconnected).
    // Wire rule W21
    pub fn on_close(&self, handler: impl Fn(&Socket) + Send + Sync + 'static) -> HandlerId {
        self.server.handlers().on_lifecycle_last(move |event| match event {
            ServerEvent::Disconnect { peer, .. } if !is_datagram(peer) => handler(peer),
            _ => {}
        })
    }

    /// Returns the id that a client gave itself with `data.id`, if it did. It proves nothing; the
    /// kernel's word on who a client is, is in [`Peer::info`](ipc_core::Peer::info).
    #[must_use]
    pub fn socket_id(&self, socket: &Socket) -> Option<RawJson> {
        identity::of(socket)
    }

    /// Sends an event to one client.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the data cannot be sent, the queue is full, or the client has left.
    pub fn emit<T: ?Sized>(&self, socket: &Socket, event: &str, data: &T) -> Result<(), EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        socket.emit(event, data)
    }

    /// Sends an event to every client; over UDP to every address that sent something in the last
    /// minutes. See [`Server::broadcast`].
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the data cannot be sent to any client; what a single client did not take is
    /// in the report.
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

    /// Sends an event to every client and waits for those that read, up to the time of each. See
    /// [`Server::broadcast_send`].
    ///
    /// # Errors
    ///
    /// As [`broadcast`](Self::broadcast).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some clients have been sent the event and some have not.
    pub async fn broadcast_send<T: ?Sized>(
        &self,
        event: &str,
        data: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.server.broadcast_send(event, data).await
    }

    /// Returns a target: the members of a group, or one client. See [`Server::to`].
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on("enter", |room: String, socket| {
    ///     if let Err(error) = socket.join(&room) {
    ///         eprintln!("{}: {error}", socket.id());
    ///     }
    /// });
    /// server.to("kitchen").except("muted").emit("ready", &ipc_compat::NoData)?;
    /// # Ok(()) }
    /// ```
    pub fn to<'a>(&self, addressee: impl Into<Addressee<'a>>) -> Target<'a, NodeFormat> {
        self.server.to(addressee)
    }

    /// Returns a target: these clients, or groups, and no others. See [`Server::only`].
    pub fn only<'a, A: Into<Addressee<'a>>>(
        &self,
        addressees: impl IntoIterator<Item = A>,
    ) -> Target<'a, NodeFormat> {
        self.server.only(addressees)
    }

    /// Returns a target: every client; over UDP every address that sent something in the last
    /// minutes. See [`Server::all`].
    pub fn all(&self) -> Target<'static, NodeFormat> {
        self.server.all()
    }

    /// Returns the groups that have a member, by name. See [`Server::groups`].
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.server.groups()
    }

    /// Registers a handler for what happens to groups. See [`Server::on_group`].
    pub fn on_group(&self, handler: impl Fn(&GroupEvent) + Send + Sync + 'static) -> HandlerId {
        self.server.on_group(handler)
    }

    /// Sends bytes to one client in raw mode. The same as [`RawSocket::emit_raw`].
    ///
    /// # Errors
    ///
    /// As [`RawSocket::emit_raw`].
    pub fn emit_raw<'a>(
        &self,
        socket: &Socket,
        data: impl Into<RawData<'a>>,
    ) -> Result<(), EmitError> {
        socket.emit_raw(data)
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
        self.all().emit_raw(data)
    }

    /// Returns the connected clients, in the order they came; over UDP the addresses that messages
    /// came from or went to in the last minutes.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.server.peers()
    }

    /// Returns the client with this number, if it is connected.
    #[must_use]
    pub fn socket(&self, id: PeerId) -> Option<Socket> {
        self.server.peer(id)
    }

    /// Returns a stream of the messages and lifecycle events of all clients from now on. See
    /// [`Server::events`].
    #[must_use]
    pub fn events(&self) -> Events<NodeFormat, ServerEvent<NodeFormat>> {
        self.server.events()
    }

    /// Returns a stream of the data of one event from now on, of all clients, each read as a `T`; see
    /// [`Server::stream`].
    pub fn stream<T>(&self, event: &str) -> EventStream<NodeFormat, ServerEvent<NodeFormat>, T>
    where
        NodeFormat: DecodePayload<T>,
    {
        self.server.stream(event)
    }

    /// Returns the server of `ipc-core` that this one is made of. For code that takes any of
    /// `ipc-core`'s servers; what programs need is in the methods of this one.
    #[must_use]
    pub fn core(&self) -> &Server<NodeFormat> {
        &self.server
    }
}

/// How long `stop` waits for clients that do not read.
const STOP_GRACE: Duration = Duration::from_secs(5);
