//! Handlers of what the other side sends: the same methods for clients and servers.

/// Adds them to a type whose field of this name is the core's client or server.
macro_rules! message_handlers {
    ($core:ident) => {
        /// Registers a handler for an event that the other side sends; its data is read as a `T`.
        pub fn on<T>(
            &self,
            event: &str,
            handler: impl Fn(T, &Socket) + Send + Sync + 'static,
        ) -> HandlerId
        where
            NodeFormat: DecodePayload<T>,
        {
            self.$core.on(event, handler)
        }

        /// Registers a handler for the next such event only.
        pub fn once<T>(
            &self,
            event: &str,
            handler: impl Fn(T, &Socket) + Send + Sync + 'static,
        ) -> HandlerId
        where
            NodeFormat: DecodePayload<T>,
        {
            self.$core.once(event, handler)
        }

        /// Registers a handler for every event that the other side sends (node-ipc's `*`). It runs
        /// before the named ones.
        // Wire rule W27
        pub fn on_any(
            &self,
            handler: impl Fn(&Message, &Socket) + Send + Sync + 'static,
        ) -> HandlerId {
            self.$core.on_any(handler)
        }

        /// Registers a handler for the bytes that the other side sends in raw mode (node-ipc's
        /// `data`). How they are cut says nothing about how they were sent. Not called when frames
        /// are received.
        pub fn on_data(
            &self,
            handler: impl Fn(Bytes, &Socket) + Send + Sync + 'static,
        ) -> HandlerId {
            self.$core.on_any(on_chunk(handler))
        }

        /// Removes a handler, of whatever kind that has an id; `false` if there is none such (any
        /// more). Within a handler this holds for the event at hand, too.
        pub fn off(&self, handler: HandlerId) -> bool {
            self.$core.off(handler)
        }

        /// Removes every handler of an event (node-ipc's `off(event, '*')`).
        pub fn off_event(&self, event: &str) {
            self.$core.off_event(event);
        }

        /// Removes every handler of events that the other side sends, those for every event too.
        /// Handlers of what happens to connections stay.
        pub fn off_all(&self) {
            self.$core.off_all();
            self.watch_messages();
        }
    };
}
pub(super) use message_handlers;
