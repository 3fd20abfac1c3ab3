//! Handlers of all events that a pattern matches.

use super::registry::{HandlerId, Scope};
use crate::{DecodePayload, Handlers, Message, MessageFormat, Pattern, PatternError, Peer};

impl<F: MessageFormat, L> Handlers<F, L> {
    /// Registers a handler for the events whose names the pattern matches, such as the topics that a
    /// client has [subscribed](crate::Client::subscribe) to; which event it was, the handler of
    /// [`on_topic_message`](Self::on_topic_message) is told. A payload that is not a `T` is reported as an error
    /// and the handler is not called. It runs with those of any event, after the named ones unless the
    /// builder said otherwise; each event is compared with each such pattern, which takes some ten
    /// nanoseconds.
    ///
    /// # Errors
    ///
    /// [`PatternError`] if the text is no pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.on_topic("price.*", |price: f64, _| println!("{price}"))?;
    /// # Ok(()) }
    /// ```
    pub fn on_topic<T>(
        &self,
        pattern: &str,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> Result<HandlerId, PatternError>
    where
        F: DecodePayload<T>,
    {
        let pattern = Pattern::new(pattern)?;
        Ok(self.registry.add(Scope::Any, move |message, peer: &Peer<F>| {
            if pattern.matches(message.event()) {
                handler(peer.decode(message)?, peer);
            }
            Ok(())
        }))
    }

    /// Registers a handler as [`on_topic`](Self::on_topic) does, which is given the message, with its
    /// event.
    ///
    /// # Errors
    ///
    /// [`PatternError`] if the text is no pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.on_topic_message("price.*", |message, peer| match peer.decode::<f64>(message) {
    ///     Ok(price) => println!("{}: {price}", message.event()),
    ///     Err(error) => println!("{}: {error}", message.event()),
    /// })?;
    /// # Ok(()) }
    /// ```
    pub fn on_topic_message(
        &self,
        pattern: &str,
        handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static,
    ) -> Result<HandlerId, PatternError> {
        let pattern = Pattern::new(pattern)?;
        Ok(self.add_any(Scope::Any, move |message, peer| {
            if pattern.matches(message.event()) {
                handler(message, peer);
            }
        }))
    }
}
