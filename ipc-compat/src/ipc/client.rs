//! `IpcClient`: what `ipc.of("world")` returns.

use std::sync::Arc;

use bytes::Bytes;
use ipc_core::session::State;
use ipc_core::{
    Client, ClientEvent, CloseReport, ConnectError, DecodePayload, DisconnectReason, EmitError,
    EncodePayload, Error, HandlerId, Message,
};

use super::Socket;
use super::handlers::message_handlers;
use super::log::Logged;
use super::once::Once;
use super::raw_socket::{RawSocket, on_chunk};
use crate::{NodeFormat, RawData};

/// A client of one server, as `ipc.of("world")` returns it.
///
/// Events that the server sends and events that happen to the connection are registered with
/// methods of their own, so that a server that sends an event called `error` is heard as that.
/// It is cheap to clone.
#[derive(Debug, Clone)]
pub struct IpcClient {
    id: Arc<str>,
    client: Client<NodeFormat>,
    log: Logged,
}

impl IpcClient {
    pub(super) fn new(id: &str, client: Client<NodeFormat>, log: Logged) -> Self {
        let this = Self { id: id.into(), client, log };
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

    /// Sends an event. Before the connection is made it waits for that.
    ///
    /// # Errors
    ///
    /// [`EmitError`]: the data cannot be sent, too much waits already, or the client is closed.
    // Wire rule W53
    pub fn emit<T: ?Sized>(&self, event: &str, data: &T) -> Result<(), EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.client.emit(event, data)
    }

    /// Sends bytes in raw mode, without adding anything: text by the config's encoding, bytes, or
    /// numbers modulo 256. Before the connection is made it waits for that.
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; else as [`emit`](Self::emit).
    pub fn write<'a>(&self, data: impl Into<RawData<'a>>) -> Result<(), EmitError> {
        self.client.peer().write(data)
    }

    /// Waits until the client is connected.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it is at its end instead.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn connected(&self) -> Result<(), ConnectError> {
        self.client.connected().await
    }

    /// Writes what waits, closes the connection and waits for its end. See [`Client::close`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, closing goes on.
    pub async fn close(&self) -> CloseReport {
        self.client.close().await
    }

    /// Waits until the client is at its end, after which it does not connect again: closed on this
    /// side, or nobody there and no attempt left. A lost connection that is made anew is none.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn closed(&self) {
        self.client.peer().closed().await;
    }

    pub(super) fn is_alive(&self) -> bool {
        *self.client.state().borrow() != State::Destroyed
    }

    /// Returns the client of the core, which can do more: streams of events, waiting for room,
    /// the state.
    #[must_use]
    pub fn core(&self) -> &Client<NodeFormat> {
        &self.client
    }
}
