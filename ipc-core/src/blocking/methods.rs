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
        /// connection.
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

        /// Returns what became of the messages sent so far.
        #[must_use]
        pub fn tally(&self) -> crate::queue::Tally {
            self.link.queue.tally()
        }
    };
}
pub(super) use talk_methods;
