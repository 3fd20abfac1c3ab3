//! Typed events on the handles: `Peer`, `Client` and `Target`.

use std::fmt;

use crate::error::EmitError;
use crate::protocol::calls::Failure;
use crate::{
    BroadcastReport, Client, Content, DecodeEvent, EncodeEvent, FormatError, Message,
    MessageFormat, Peer, Target,
};

impl<F: MessageFormat> Peer<F> {
    /// Sends the event that this is: the name of its variant is that of the event, and what the variant
    /// holds is the payload. Otherwise as [`emit`](Self::emit).
    ///
    /// # Errors
    ///
    /// [`EmitError`]; [`EmitError::Format`] with the code `not_an_enum` if the type has no such variants.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{EmitError, MsgPack, Peer};
    /// #[derive(serde::Serialize)]
    /// enum Event {
    ///     Move { x: i32, y: i32 },
    /// }
    ///
    /// # fn example(peer: &Peer<MsgPack>) -> Result<(), EmitError> {
    /// peer.emit_event(&Event::Move { x: 1, y: 2 })?; // ["Move", {"x": 1, "y": 2}]
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn emit_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.emit(F::event_name(event)?, &Content::of(event))
    }

    /// Sends the event that this is, as [`emit_event`](Self::emit_event); waits while the queue is full,
    /// as [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.send(F::event_name(event)?, &Content::of(event)).await
    }

    /// Returns a message as an `E`, an enum whose variants are events.
    ///
    /// # Errors
    ///
    /// [`FormatError`]: with the code `unknown_event` if it has no variant for the event, and otherwise
    /// that of a payload which does not fit its variant.
    pub fn decode_event<E>(&self, message: &Message) -> Result<E, FormatError>
    where
        F: DecodeEvent<E>,
    {
        self.format().decode_event(message)
    }

    /// Returns the failure that a method answers with for this error, an enum: the name of its variant
    /// is the code, what the variant holds the data, and the error's text the message.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{Client, MsgPack, Server};
    /// #[derive(Debug, serde::Serialize, serde::Deserialize, thiserror::Error)]
    /// enum StoreError {
    ///     #[error("there is no key {key}")]
    ///     NotFound { key: String },
    ///     #[error("the store is full")]
    ///     Full,
    /// }
    ///
    /// # async fn example(server: Server<MsgPack>, client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_call("get", |key: String, call| async move {
    ///     Err::<u64, _>(call.typed_failure(&StoreError::NotFound { key }))
    /// });
    /// let failed = client.call::<_, u64>("get", "a").await.unwrap_err();
    /// if let Some(failure) = failed.failure() {
    ///     match client.decode_failure(failure)? {
    ///         StoreError::NotFound { key } => println!("no {key}"),
    ///         StoreError::Full => println!("full"),
    ///     }
    /// }
    /// # Ok(()) }
    /// # }
    /// ```
    #[must_use]
    pub fn typed_failure<E: fmt::Display + ?Sized>(&self, error: &E) -> Failure
    where
        F: EncodeEvent<E>,
    {
        self.format().typed_failure(error)
    }

    /// Returns the failure of a call as an `E`, an enum whose variants are the errors of the method: the
    /// reverse of [`typed_failure`](Self::typed_failure).
    ///
    /// # Errors
    ///
    /// [`FormatError`]: with the code `unknown_event` if it has no variant of the failure's code, and
    /// otherwise that of data which does not fit its variant.
    pub fn decode_failure<E>(&self, failure: &Failure) -> Result<E, FormatError>
    where
        F: DecodeEvent<E>,
    {
        self.format().decode_failure(failure)
    }
}

impl<F: MessageFormat> Client<F> {
    /// Sends the event that this is to the server. See [`Peer::emit_event`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn emit_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.emit(F::event_name(event)?, &Content::of(event))
    }

    /// Sends the event that this is to the server; waits while the queue is full. See
    /// [`Peer::send_event`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    pub async fn send_event<E: ?Sized>(&self, event: &E) -> Result<(), EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.send(F::event_name(event)?, &Content::of(event)).await
    }

    /// Returns a message as an `E`. See [`Peer::decode_event`].
    ///
    /// # Errors
    ///
    /// [`FormatError`].
    pub fn decode_event<E>(&self, message: &Message) -> Result<E, FormatError>
    where
        F: DecodeEvent<E>,
    {
        self.peer().decode_event(message)
    }

    /// Returns the failure of a call as an `E`. See [`Peer::decode_failure`].
    ///
    /// # Errors
    ///
    /// [`FormatError`].
    pub fn decode_failure<E>(&self, failure: &Failure) -> Result<E, FormatError>
    where
        F: DecodeEvent<E>,
    {
        self.peer().decode_failure(failure)
    }
}

impl<F: MessageFormat> Target<'_, F> {
    /// Sends the event that this is to these peers, without waiting. See [`Peer::emit_event`] and
    /// [`emit`](Self::emit).
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit); with the code `not_an_enum` if the type has no such variants.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{EmitError, MsgPack, Server};
    /// #[derive(serde::Serialize)]
    /// enum Event {
    ///     Tick(u64),
    /// }
    ///
    /// # fn example(server: &Server<MsgPack>) -> Result<(), EmitError> {
    /// let report = server.all().emit_event(&Event::Tick(1))?;
    /// println!("sent to {}", report.sent);
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn emit_event<E: ?Sized>(&self, event: &E) -> Result<BroadcastReport, EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.emit(F::event_name(event)?, &Content::of(event))
    }

    /// Sends the event that this is to these peers, and waits for those that read. See
    /// [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`emit_event`](Self::emit_event).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn send_event<E: ?Sized>(&self, event: &E) -> Result<BroadcastReport, EmitError>
    where
        F: EncodeEvent<E>,
    {
        self.send(F::event_name(event)?, &Content::of(event)).await
    }
}
