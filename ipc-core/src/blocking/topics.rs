//! What a client subscribes to, and what its server has said of itself.

use super::Client;
use super::calls::call_builtin;
use super::link::Drive;
use crate::calls::{CallError, SubscribeError};
use crate::groups::subscriptions::Wish;
use crate::runtime::clock;
use crate::{Greeting, MessageFormat, Pattern};

impl<F: MessageFormat> Client<F> {
    /// Subscribes to topics of the server, in addition to those before: what it publishes under a name
    /// that one of the patterns matches comes as a message of that name. Waits for the server's answer,
    /// at most for the option [`deadline`](crate::CallOptions::deadline). Connects if need be. What else
    /// is received meanwhile is kept for `next`, as [`call`](Self::call) does.
    ///
    /// The patterns are kept, and asked for again on each further connection before anything that waits
    /// is sent. If the server refuses them then, that is a
    /// [`ClientEvent::Error`](crate::ClientEvent::Error) of
    /// [`Error::NotSubscribed`](crate::Error::NotSubscribed), and they are asked for again on the next
    /// connection. What is published while there is no connection is missed. If the connection is lost
    /// before the answer, this asks again on the next.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`]: a text is no pattern, there are more than 1,024 of this client, or the call
    /// failed; with `Denied`, or with `too_many` if the server has too many. A server that is node-ipc
    /// does not answer: `Deadline`. A server of this driver has no topics: `UnknownMethod`. Nothing is
    /// kept then; the server may have subscribed this connection if its answer came too late.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::blocking::{Client, Incoming};
    /// # use ipc_core::{DecodePayload, SubscribeError};
    /// # fn example<F: DecodePayload<f64>>(client: &mut Client<F>) -> Result<(), SubscribeError> {
    /// client.subscribe(["price.*", "news.>"])?;
    /// while let Some(event) = client.next() {
    ///     let Incoming::Message(message) = event else { continue };
    ///     match (message.event(), client.decode::<f64>(&message)) {
    ///         ("price.EUR", Ok(price)) => println!("{price}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn subscribe<P: AsRef<str>>(
        &mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        let wish = Wish::add(patterns)?;
        if let Some(greet) = &self.link().greet {
            greet.subscriptions.check(&wish)?;
        }
        Ok(self.ask_topics(wish)?)
    }

    /// Ends subscriptions to these patterns, as they were subscribed to: one does not end what another
    /// stands for. Waits for the server's answer as [`subscribe`](Self::subscribe) does.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe). The patterns are still kept then.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    pub fn unsubscribe<P: AsRef<str>>(
        &mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        Ok(self.ask_topics(Wish::remove(patterns)?)?)
    }

    /// Ends all subscriptions, as [`unsubscribe`](Self::unsubscribe) does.
    ///
    /// # Errors
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    pub fn unsubscribe_all(&mut self) -> Result<(), SubscribeError> {
        Ok(self.ask_topics(Wish::RemoveAll)?)
    }

    /// Returns the patterns that are kept, in the order of their texts.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Pattern> {
        self.link.greet.as_ref().map_or_else(Vec::new, |greet| greet.subscriptions.list())
    }

    /// Returns what the server has answered to the [`Hello`](crate::Hello) of the present connection;
    /// `None` before the answer, and if the server does not know `$hello`.
    #[must_use]
    pub fn greeting(&self) -> Option<&Greeting> {
        self.link.greet.as_ref()?.greeting.as_ref()
    }

    fn ask_topics(&mut self, wish: Wish) -> Result<(), CallError> {
        let (method, args) = wish.call();
        let within = self.link().config.calls.deadline;
        let began = clock::now();
        loop {
            let left = within.saturating_sub(clock::now().saturating_duration_since(began));
            match call_builtin(self, method, &args, left, false) {
                Ok(_) => break,
                // To subscribe twice is to subscribe once.
                Err(CallError::Disconnected { .. }) => {}
                Err(CallError::Deadline { .. }) => return Err(CallError::Deadline { within }),
                Err(error) => return Err(error),
            }
        }
        if let Some(greet) = &mut self.link().greet {
            greet.subscriptions.apply(wish);
        }
        Ok(())
    }
}
