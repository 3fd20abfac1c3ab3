//! The methods of calls, which a client and a server's connection have in common.

/// Adds them to a type with a field `link` that implements `Drive<F>`.
macro_rules! call_methods {
    () => {
        /// Calls a method of the peer and waits for its result, as long as the option
        /// [`deadline`](crate::CallOptions::deadline) says: 30 s by default. A client connects if
        /// need be; a call that is not sent yet waits for the next connection.
        ///
        /// What else is received meanwhile, events and calls of the peer, is kept for `next`, up to
        /// the option [`event_bytes`](crate::ConnectionOptions::event_bytes): 8 MiB. A call of the
        /// peer is therefore not answered before this one ends, and two sides that call each other
        /// at the same time, each with one thread, wait for their deadlines.
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError): among others the method failed, the peer has no method of
        /// this name, no answer came in time, or the connection was lost, which it reports at once.
        /// A call that is not waited for any more is taken back if it was not sent, and the peer is
        /// asked to cancel it otherwise.
        ///
        /// # Panics
        ///
        /// If it has to connect within an async runtime, which a thread that waits would stop.
        pub fn call<A: ?Sized, R>(&mut self, method: &str, args: &A) -> Result<R, crate::CallError>
        where
            F: crate::protocol::calls::EncodeCall<A> + crate::DecodePayload<R>,
        {
            super::calls::call(self, method, args, None)
        }

        /// Calls a method of the peer and waits for its result, for `limit` at most, waiting in the
        /// send queue included. Otherwise as [`call`](Self::call).
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_within<A: ?Sized, R>(
            &mut self,
            limit: std::time::Duration,
            method: &str,
            args: &A,
        ) -> Result<R, crate::CallError>
        where
            F: crate::protocol::calls::EncodeCall<A> + crate::DecodePayload<R>,
        {
            super::calls::call(self, method, args, Some(limit))
        }

        /// Calls the method that this is: the name of its variant is that of the method, and what the
        /// variant holds are the arguments. Otherwise as [`call`](Self::call).
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_method<M: ?Sized, R>(&mut self, method: &M) -> Result<R, crate::CallError>
        where
            F: crate::EncodeEvent<M>
                + for<'m> crate::protocol::calls::EncodeCall<crate::Content<'m, M>>
                + crate::DecodePayload<R>,
        {
            let name = F::event_name(method);
            let name = name.map_err(|error| crate::CallError::NotSent(error.into()))?;
            super::calls::call(self, name, &crate::Content::of(method), None)
        }

        /// Returns the failure to answer with for this error, an enum. See
        /// [`Peer::typed_failure`](crate::Peer::typed_failure).
        #[must_use]
        pub fn typed_failure<E: std::fmt::Display + ?Sized>(&self, error: &E) -> crate::Failure
        where
            F: crate::EncodeEvent<E>,
        {
            self.link.format.typed_failure(error)
        }

        /// Returns the failure of a call as an `E`. See
        /// [`Peer::decode_failure`](crate::Peer::decode_failure).
        ///
        /// # Errors
        ///
        /// [`FormatError`](crate::FormatError).
        pub fn decode_failure<E>(&self, failure: &crate::Failure) -> Result<E, crate::FormatError>
        where
            F: crate::DecodeEvent<E>,
        {
            self.link.format.decode_failure(failure)
        }

        /// Asks the peer what it is and which methods it answers. A peer that is not a program of this
        /// library answers with an error, or not at all; and one may keep it to itself (see
        /// [`CallOptions::show_info`](crate::CallOptions::show_info)).
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError), as of a [`call`](Self::call).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn about(&mut self) -> Result<crate::About, crate::CallError> {
            super::calls::call_about(self)
        }

        /// Calls a method of the peer that answers with items, and returns them as an iterator. Each
        /// item may take as long as the option [`deadline`](crate::CallOptions::deadline) says, from
        /// when it is waited for; see [`call_stream_within`](Self::call_stream_within).
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError): the call cannot be sent. What happens to it later, the
        /// iterator returns.
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_stream<A: ?Sized, R>(
            &mut self,
            method: &str,
            args: &A,
        ) -> Result<crate::blocking::CallStream<'_, F, R>, crate::CallError>
        where
            F: crate::protocol::calls::EncodeCall<A> + crate::DecodePayload<R>,
        {
            super::calls::call_stream(self, method, args, None)
        }

        /// Calls a method of the peer that answers with items, of which each may take `limit`.
        /// Otherwise as [`call_stream`](Self::call_stream).
        ///
        /// # Errors
        ///
        /// [`CallError`](crate::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_stream_within<A: ?Sized, R>(
            &mut self,
            limit: std::time::Duration,
            method: &str,
            args: &A,
        ) -> Result<crate::blocking::CallStream<'_, F, R>, crate::CallError>
        where
            F: crate::protocol::calls::EncodeCall<A> + crate::DecodePayload<R>,
        {
            super::calls::call_stream(self, method, args, Some(limit))
        }

        /// Calls a method of the peer without waiting for it: it is not answered. Queued as
        /// [`emit`](Self::emit) does.
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError).
        pub fn notice<A: ?Sized>(&mut self, method: &str, args: &A) -> Result<(), crate::EmitError>
        where
            F: crate::protocol::calls::EncodeCall<A>,
        {
            self.link.notice(method, args)
        }

        /// Answers a call of the peer with this result. Waits while the queue is full, as
        /// [`send`](Self::send) does. Does nothing if the answer is not wanted any more: the peer
        /// cancelled the call, its time is over, its connection is lost, it is a notice, or it was
        /// answered; or if the call came from elsewhere.
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError). A result that cannot be sent is answered with a failure
        /// in its place (`too_large`, or the format's code); without room in the queue nothing is,
        /// and the asker's deadline ends the call.
        pub fn answer<R: ?Sized>(
            &mut self,
            call: crate::blocking::IncomingCall,
            result: &R,
        ) -> Result<(), crate::EmitError>
        where
            F: crate::protocol::calls::EncodeCall<R>,
        {
            self.link.answer(&call, result)
        }

        /// Answers a call of the peer with a failure, such as
        /// [`Failure::unknown_method`](crate::Failure::unknown_method). Otherwise as
        /// [`answer`](Self::answer).
        ///
        /// # Errors
        ///
        /// [`EmitError`](crate::EmitError).
        pub fn fail(
            &mut self,
            call: crate::blocking::IncomingCall,
            failure: impl Into<crate::Failure>,
        ) -> Result<(), crate::EmitError> {
            self.link.fail(&call, &failure.into())
        }

        /// Returns where to put the items of type `R` that answer a call of the peer, if it
        /// [wants a stream](crate::blocking::IncomingCall::wants_stream). A call that wants one answer
        /// is answered `needs_stream` when an item is sent.
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::SinkError;
        /// # use ipc_core::blocking::{Connection, IncomingCall};
        /// # use ipc_core::protocol::calls::EncodeCall;
        /// # fn example<F: EncodeCall<u64>>(peer: &mut Connection<F>, call: &IncomingCall) -> Result<(), SinkError> {
        /// let mut rows = peer.sink(call);
        /// for row in 0..1_000_u64 {
        ///     rows.send(&row)?; // Waits for the reader.
        /// }
        /// rows.end()?;
        /// # Ok(()) }
        /// ```
        pub fn sink<R: ?Sized>(
            &mut self,
            call: &crate::blocking::IncomingCall,
        ) -> crate::blocking::Sink<'_, F, R> {
            crate::blocking::Sink::new(self, call.clone())
        }
    };
}
pub(in crate::blocking) use call_methods;
