//! Groups of a server's peers: joining, leaving, and who is in which.

use crate::groups::error::GroupError;
use crate::{GroupEvent, HandlerId, MessageFormat, Peer, Server, ServerEvent};

impl<F: MessageFormat> Peer<F> {
    /// Adds the peer to a group of its server, which is made if it does not exist; `false` if the peer
    /// was in it. Peers know nothing of groups: membership is what the server's program says.
    ///
    /// The peer leaves all its groups when its connection ends.
    ///
    /// # Errors
    ///
    /// [`GroupError`]: the connection is closed, the name is longer than 256 UTF-16 units, there
    /// are too many groups, or the peer is a client's. The peer stays in the groups that it is in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on("subscribe", |room: String, peer| {
    ///     if let Err(error) = peer.join(&format!("room.{room}")) {
    ///         // Sending fails only if the peer has left.
    ///         let _ = peer.emit("refused", error.code());
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn join(&self, group: &str) -> Result<bool, GroupError> {
        match &self.config().directory {
            Some(directory) => directory.join(self, group),
            None => Err(GroupError::NotOfServer),
        }
    }

    /// Removes the peer from a group; `false` if it was not in it. A group without members is gone.
    pub fn leave(&self, group: &str) -> bool {
        let directory = self.config().directory.as_ref();
        directory.is_some_and(|directory| directory.leave(self.id(), group))
    }

    /// Returns the groups that the peer is in, by name: none when its connection has ended.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        let directory = self.config().directory.as_ref();
        directory.map_or_else(Vec::new, |directory| directory.lock().members.of_peer(self.id()))
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns the groups that have a member, by name. Who is in one is said by
    /// [`Target::peers`](crate::Target::peers): `server.to("room").peers()`.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.shared().directory.lock().members.names()
    }

    /// Registers a handler for what happens to groups; a lifecycle handler, which
    /// [`off`](Self::off) removes.
    ///
    /// It is called before the [`join`](Peer::join) or [`leave`](Peer::leave) that it is about
    /// returns, on the same thread or while that one waits: one call at a time, in the order of the
    /// changes, so that after `Empty` the group has no member until `Created`. If the handler
    /// itself changes groups, it is called for that after it has returned. It must not wait for
    /// another thread that changes groups.
    ///
    /// A peer whose connection ends leaves its groups before
    /// [`Disconnect`](ServerEvent::Disconnect).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{GroupEvent, MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let told = server.clone();
    /// server.on_group(move |event| {
    ///     if let GroupEvent::Left { group, peer } = event {
    ///         // Fails only if the number cannot be sent to any peer.
    ///         let _ = told.to(&**group).emit("left", &peer.get());
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_group(&self, handler: impl Fn(&GroupEvent) + Send + Sync + 'static) -> HandlerId {
        self.on_lifecycle(move |event| {
            if let ServerEvent::Group(event) = event {
                handler(event);
            }
        })
    }
}
