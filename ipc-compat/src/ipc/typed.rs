//! Typed events of clients and servers of node-ipc.

use ipc_core::protocol::calls::EncodeCall;
use ipc_core::{
    CallingMethod, ClientEvent, Content, DecodeEvent, DecodePayload, EmitError, EncodeEvent,
    EventStream, Failure, FormatError, NotAnEnum, ServerEvent,
};
#[cfg(doc)]
use ipc_core::{Client, Server};

use super::{IpcClient, IpcServer};
use crate::NodeFormat;

impl IpcClient {
    /// Sends the event that this is, without waiting: the name of its variant is that of the event, and
    /// what the variant holds is the data. Otherwise as [`emit`](Self::emit).
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit); with the code
    /// [`codes::NOT_AN_ENUM`](crate::codes::NOT_AN_ENUM) if the type has no such variants.
    ///
    /// # Examples
    ///
    /// ```
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// enum Event {
    ///     #[serde(rename = "app.message")]
    ///     Message(String),
    ///     Move { x: i32, y: i32 },
    ///     Quit,
    /// }
    ///
    /// # fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.on_events(|event: Event, _| match event {
    ///     Event::Message(text) => println!("{text}"),
    ///     Event::Move { x, y } => println!("at {x}, {y}"),
    ///     Event::Quit => println!("the end"),
    /// })?;
    /// world.emit_event(&Event::Move { x: 1, y: 2 })?; // {"type":"Move","data":{"x":1,"y":2}}
    /// world.emit_event(&Event::Quit)?; // {"type":"Quit","data":{}}
    /// # Ok(()) }
    /// ```
    pub fn emit_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        NodeFormat: EncodeEvent<E>,
    {
        self.core().emit_event(event)
    }

    /// Sends the event that this is; waits while the queue is full. See [`Client::send_event`].
    ///
    /// # Errors
    ///
    /// As [`emit_event`](Self::emit_event).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        NodeFormat: EncodeEvent<E>,
    {
        self.core().send_event(event).await
    }

    /// Returns a stream of the events of an enum from now on; see [`Client::typed_events`].
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum whose variants can be events.
    pub fn typed_events<E>(&self) -> Result<EventStream<NodeFormat, ClientEvent, E>, NotAnEnum>
    where
        NodeFormat: DecodeEvent<E>,
    {
        self.core().typed_events()
    }

    /// Calls the method of the server that this is; see [`Client::call_method`]. Starts the client.
    pub fn call_method<'a, M: ?Sized, R>(
        &'a self,
        method: &'a M,
    ) -> CallingMethod<'a, NodeFormat, M, R>
    where
        NodeFormat: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>> + DecodePayload<R>,
    {
        self.core().call_method(method)
    }

    /// Calls the method of the server that this is without waiting for it; see
    /// [`Client::notice_method`]. Starts the client.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn notice_method<M: ?Sized>(&self, method: &M) -> Result<(), EmitError>
    where
        NodeFormat: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>>,
    {
        self.core().notice_method(method)
    }

    /// Returns the failure of a call as an `E`, an enum whose variants are the errors of the method; see
    /// [`Client::decode_failure`].
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the failure is another one.
    pub fn decode_failure<E>(&self, failure: &Failure) -> Result<E, FormatError>
    where
        NodeFormat: DecodeEvent<E>,
    {
        self.core().decode_failure(failure)
    }
}

impl IpcServer {
    /// Returns a stream of the events of an enum from now on, of all clients; see
    /// [`Server::typed_events`].
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum whose variants can be events.
    pub fn typed_events<E>(
        &self,
    ) -> Result<EventStream<NodeFormat, ServerEvent<NodeFormat>, E>, NotAnEnum>
    where
        NodeFormat: DecodeEvent<E>,
    {
        self.core().typed_events()
    }
}
