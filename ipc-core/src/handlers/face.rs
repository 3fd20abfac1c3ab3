//! `Handlers`: the public face of a registry.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use super::registry::{HandlerId, HandlerOrder, Phase, Registry, Scope};
use crate::protocol::calls::{EncodeCall, Failure};
use crate::runtime::calls::methods::Methods;
use crate::runtime::lanes::handler::AsyncHandler;
use crate::runtime::lanes::report::Report;
use crate::{
    Call, DecodePayload, HandlerOptions, Message, MessageFormat, MethodOptions, Peer, Sink,
};

/// The handlers of a client or server; `L` is its lifecycle event, [`ClientEvent`] or
/// [`ServerEvent`].
///
/// Clients and servers have these methods, too. A function that registers handlers for either takes
/// this.
///
/// A handler runs on the task of the connection that its message came from, so that messages of one
/// peer are handled in order; for one that waits there is [`on_async`](Self::on_async). A panic in it is caught and reported as an error.
///
/// [`ClientEvent`]: crate::ClientEvent
/// [`ServerEvent`]: crate::ServerEvent
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use ipc_core::{Handlers, MsgPack};
///
/// fn answer_pings<L>(handlers: &Handlers<MsgPack, L>) {
///     handlers.on("ping", |id: u64, peer| {
///         // Sending fails only if the peer is gone.
///         let _ = peer.emit("pong", &id);
///     });
/// }
/// # }
/// ```
pub struct Handlers<F, L> {
    pub(crate) registry: Registry<Peer<F>, L>,
    pub(crate) methods: Methods<F>,
    /// What reports the errors of async handlers.
    pub(super) report: Weak<dyn Report<F>>,
}

impl<F, L> Handlers<F, L> {
    pub(crate) fn new(order: HandlerOrder, report: Weak<dyn Report<F>>) -> Self {
        let methods = Methods::new(Weak::clone(&report));
        Self { registry: Registry::new(order), methods, report }
    }

    /// Registers a handler for every message, whatever its event; it runs after the named ones,
    /// unless the builder said otherwise.
    pub fn on_any(
        &self,
        handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.add_any(Scope::Any, handler)
    }

    /// Registers a handler as [`on_any`](Self::on_any) does, which [`off_all`](Self::off_all) keeps:
    /// for a layer that observes messages on its own behalf.
    pub fn watch(&self, handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static) -> HandlerId {
        self.add_any(Scope::Watch, handler)
    }

    pub(super) fn add_any(
        &self,
        scope: Scope<'_>,
        handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.registry.add(scope, move |message, peer| {
            handler(message, peer);
            Ok(())
        })
    }

    /// Registers a handler for lifecycle events.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server, ServerEvent};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_lifecycle(|event| match event {
    ///     ServerEvent::Connect(peer) => println!("{} connected", peer.id()),
    ///     ServerEvent::Disconnect { peer, reason } => println!("{} left: {reason}", peer.id()),
    ///     event => println!("{event:?}"),
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_lifecycle(&self, handler: impl Fn(&L) + Send + Sync + 'static) -> HandlerId {
        self.registry.add_lifecycle(Phase::First, handler)
    }

    /// Registers a handler for lifecycle events that runs after those of
    /// [`on_lifecycle`](Self::on_lifecycle), whenever they are registered.
    pub fn on_lifecycle_last(&self, handler: impl Fn(&L) + Send + Sync + 'static) -> HandlerId {
        self.registry.add_lifecycle(Phase::Last, handler)
    }

    /// Removes a handler of any kind; `false` if there is no such handler (any more). Within a
    /// handler this holds for the event at hand, too.
    pub fn off(&self, handler: HandlerId) -> bool {
        self.registry.remove(handler)
    }

    /// Removes every handler of an event.
    pub fn off_event(&self, event: &str) {
        self.registry.remove_all(Some(event));
    }

    /// Removes every handler of messages, also those of any event. Lifecycle handlers stay.
    pub fn off_all(&self) {
        self.registry.remove_all(None);
    }
}

impl<F: MessageFormat, L> Handlers<F, L> {
    /// Registers a handler for an event; its payload is read as a `T`. If it is not a `T`, that is
    /// reported as an error and the handler is not called.
    ///
    /// Reading it can be what finds out that the frame is malformed. That is reported as such, and no handler is
    /// called, but the `T` may have been read up to there, or twice.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let handler = server.on("add", |numbers: Vec<i64>, peer| {
    ///     // Sending fails only if the peer has left.
    ///     let _ = peer.emit("sum", &numbers.iter().sum::<i64>());
    /// });
    /// server.off(handler);
    /// # Ok(()) }
    /// ```
    pub fn on<T>(
        &self,
        event: &str,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.add_typed(Scope::Event(event), handler)
    }

    /// Registers a handler that runs for the next such event only, whichever peer sends it.
    pub fn once<T>(
        &self,
        event: &str,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.add_typed(Scope::Once(event), handler)
    }

    fn add_typed<T>(
        &self,
        scope: Scope<'_>,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.registry.add_with(scope, F::reads_all(), None, move |message, peer: &Peer<F>| {
            handler(peer.decode(message)?, peer);
            Ok(())
        })
    }

    /// Registers a handler that returns a future, for work that has to wait.
    ///
    /// The events of one peer are handled in order, one at a time; other handlers and other peers go
    /// on meanwhile, and so does the connection: a handler may wait for another event of the same
    /// peer. What can be done without waiting is done at once, as by [`on`](Self::on), and the rest
    /// in a task.
    ///
    /// The events of a peer that wait for its async handlers are bounded by the option
    /// [`event_bytes`](crate::ConnectionOptions::event_bytes): when that is reached, its connection is
    /// not read from until half of them are taken. So a handler that waits for an event of a peer that
    /// has sent that much before it waits in vain.
    ///
    /// Payloads and panics are reported as those of [`on`](Self::on), for events that waited when
    /// their turn comes. After [`off`](Self::off) no event starts any more, also none that waits; a
    /// future that runs is finished. When the connection ends, or the client or server is closed or
    /// dropped, the events that were received are still handled. None of these waits for that: what
    /// runs ends with the runtime.
    ///
    /// What is sent from a task does not count as an answer for the option
    /// [`high_water_mark`](crate::ConnectionOptions::high_water_mark). [`Peer::send`] waits for space
    /// in the queue, which makes the events after it wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_async("remind", |text: String, peer| async move {
    ///     tokio::time::sleep(Duration::from_secs(1)).await;
    ///     // Sending fails only if the peer has left.
    ///     let _ = peer.send("reminder", text.as_str()).await;
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_async<T, Fut>(
        &self,
        event: &str,
        handler: impl Fn(T, Peer<F>) -> Fut + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_async_with(HandlerOptions::default(), event, handler)
    }

    /// Registers a handler as [`on_async`](Self::on_async) does, with these options.
    pub fn on_async_with<T, Fut>(
        &self,
        options: HandlerOptions,
        event: &str,
        handler: impl Fn(T, Peer<F>) -> Fut + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler = AsyncHandler::new(
            options,
            Weak::clone(&self.report),
            |format: &F, message| format.decode_payload(message),
            handler,
        );
        let removed = Arc::clone(&handler);
        self.registry.add_with(
            Scope::Event(event),
            // It may keep the message for later.
            false,
            Some(Box::new(move || removed.remove())),
            move |message, peer: &Peer<F>| handler.handle(message, peer),
        )
    }

    /// Answers the calls of a method: `answer` is given the arguments, read as a `T`, and the call, and
    /// returns the result or a failure. It replaces the method of this name that was there before.
    ///
    /// Calls start in the order in which they came, between the events of the same peer, and end in
    /// any order: one that waits keeps nothing else from going on. If its future is ready at once, the
    /// answer leaves together with what handlers sent; otherwise it goes on in a task. Arguments that
    /// are not a `T` are answered with `invalid_args` and reported as an error, and so is a panic, with
    /// `panicked`.
    ///
    /// As with [`on`](Self::on), reading the arguments can be what finds out that the frame is malformed: then nothing
    /// is called, but the `T` may have been read up to there, or twice.
    ///
    /// Names that begin with `$` are those of the library's own methods, such as `$info`: a method with
    /// such a name is never called, unless the format has no built-in methods.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Failure, MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_call("sum", |numbers: Vec<u64>, _| async move {
    ///     Ok::<u64, Failure>(numbers.iter().sum())
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_call<T, R, E, Fut>(
        &self,
        method: &str,
        answer: impl Fn(T, Call<F>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodePayload<T> + EncodeCall<R>,
        T: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.methods.set(MethodOptions::default(), method, answer);
    }

    /// Answers the calls of a method as [`on_call`](Self::on_call) does, with these options.
    pub fn on_call_with<T, R, E, Fut>(
        &self,
        options: MethodOptions,
        method: &str,
        answer: impl Fn(T, Call<F>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodePayload<T> + EncodeCall<R>,
        T: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.methods.set(options, method, answer);
    }

    /// Answers the calls of a method with items: `answer` is given the arguments and a [`Sink`] to put
    /// them into, and its end is the end of the stream. Each item waits until the asker has given
    /// credit for it. Otherwise as [`on_call`](Self::on_call).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server, Sink, SinkError};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_stream("count", |to: u64, sink: Sink<_, u64>| async move {
    ///     for number in 0..to {
    ///         sink.send(&number).await?;
    ///     }
    ///     Ok::<(), SinkError>(())
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_stream<T, R, E, Fut>(
        &self,
        method: &str,
        answer: impl Fn(T, Sink<F, R>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodePayload<T> + EncodeCall<R>,
        T: Send + 'static,
        R: ?Sized + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.methods.set_stream(MethodOptions::default(), method, answer);
    }

    /// Removes a method; `false` if there is none of this name. Its calls that run go on.
    pub fn off_call(&self, method: &str) -> bool {
        self.methods.remove(method)
    }
}

impl<F, L> fmt::Debug for Handlers<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").finish_non_exhaustive()
    }
}
