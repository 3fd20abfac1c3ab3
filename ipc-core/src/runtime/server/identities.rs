//! Identities of a server's peers: who a peer is, the peers of one identity, and sending peers away.

use std::sync::Arc;

use crate::error::EmitError;
use crate::hello::{Bye, Identity};
use crate::protocol::calls::later;
use crate::runtime::clock;
use crate::runtime::server::directory::Dismiss;
use crate::{BroadcastReport, EncodePayload, MessageFormat, Peer, Server};

impl<F: MessageFormat> Peer<F> {
    /// Returns who the peer has said it is, with its first message; `None` if it has not, or it is a
    /// client's. It is known before any handler is called with an event of the peer, and kept when the
    /// connection has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on("who am I", |(): (), peer| {
    ///     let name = peer.identity().map(|identity| identity.name.to_string());
    ///     // Fails only if the peer has left.
    ///     let _ = peer.emit("you are", &name);
    /// });
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.identity_cell().get().cloned()
    }

    /// Returns who the peer is if there is more behind it than its own word: what a check that wants proof asks
    /// for. See [`ServerBuilder::token`](crate::ServerBuilder::token).
    #[must_use]
    pub fn proven_identity(&self) -> Option<Arc<Identity>> {
        self.identity().filter(|identity| identity.is_proven())
    }

    /// Tells the peer why, with the notice `$bye`, and closes the connection once everything that was sent is
    /// written. Does not wait; see [`closed`](Self::closed).
    ///
    /// A client of this library ends then, unless [`Bye::reconnect`] says that it may come back. One of
    /// node-ipc ignores it and comes back: if it has said hello, [`Bye::refuse_for`] keeps it away.
    pub fn kick(&self, bye: Bye) {
        let directory = self.config().directory.as_ref();
        if let (Some(time), Some(identity), Some(directory)) =
            (bye.refuse_for, self.identity(), directory)
        {
            let now = clock::now();
            let until = later(now, time);
            directory.lock().identities.refuse(Arc::clone(&identity.name), until, now);
        }
        self.dismiss(&bye);
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns the connected peers that have said hello with this name, in the order they came.
    #[must_use]
    pub fn identity(&self, name: &str) -> Vec<Peer<F>> {
        let state = self.shared().directory.lock();
        let peers = self.shared().peers();
        state.identities.named(name).filter_map(|id| peers.get(&id).cloned()).collect()
    }

    /// Sends an event to every connected peer of this identity, without waiting: see
    /// [`Target::emit`](crate::Target::emit). If there is none, [`sent`](BroadcastReport::sent) is 0.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to any peer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// if server.emit_to_identity("alice", "mail", "hello")?.sent == 0 {
    ///     println!("alice is not here");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn emit_to_identity<T: ?Sized>(
        &self,
        name: &str,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.only(&self.identity(name)).emit(event, payload)
    }

    /// Sends an event to every connected peer of this identity and waits for those that read: see
    /// [`Target::send`](crate::Target::send).
    ///
    /// # Errors
    ///
    /// As [`emit_to_identity`](Self::emit_to_identity).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn send_to_identity<T: ?Sized>(
        &self,
        name: &str,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.only(&self.identity(name)).send(event, payload).await
    }
}
