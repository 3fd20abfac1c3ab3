//! `Handlers` of typed events: one handler for all variants of an enum.

use std::future::Future;
use std::sync::{Arc, Weak};

use super::face::Handlers;
use super::registry::HandlerId;
use crate::protocol::calls::{EncodeCall, Failure};
use crate::runtime::lanes::handler::AsyncHandler;
use crate::{
    Call, DecodeEvent, HandlerOptions, Message, MessageFormat, MethodOptions, NotAnEnum, Peer,
};

impl<F: MessageFormat, L> Handlers<F, L> {
    /// Registers a handler for all events of an enum: the name of a variant is that of the event, and
    /// what the variant holds is the payload. One that does not fit its variant is reported as an error,
    /// as by [`on`](Self::on), and the handler is not called.
    ///
    /// Events of other names go to other handlers, unless the enum has a variant for them
    /// (`#[serde(other)]`): then it is given them after the handlers of their own, as one of
    /// [`on_any`](Self::on_any), and whether there are any or not. [`off_event`](Self::off_event) removes
    /// the handler from one event, [`off`](Self::off) from all.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form; nothing is registered then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{MsgPack, Server};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// enum Event {
    ///     #[serde(rename = "app.message")]
    ///     Message(String),
    ///     Move { x: i32, y: i32 },
    ///     Quit,
    /// }
    ///
    /// # fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_events(|event: Event, peer| match event {
    ///     Event::Message(text) => println!("{text}"),
    ///     // Sending fails only if the peer has left.
    ///     Event::Move { x, y } => drop(peer.emit_event(&Event::Move { x: -x, y: -y })),
    ///     Event::Quit => peer.close(),
    /// })?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn on_events<E>(
        &self,
        handler: impl Fn(E, &Peer<F>) + Send + Sync + 'static,
    ) -> Result<HandlerId, NotAnEnum>
    where
        F: DecodeEvent<E>,
    {
        let call = move |message: &Message, peer: &Peer<F>| {
            handler(peer.format().decode_event(message)?, peer);
            Ok(())
        };
        Ok(self.registry.add_events(&F::event_names()?, F::reads_all(), None, call))
    }

    /// Registers a handler for all events of an enum that returns a future, as
    /// [`on_events`](Self::on_events) and [`on_async`](Self::on_async) together: the events of one peer
    /// are handled in the order in which they came, whatever their variants, and one at a time.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form; nothing is registered then.
    pub fn on_events_async<E, Fut>(
        &self,
        handler: impl Fn(E, Peer<F>) -> Fut + Send + Sync + 'static,
    ) -> Result<HandlerId, NotAnEnum>
    where
        F: DecodeEvent<E>,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let names = F::event_names()?;
        let (options, report) = (HandlerOptions::default(), Weak::clone(&self.report));
        let handler = AsyncHandler::new(
            options,
            report,
            |format: &F, message| format.decode_event(message),
            handler,
        );
        let removed = Arc::clone(&handler);
        Ok(self.registry.add_events(
            &names,
            false,
            Some(Box::new(move || removed.remove())),
            move |message, peer: &Peer<F>| handler.handle(message, peer),
        ))
    }

    /// Answers the calls of all methods of an enum: the name of a variant is that of the method, and
    /// what the variant holds are the arguments. Those that do not fit are answered with `invalid_args`.
    /// Otherwise as [`on_call`](Self::on_call) for each of the methods.
    ///
    /// A variant for other names (`#[serde(other)]`) is given the calls of every method that nothing else
    /// answers; of several enums that have one, the last. Results of different types are an enum with
    /// `#[serde(untagged)]`.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form; nothing is registered then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{Failure, MsgPack, Server};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// enum Method {
    ///     Sum(Vec<u64>),
    ///     Power { base: u64, exponent: u32 },
    /// }
    ///
    /// # fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_calls(|method: Method, _| async move {
    ///     match method {
    ///         Method::Sum(numbers) => Ok(numbers.iter().sum::<u64>()),
    ///         Method::Power { base, exponent } => {
    ///             base.checked_pow(exponent).ok_or(Failure::new("overflow", "that is too much"))
    ///         }
    ///     }
    /// })?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn on_calls<M, R, E, Fut>(
        &self,
        answer: impl Fn(M, Call<F>) -> Fut + Send + Sync + 'static,
    ) -> Result<(), NotAnEnum>
    where
        F: DecodeEvent<M> + EncodeCall<R>,
        M: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.on_calls_with(MethodOptions::default(), answer)
    }

    /// Answers the calls of all methods of an enum as [`on_calls`](Self::on_calls) does, with these
    /// options, which bound them together.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form; nothing is registered then.
    pub fn on_calls_with<M, R, E, Fut>(
        &self,
        options: MethodOptions,
        answer: impl Fn(M, Call<F>) -> Fut + Send + Sync + 'static,
    ) -> Result<(), NotAnEnum>
    where
        F: DecodeEvent<M> + EncodeCall<R>,
        M: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.methods.set_enum(options, &F::event_names()?, answer);
        Ok(())
    }

    /// Removes the methods of an enum, whatever answers them by now. Their calls that run go on.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form.
    pub fn off_calls<M>(&self) -> Result<(), NotAnEnum>
    where
        F: DecodeEvent<M>,
    {
        self.methods.remove_enum(&F::event_names()?);
        Ok(())
    }
}
