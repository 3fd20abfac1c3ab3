//! Topics: what a server publishes, and who has subscribed to it.

use crate::error::EmitError;
use crate::groups::selection::Selected;
use crate::runtime::server::shared::Shared;
use crate::{
    BroadcastReport, EncodePayload, HandlerId, MessageFormat, Pattern, Peer, Server, ServerEvent,
    TopicError, TopicEvent,
};

impl<F: MessageFormat> Server<F> {
    /// Sends an event to the peers that have subscribed to its name, the topic, or to a pattern that
    /// matches it; each once, without waiting, as [`broadcast`](Self::broadcast) does. It is encoded
    /// once, also for no subscriber. For a peer it is an event like any other, and it has its
    /// place among what else the peer is sent.
    ///
    /// A topic is what a [`Pattern`] without wildcards is: at most 16 tokens between dots, none of them
    /// empty, and 256 UTF-16 units. [`Peer::emit`] and [`Target`](crate::Target) send events of any name.
    ///
    /// # Errors
    ///
    /// [`EmitError::Topic`] if it is none, or another [`EmitError`] if the payload cannot be sent to any
    /// peer. What a single peer did not take is in the report.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.publish("price.EUR", &1.08)?;
    /// println!("{} peers want to know", report.sent);
    /// # Ok(()) }
    /// ```
    pub fn publish<T: ?Sized>(&self, topic: &str, payload: &T) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        TopicError::check(topic)?;
        Ok(self.shared().start(topic, payload, |shared| shared.subscribers(topic))?.emit())
    }

    /// Publishes as [`publish`](Self::publish) does and waits for the peers that read, as
    /// [`broadcast_send`](Self::broadcast_send) does.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn publish_send<T: ?Sized>(
        &self,
        topic: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        TopicError::check(topic)?;
        let broadcast = self.shared().start(topic, payload, |shared| shared.subscribers(topic))?;
        Ok(broadcast.send().await)
    }

    /// Returns the peers that something published under this topic now would go to, in the order they
    /// came.
    #[must_use]
    pub fn subscribers(&self, topic: &str) -> Vec<Peer<F>> {
        self.shared().subscribers(topic).peers
    }

    /// Registers a handler for what peers subscribe to; a lifecycle handler, which [`off`](Self::off)
    /// removes.
    ///
    /// It is called once the peer has its subscription and before that is answered, so what the handler
    /// sends to the peer is there before its `subscribe` returns: the place to send the last value of a
    /// topic. Something published meanwhile by another thread may come before that; a program to which
    /// it matters publishes, and sends the last value, under the lock that keeps it.
    ///
    /// Calls are one at a time and in order with those of [`on_group`](Self::on_group), and what that
    /// says of waiting holds here, too. All subscriptions of a peer whose connection ends are
    /// `Unsubscribed` before [`Disconnect`](ServerEvent::Disconnect).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server, TopicEvent};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let told = server.clone();
    /// server.on_subscription(move |event| {
    ///     if let TopicEvent::Subscribed { peer, pattern } = event {
    ///         if pattern.matches("price.EUR") {
    ///             // Fails only if the peer has left, or does not read.
    ///             let _ = told.emit(*peer, "price.EUR", &1.08);
    ///         }
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_subscription(
        &self,
        handler: impl Fn(&TopicEvent) + Send + Sync + 'static,
    ) -> HandlerId {
        self.on_lifecycle(move |event| {
            if let ServerEvent::Topic(event) = event {
                handler(event);
            }
        })
    }
}

impl<F: MessageFormat> Peer<F> {
    /// Returns the patterns of topics that the peer has subscribed to, in the order of their texts: none
    /// when its connection has ended, and none of a client's server.
    #[must_use]
    pub fn topics(&self) -> Vec<Pattern> {
        let directory = self.config().directory.as_ref();
        directory.map_or_else(Vec::new, |directory| {
            directory.lock().topics.patterns(self.id()).cloned().collect()
        })
    }
}

impl<F: MessageFormat> Shared<F> {
    /// Returns the peers that have subscribed to a topic at this moment.
    fn subscribers(&self, topic: &str) -> Selected<Peer<F>> {
        let ids = self.directory.lock().topics.matches(topic);
        let peers = if ids.is_empty() {
            Vec::new()
        } else {
            let connected = self.peers();
            // One that is not there has just left.
            ids.iter().filter_map(|id| connected.get(id).cloned()).collect()
        };
        Selected { peers, missing: Vec::new() }
    }
}
