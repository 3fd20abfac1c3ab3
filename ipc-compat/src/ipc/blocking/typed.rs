//! Typed events without a runtime.

/// Adds the methods for enums whose variants are events to a type whose field of this name is the
/// core's.
macro_rules! talking_typed {
    ($core:ident) => {
        /// Sends the event that this is, without waiting: the name of its variant is that of the event,
        /// and what the variant holds is the data.
        ///
        /// # Errors
        ///
        /// As [`emit`](Self::emit); with the code
        /// [`codes::NOT_AN_ENUM`](crate::codes::NOT_AN_ENUM) if the type has no such variants.
        pub fn emit_event<E: ?Sized>(&mut self, event: &E) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::EncodeEvent<E>,
        {
            self.$core.emit_event(event)
        }

        /// Sends the event that this is; waits while the queue is full, if there is a connection.
        ///
        /// # Errors
        ///
        /// As [`emit_event`](Self::emit_event).
        pub fn send_event<E: ?Sized>(&mut self, event: &E) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::EncodeEvent<E>,
        {
            self.$core.send_event(event)
        }

        /// Returns a message as an `E`, an enum whose variants are events. The
        /// [arguments](ipc_core::blocking::IncomingCall::args) of a call are a message, too, with the
        /// method as the event.
        ///
        /// # Errors
        ///
        /// [`FormatError`](ipc_core::FormatError): with the code
        /// [`codes::UNKNOWN_EVENT`](crate::codes::UNKNOWN_EVENT) if it has no variant for the event, and otherwise that of data which does not fit its variant.
        ///
        /// # Examples
        ///
        /// ```
        /// use ipc_compat::blocking::{Incoming, IpcClient};
        ///
        /// #[derive(serde::Deserialize)]
        /// enum Event {
        ///     Message(String),
        ///     Quit,
        ///     #[serde(other)]
        ///     Unknown,
        /// }
        ///
        /// fn print_all(world: &mut IpcClient) -> Result<(), ipc_core::FormatError> {
        ///     while let Some(incoming) = world.next() {
        ///         let Incoming::Message(message) = incoming else { continue };
        ///         match world.decode_event(&message)? {
        ///             Event::Message(text) => println!("{text}"),
        ///             Event::Quit => break,
        ///             Event::Unknown => {}
        ///         }
        ///     }
        ///     Ok(())
        /// }
        /// ```
        pub fn decode_event<E>(
            &self,
            message: &ipc_core::Message,
        ) -> Result<E, ipc_core::FormatError>
        where
            crate::NodeFormat: ipc_core::DecodeEvent<E>,
        {
            self.$core.decode_event(message)
        }

        /// Calls the method of the other side that this is: the name of its variant is that of the
        /// method, and what the variant holds are the arguments. Otherwise as [`call`](Self::call).
        ///
        /// # Errors
        ///
        /// [`CallError`](ipc_core::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_method<M: ?Sized, R>(&mut self, method: &M) -> Result<R, ipc_core::CallError>
        where
            crate::NodeFormat: ipc_core::EncodeEvent<M>
                + for<'m> ipc_core::protocol::calls::EncodeCall<ipc_core::Content<'m, M>>
                + ipc_core::DecodePayload<R>,
        {
            self.$core.call_method(method)
        }

        /// Returns the failure to answer with for this error, an enum; see
        /// [`Peer::typed_failure`](ipc_core::Peer::typed_failure).
        #[must_use]
        pub fn typed_failure<E: std::fmt::Display + ?Sized>(&self, error: &E) -> ipc_core::Failure
        where
            crate::NodeFormat: ipc_core::EncodeEvent<E>,
        {
            self.$core.typed_failure(error)
        }

        /// Returns the failure of a call as an `E`, an enum whose variants are the errors of the method;
        /// see [`Peer::decode_failure`](ipc_core::Peer::decode_failure).
        ///
        /// # Errors
        ///
        /// [`FormatError`](ipc_core::FormatError) if the failure is another one.
        pub fn decode_failure<E>(
            &self,
            failure: &ipc_core::Failure,
        ) -> Result<E, ipc_core::FormatError>
        where
            crate::NodeFormat: ipc_core::DecodeEvent<E>,
        {
            self.$core.decode_failure(failure)
        }
    };
}
pub(super) use talking_typed;
