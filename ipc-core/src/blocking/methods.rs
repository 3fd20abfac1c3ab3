//! What a client and a server's connection have in common: the methods that only link.

/// Adds them to a type with a field `link`.
macro_rules! talk_methods {
    () => {
        /// Returns what the system says of the other side, or `None` while there is no connection.
        #[must_use]
        pub fn info(&self) -> Option<&ipc_transport::PeerInfo> {
            self.link.socket().map(|socket| socket.stream().peer())
        }

        /// Returns how long the peer took to answer the questions of the
        /// [`heartbeat`](crate::ConnectionOptions#structfield.heartbeat); `None` before the first answer,
        /// so also without a heartbeat, and as long as the peer is never silent.
        #[must_use]
        pub fn rtt(&self) -> Option<crate::RoundTrip> {
            self.link.round_trip()
        }

        /// Sends an event, without waiting: it is written at once, as far as the socket has room; the
        /// rest leaves with the next call. While further messages that were received wait to be
        /// taken, up to 2 KiB gather instead and leave together; [`flush`](Self::flush) does not
        /// wait for that. Many messages in a row take one system call each like this;
        /// [`FlushPolicy::Within`](crate::FlushPolicy::Within) lets them gather. What a client sends
        /// without a connection waits in the queue.
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError): the payload cannot be sent, the queue is full, or this
        /// side is closed.
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::{EmitError, EncodePayload, blocking::Client};
        /// # fn example<F: EncodePayload<str>>(peer: &mut Client<F>) -> Result<(), EmitError> {
        /// match peer.emit("greeting", "hello") {
        ///     Err(EmitError::Closed) => eprintln!("the other side is gone"),
        ///     sent => sent?,
        /// }
        /// # Ok(()) }
        /// ```
        pub fn emit<T: ?Sized>(&mut self, event: &str, payload: &T) -> Result<(), crate::EmitError>
        where
            F: crate::EncodePayload<T>,
        {
            self.link.emit(event, payload)
        }

        /// Sends an event; what the peer sends meanwhile is kept, 8 MiB of it (`event_bytes`), so
        /// that two sides that send at the same time go on. Waits while the queue is full, if its
        /// policy is [`OverflowPolicy::Block`](crate::queue::OverflowPolicy::Block) and there is a
        /// connection. Under that policy it also waits while the socket is full and 128 KiB or more wait for
        /// it, until the peer has read on, or has read nothing for 100 ms: memory does not grow with what
        /// is sent.
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError).
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::{EmitError, EncodePayload, blocking::Client};
        /// # fn example<F: EncodePayload<u64>>(peer: &mut Client<F>) -> Result<(), EmitError> {
        /// for row in 0..1_000_000 {
        ///     peer.send("row", &row)?; // Waits for the reader when the queue is full.
        /// }
        /// # Ok(()) }
        /// ```
        pub fn send<T: ?Sized>(&mut self, event: &str, payload: &T) -> Result<(), crate::EmitError>
        where
            F: crate::EncodePayload<T>,
        {
            self.link.send(event, payload)
        }

        /// Returns the payload of a message as a `T`.
        ///
        /// # Errors
        ///
        /// [`FormatError`](crate::FormatError) if the payload is not a `T`.
        pub fn decode<T>(&self, message: &crate::Message) -> Result<T, crate::FormatError>
        where
            F: crate::DecodePayload<T>,
        {
            self.link.format.decode_payload(message)
        }

        /// Sends the event that this is: the name of its variant is that of the event, and what the
        /// variant holds is the payload. Otherwise as [`emit`](Self::emit).
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError).
        pub fn emit_event<E: ?Sized>(&mut self, event: &E) -> Result<(), crate::EmitError>
        where
            F: crate::EncodeEvent<E>,
        {
            self.link.emit(F::event_name(event)?, &crate::Content::of(event))
        }

        /// Sends the event that this is, as [`emit_event`](Self::emit_event); waits while the queue is
        /// full, as [`send`](Self::send).
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError).
        pub fn send_event<E: ?Sized>(&mut self, event: &E) -> Result<(), crate::EmitError>
        where
            F: crate::EncodeEvent<E>,
        {
            self.link.send(F::event_name(event)?, &crate::Content::of(event))
        }

        /// Returns a message as an `E`, an enum whose variants are events. The arguments of a call are a
        /// message, too, with the method as the event.
        ///
        /// # Errors
        ///
        /// [`FormatError`](crate::FormatError): with the code `unknown_event` if it has no variant for
        /// the event, and otherwise that of a payload which does not fit its variant.
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::{DecodeEvent, blocking::{Client, Incoming}};
        /// enum Event {
        ///     Message(String),
        ///     Quit,
        /// }
        ///
        /// fn print_all<F: DecodeEvent<Event>>(client: &mut Client<F>) {
        ///     while let Some(incoming) = client.next() {
        ///         let Incoming::Message(message) = incoming else { continue };
        ///         match client.decode_event(&message) {
        ///             Ok(Event::Message(text)) => println!("{text}"),
        ///             Ok(Event::Quit) => break,
        ///             Err(error) if error.code() == "unknown_event" => {}
        ///             Err(error) => eprintln!("{}: {error}", message.event()),
        ///         }
        ///     }
        /// }
        /// ```
        pub fn decode_event<E>(&self, message: &crate::Message) -> Result<E, crate::FormatError>
        where
            F: crate::DecodeEvent<E>,
        {
            self.link.format.decode_event(message)
        }

        /// Returns what became of the messages sent so far.
        #[must_use]
        pub fn tally(&self) -> crate::queue::Tally {
            self.link.queue.tally()
        }
    };
}
pub(super) use talk_methods;
