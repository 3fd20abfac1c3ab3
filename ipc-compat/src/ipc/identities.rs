//! The identities of a server's clients: see docs/hello.md.

#[cfg(doc)]
use ipc_core::Server;
use ipc_core::{BroadcastReport, EmitError, EncodePayload};

use super::{IpcServer, Socket};
use crate::NodeFormat;

impl IpcServer {
    /// Returns the connected clients that have said hello with this name, in the order they came; see
    /// [`Socket::identity`](ipc_core::Peer::identity) and [`Socket::kick`](ipc_core::Peer::kick) for one.
    #[must_use]
    pub fn identity(&self, name: &str) -> Vec<Socket> {
        self.core().identity(name)
    }

    /// Sends an event to every client of this identity. See [`Server::emit_to_identity`].
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to any client.
    pub fn emit_to_identity<T: ?Sized>(
        &self,
        name: &str,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.core().emit_to_identity(name, event, payload)
    }

    /// The same, and waits for the clients that read. See [`Server::send_to_identity`].
    ///
    /// # Errors
    ///
    /// As [`emit_to_identity`](Self::emit_to_identity).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some clients have been sent the event and some have not.
    pub async fn send_to_identity<T: ?Sized>(
        &self,
        name: &str,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.core().send_to_identity(name, event, payload).await
    }
}
