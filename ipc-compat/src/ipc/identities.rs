//! Who the clients of a server are, and what the server answers to that: see docs/hello.md.

#[cfg(doc)]
use ipc_core::Server;
use ipc_core::{
    BroadcastReport, Bye, ClientEvent, EmitError, EncodePayload, Greeting, HandlerId, Identity,
    Refusal, ServerEvent,
};
use ipc_transport::PeerInfo;

use super::{IpcClient, IpcServer, Socket};
use crate::NodeFormat;

impl IpcServer {
    /// Registers a handler for each client that says who it is, on each of its connections. It runs after
    /// those of [`on_connect`](Self::on_connect), and a client with a [`Config::hello`](crate::Config::hello)
    /// says it before anything else. [`Identity::proof`] says what the name is worth. Not called for clients
    /// that do not say it.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(server: ipc_compat::IpcServer) -> Result<(), Box<dyn std::error::Error>> {
    /// server.on_identified(|socket, identity| {
    ///     eprintln!("{} is {} ({:?})", socket.id(), identity.name, identity.proof);
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_identified(
        &self,
        handler: impl Fn(&Socket, &Identity) + Send + Sync + 'static,
    ) -> HandlerId {
        self.core().on_lifecycle(move |event| {
            if let ServerEvent::Identified { peer, identity } = event {
                handler(peer, identity);
            }
        })
    }

    /// Registers a handler for each client that is not let in, with what the system knows of it and the
    /// reason, which it is not told: there are too many, or [`Config::access`](crate::Config::access),
    /// [`Config::token`](crate::Config::token) or the transport refuses it. No other handler learns of such a
    /// client.
    pub fn on_refused(
        &self,
        handler: impl Fn(&PeerInfo, &Refusal) + Send + Sync + 'static,
    ) -> HandlerId {
        self.core().on_lifecycle(move |event| {
            if let ServerEvent::Refused { info, why } = event {
                handler(info, why);
            }
        })
    }

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

impl IpcClient {
    /// Registers a handler for each answer of a server to [`Config::hello`](crate::Config::hello): one on
    /// each connection, after [`on_connect`](Self::on_connect). A server that does not know it, such as
    /// node-ipc, does not answer; one that refuses it is an [error](Self::on_error).
    /// [`greeting`](Self::greeting) returns the last one.
    pub fn on_greeted(&self, handler: impl Fn(&Greeting) + Send + Sync + 'static) -> HandlerId {
        self.core().on_lifecycle(move |event| {
            if let ClientEvent::Greeted(greeting) = event {
                handler(greeting);
            }
        })
    }

    /// Registers a handler for the reason that a server gives before it closes the connection. If
    /// [`Bye::reconnect`] is `false` the client ends with the connection, unless
    /// [`Config::when_dismissed`](crate::Config::when_dismissed) says otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(world: ipc_compat::IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.on_dismissed(|bye| eprintln!("sent away: {} ({})", bye.message, bye.code));
    /// # Ok(()) }
    /// ```
    pub fn on_dismissed(&self, handler: impl Fn(&Bye) + Send + Sync + 'static) -> HandlerId {
        self.core().on_lifecycle(move |event| {
            if let ClientEvent::Dismissed(bye) = event {
                handler(bye);
            }
        })
    }
}
