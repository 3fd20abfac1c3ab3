//! The methods of `Handlers` on the types that have some, written once.

/// Adds the methods of [`Handlers`](crate::Handlers) to a type whose handlers, of messages in this
/// format and of these lifecycle events, the expression returns.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_handlers {
    ($format:ty, $event:ty, |$this:ident| $handlers:expr) => {
        /// Returns the handlers, for a function that registers some on whatever has any.
        #[must_use]
        pub fn handlers(&self) -> &$crate::Handlers<$format, $event> {
            let $this = self;
            $handlers
        }

        /// Registers a handler for an event; its payload is read as a `T`. If it is not a `T`, that
        /// is reported as an error and the handler is not called.
        pub fn on<T>(
            &self,
            event: &str,
            handler: impl Fn(T, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> $crate::HandlerId
        where
            $format: $crate::DecodePayload<T>,
        {
            self.handlers().on(event, handler)
        }

        /// Registers a handler that runs for the next such event only, whichever peer sends it.
        pub fn once<T>(
            &self,
            event: &str,
            handler: impl Fn(T, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> $crate::HandlerId
        where
            $format: $crate::DecodePayload<T>,
        {
            self.handlers().once(event, handler)
        }

        /// Registers a handler for the events whose names the pattern matches, such as topics. See
        /// [`Handlers::on_topic`]($crate::Handlers::on_topic).
        ///
        /// # Errors
        ///
        /// [`PatternError`]($crate::PatternError) if the text is no pattern.
        pub fn on_topic<T>(
            &self,
            pattern: &str,
            handler: impl Fn(T, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> ::std::result::Result<$crate::HandlerId, $crate::PatternError>
        where
            $format: $crate::DecodePayload<T>,
        {
            self.handlers().on_topic(pattern, handler)
        }

        /// Registers a handler as `on_topic` does, which is given the message, with its event. See
        /// [`Handlers::on_topic_message`]($crate::Handlers::on_topic_message).
        ///
        /// # Errors
        ///
        /// [`PatternError`]($crate::PatternError) if the text is no pattern.
        pub fn on_topic_message(
            &self,
            pattern: &str,
            handler: impl Fn(&$crate::Message, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> ::std::result::Result<$crate::HandlerId, $crate::PatternError> {
            self.handlers().on_topic_message(pattern, handler)
        }

        /// Registers a handler that returns a future: the events of one peer are handled in order,
        /// one at a time, while its connection goes on. See
        /// [`Handlers::on_async`]($crate::Handlers::on_async).
        pub fn on_async<T, Fut>(
            &self,
            event: &str,
            handler: impl Fn(T, $crate::Peer<$format>) -> Fut + Send + Sync + 'static,
        ) -> $crate::HandlerId
        where
            $format: $crate::DecodePayload<T>,
            Fut: std::future::Future<Output = ()> + Send + 'static,
        {
            self.handlers().on_async(event, handler)
        }

        /// Registers a handler as [`on_async`](Self::on_async) does, with these options.
        pub fn on_async_with<T, Fut>(
            &self,
            options: $crate::HandlerOptions,
            event: &str,
            handler: impl Fn(T, $crate::Peer<$format>) -> Fut + Send + Sync + 'static,
        ) -> $crate::HandlerId
        where
            $format: $crate::DecodePayload<T>,
            Fut: std::future::Future<Output = ()> + Send + 'static,
        {
            self.handlers().on_async_with(options, event, handler)
        }

        /// Registers a handler for all events of an enum. See
        /// [`Handlers::on_events`]($crate::Handlers::on_events).
        ///
        /// # Errors
        ///
        /// [`NotAnEnum`]($crate::NotAnEnum) if the type is no enum whose variants can be events.
        pub fn on_events<E>(
            &self,
            handler: impl Fn(E, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> Result<$crate::HandlerId, $crate::NotAnEnum>
        where
            $format: $crate::DecodeEvent<E>,
        {
            self.handlers().on_events(handler)
        }

        /// Registers a handler for all events of an enum that returns a future. See
        /// [`Handlers::on_events_async`]($crate::Handlers::on_events_async).
        ///
        /// # Errors
        ///
        /// [`NotAnEnum`]($crate::NotAnEnum) if the type is no enum whose variants can be events.
        pub fn on_events_async<E, Fut>(
            &self,
            handler: impl Fn(E, $crate::Peer<$format>) -> Fut + Send + Sync + 'static,
        ) -> Result<$crate::HandlerId, $crate::NotAnEnum>
        where
            $format: $crate::DecodeEvent<E>,
            Fut: std::future::Future<Output = ()> + Send + 'static,
        {
            self.handlers().on_events_async(handler)
        }

        /// Registers a handler for every message, whatever its event. It runs before or after the
        /// named ones, as the builder's handler order says.
        pub fn on_any(
            &self,
            handler: impl Fn(&$crate::Message, &$crate::Peer<$format>) + Send + Sync + 'static,
        ) -> $crate::HandlerId {
            self.handlers().on_any(handler)
        }

        /// Answers the calls of a method. See [`Handlers::on_call`]($crate::Handlers::on_call).
        pub fn on_call<T, R, E, Fut>(
            &self,
            method: &str,
            answer: impl Fn(T, $crate::Call<$format>) -> Fut + Send + Sync + 'static,
        ) where
            $format: $crate::DecodePayload<T> + $crate::protocol::calls::EncodeCall<R>,
            T: Send + 'static,
            R: Send + 'static,
            E: Into<$crate::Failure>,
            Fut: std::future::Future<Output = Result<R, E>> + Send + 'static,
        {
            self.handlers().on_call(method, answer);
        }

        /// Answers the calls of all methods of an enum. See
        /// [`Handlers::on_calls`]($crate::Handlers::on_calls).
        ///
        /// # Errors
        ///
        /// [`NotAnEnum`]($crate::NotAnEnum) if the type is no enum whose variants can be methods.
        pub fn on_calls<M, R, E, Fut>(
            &self,
            answer: impl Fn(M, $crate::Call<$format>) -> Fut + Send + Sync + 'static,
        ) -> Result<(), $crate::NotAnEnum>
        where
            $format: $crate::DecodeEvent<M> + $crate::protocol::calls::EncodeCall<R>,
            M: Send + 'static,
            R: Send + 'static,
            E: Into<$crate::Failure>,
            Fut: std::future::Future<Output = Result<R, E>> + Send + 'static,
        {
            self.handlers().on_calls(answer)
        }

        /// Answers the calls of a method with items. See
        /// [`Handlers::on_stream`]($crate::Handlers::on_stream).
        pub fn on_stream<T, R, E, Fut>(
            &self,
            method: &str,
            answer: impl Fn(T, $crate::Sink<$format, R>) -> Fut + Send + Sync + 'static,
        ) where
            $format: $crate::DecodePayload<T> + $crate::protocol::calls::EncodeCall<R>,
            T: Send + 'static,
            R: ?Sized + 'static,
            E: Into<$crate::Failure>,
            Fut: std::future::Future<Output = Result<(), E>> + Send + 'static,
        {
            self.handlers().on_stream(method, answer);
        }

        /// Registers a handler for lifecycle events: what happens to connections, and errors.
        pub fn on_lifecycle(
            &self,
            handler: impl Fn(&$event) + Send + Sync + 'static,
        ) -> $crate::HandlerId {
            self.handlers().on_lifecycle(handler)
        }

        /// Removes a handler of any kind; `false` if there is no such handler (any more). Within a
        /// handler this holds for the event at hand, too.
        pub fn off(&self, handler: $crate::HandlerId) -> bool {
            self.handlers().off(handler)
        }

        /// Removes every handler of an event.
        pub fn off_event(&self, event: &str) {
            self.handlers().off_event(event);
        }

        /// Removes every handler of messages, also those of any event. Lifecycle handlers stay.
        pub fn off_all(&self) {
            self.handlers().off_all();
        }
    };
}
