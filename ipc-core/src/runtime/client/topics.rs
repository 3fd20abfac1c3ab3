//! What a client has subscribed to: asked of the server, and kept.

use tokio::sync::oneshot;

use crate::calls::{CallError, SubscribeError};
use crate::groups::subscriptions::Wish;
use crate::protocol::builtin::Value;
use crate::protocol::calls::Sent;
use crate::runtime::clock;
use crate::{Client, MessageFormat, Pattern};

impl<F: MessageFormat> Client<F> {
    /// Subscribes to topics of the server, in addition to those before: what it publishes under a name
    /// that one of the patterns matches comes as an event of that name. Waits for the server's answer,
    /// at most for the option [`deadline`](crate::CallOptions::deadline). Starts the client.
    ///
    /// The patterns are kept, and asked for again on each further connection before anything that
    /// waits is sent. If the server refuses them then, that is a
    /// [`ClientEvent::Error`](crate::ClientEvent::Error) of [`Error::NotSubscribed`], and they are asked
    /// for again on the next connection. What is published while there is no connection is missed. If
    /// the connection is lost before the answer, this asks again on the next.
    ///
    /// Handlers are registered as for any event: with [`on`](Self::on) for one topic, with
    /// [`on_topic`](Self::on_topic) for a pattern. Registered before, they miss nothing.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`]: a text is no pattern, there are more than 1,024 of this client, or the call
    /// failed; with `Denied`, with `too_many` if the server has too many, or with `NotSent` if the send
    /// queue has no room, also when it drops the call for a newer message. A server that is node-ipc
    /// does not answer: `Deadline`. Nothing is kept then; the server may have subscribed this
    /// connection if its answer came too late.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the patterns are kept if the answer had come, and
    /// the server may have subscribed this connection all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.on_topic("price.*", |price: f64, _| println!("{price}"))?;
    /// client.subscribe(["price.*", "news.>"]).await?;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        let wish = Wish::add(patterns)?;
        self.inner().control.subscriptions().check(&wish)?;
        Ok(self.ask_topics(wish).await?)
    }

    /// Ends subscriptions to these patterns, as they were subscribed to: one does not end what another
    /// stands for. Waits for the server's answer as [`subscribe`](Self::subscribe) does.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe). The patterns are still kept then.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the patterns are kept unless the answer had come.
    pub async fn unsubscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        Ok(self.ask_topics(Wish::remove(patterns)?).await?)
    }

    /// Ends all subscriptions, as [`unsubscribe`](Self::unsubscribe) does.
    ///
    /// # Errors
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    ///
    /// # Cancel safety
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    pub async fn unsubscribe_all(&self) -> Result<(), SubscribeError> {
        Ok(self.ask_topics(Wish::RemoveAll).await?)
    }

    /// Returns the patterns that are kept, in the order of their texts.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Pattern> {
        self.inner().control.subscriptions().list()
    }

    async fn ask_topics(&self, wish: Wish) -> Result<(), CallError> {
        let (peer, (method, args)) = (self.peer(), wish.call());
        let within = peer.config().calls.deadline;
        let began = clock::now();
        loop {
            let left = within.saturating_sub(clock::now().saturating_duration_since(began));
            let (answer, answered) = oneshot::channel();
            let (control, wish) = (self.inner().control.clone(), wish.clone());
            // In the connection's task, so that no reconnect comes in between.
            let on_answer = move |outcome: Result<Value, CallError>| {
                if outcome.is_ok() {
                    control.subscriptions().apply(wish);
                }
                // Whoever asked may be gone.
                let _ = answer.send(outcome);
                None
            };
            let asked = {
                let starting = self.inner().beginning();
                let _begins_after_this =
                    starting.map_err(|error| CallError::NotSent(error.into()))?;
                peer.ask_builtin(method, &args, left, false, on_answer)?
            };
            let outcome = tokio::time::timeout(left, answered).await;
            drop(asked);
            return match outcome {
                Ok(Ok(Ok(_))) => Ok(()),
                // To subscribe twice is to subscribe once.
                Ok(Ok(Err(CallError::Disconnected { .. }))) => continue,
                Ok(Ok(Err(error))) => Err(error),
                Ok(Err(_)) => Err(CallError::Closed { sent: Sent::Maybe }),
                Err(_) => Err(CallError::Deadline { within }),
            };
        }
    }
}
