//! Topics: what a server publishes, and what clients subscribe to.

use ipc_core::{
    BroadcastReport, EmitError, EncodePayload, HandlerId, Pattern, SubscribeError, TopicEvent,
};
#[cfg(doc)]
use ipc_core::{Client, Server};

use super::{IpcClient, IpcServer, Socket};
use crate::NodeFormat;

impl IpcClient {
    /// Subscribes to topics of the server, which has to be one of Rust; see [`Client::subscribe`]. They
    /// are kept over reconnects. Starts the client.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`]. A server that is node-ipc does not answer: `Deadline`.
    ///
    /// # Cancel safety
    ///
    /// As [`Client::subscribe`].
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.on_topic("price.*", |price: f64, _| println!("{price}"))?;
    /// world.subscribe(["price.*"]).await?;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        self.core().subscribe(patterns).await
    }

    /// Ends subscriptions; see [`Client::unsubscribe`].
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Cancel safety
    ///
    /// As [`Client::unsubscribe`].
    pub async fn unsubscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        self.core().unsubscribe(patterns).await
    }

    /// Ends all subscriptions; see [`Client::unsubscribe_all`].
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Cancel safety
    ///
    /// As [`Client::unsubscribe`].
    pub async fn unsubscribe_all(&self) -> Result<(), SubscribeError> {
        self.core().unsubscribe_all().await
    }

    /// Returns the patterns that are kept. See [`Client::subscriptions`].
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Pattern> {
        self.core().subscriptions()
    }
}

impl IpcServer {
    /// Sends an event to the clients that have subscribed to its name, without waiting; see
    /// [`Server::publish`]. A client of node-ipc subscribes with one line (`docs/topics.md`).
    ///
    /// # Errors
    ///
    /// [`EmitError::Topic`] with [`codes::INVALID_TOPIC`](crate::codes::INVALID_TOPIC) if the name is no
    /// topic, or what [`Server::publish`] says.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// server.publish("price.EUR", &1.08)?;
    /// # Ok(()) }
    /// ```
    pub fn publish<T: ?Sized>(&self, topic: &str, data: &T) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.server.publish(topic, data)
    }

    /// Publishes and waits for the clients that read. See [`Server::publish_send`].
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some clients have been sent the event and some have not.
    pub async fn publish_send<T: ?Sized>(
        &self,
        topic: &str,
        data: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.server.publish_send(topic, data).await
    }

    /// Returns the clients that something published under this topic now would go to. See
    /// [`Server::subscribers`].
    #[must_use]
    pub fn subscribers(&self, topic: &str) -> Vec<Socket> {
        self.server.subscribers(topic)
    }

    /// Registers a handler for what clients subscribe to, such as to send the last value. See
    /// [`Server::on_subscription`].
    pub fn on_subscription(
        &self,
        handler: impl Fn(&TopicEvent) + Send + Sync + 'static,
    ) -> HandlerId {
        self.server.on_subscription(handler)
    }
}
