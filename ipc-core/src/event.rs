//! Lifecycle events of clients and servers, and the reports of closing and broadcasting.

use std::sync::Arc;

use ipc_transport::PeerInfo;

use crate::{
    Bye, DisconnectReason, EmitError, Error, Greeting, GroupEvent, Identity, Message, Peer, PeerId,
    Refusal, TopicEvent,
};

/// A lifecycle event of a client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The connection is made.
    Connect,
    /// The connection is lost, or an attempt to make one has failed. Another attempt follows, or
    /// [`Destroy`](Self::Destroy) does.
    Disconnect(DisconnectReason),
    /// The client is closed for good. No event follows.
    Destroy,
    /// An error. [`Error::ends_connection`] says whether the connection ends with it.
    Error(Arc<Error>),
    /// The server has answered the client's [`Hello`](crate::Hello).
    Greeted(Greeting),
    /// The server is about to close the connection and says why. If [`Bye::reconnect`] is `false`, the
    /// client ends with the connection, unless [`WhenDismissed`](crate::WhenDismissed) says otherwise.
    Dismissed(Bye),
}

/// A lifecycle event of a server or one of its peers.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent<F> {
    /// The server listens at this endpoint; no peer has connected yet. Dispatched to handlers only:
    /// a program that reads a stream has the endpoint from [`Server::listen`](crate::Server::listen).
    Listening(ipc_transport::Endpoint),
    /// A peer has connected.
    Connect(Peer<F>),
    /// A peer has left. What could not be written to it is in
    /// [`take_undelivered`](Peer::take_undelivered).
    Disconnect {
        /// The peer.
        peer: Peer<F>,
        /// Why it has left.
        reason: DisconnectReason,
    },
    /// An error, on the connection to a peer or, without one, in the server itself.
    Error {
        /// The peer it concerns.
        peer: Option<Peer<F>>,
        /// The error.
        error: Arc<Error>,
    },
    /// A peer was not let in: its connection was closed at once and nothing of it was read, unless the server
    /// asks for a [token](crate::ServerBuilder::token). Nothing of it was handled in any case.
    Refused {
        /// What is known of it.
        info: Arc<PeerInfo>,
        /// Why. The peer is not told, but for what [`ServerBuilder::token`](crate::ServerBuilder::token) says.
        why: Refusal,
    },
    /// The server's socket file was removed or replaced: no new peer finds it, unless it was made
    /// again. What follows is the transport's setting.
    Displaced(ipc_transport::Displaced),
    /// A peer has said who it is, with its first message: [`Peer::identity`].
    Identified {
        /// The peer.
        peer: Peer<F>,
        /// Who it is.
        identity: Arc<Identity>,
    },
    /// A peer has joined a group, or left one. Dispatched to handlers only; see
    /// [`Server::on_group`](crate::Server::on_group).
    Group(GroupEvent),
    /// A peer has subscribed to a pattern of topics, or does so no more. Dispatched to handlers only;
    /// see [`Server::on_subscription`](crate::Server::on_subscription).
    Topic(TopicEvent),
}

/// The report of a client that was closed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CloseReport {
    /// The messages that were accepted and not written, oldest first. The others are written: the
    /// system has them, and the peer has read them if `peer_ended` says so.
    pub undelivered: Vec<Message>,
    /// Whether the peer ended its side after this side had written everything and ended its own. A
    /// peer that reads to the end and then ends has read everything. `false` if it did neither
    /// within the linger time, or if there was no connection to close.
    pub peer_ended: bool,
}

/// The report of a broadcast.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BroadcastReport {
    /// How many peers it was queued for, or written to.
    pub sent: usize,
    /// The peers that did not take it, and why.
    pub failed: Vec<(PeerId, EmitError)>,
}

/// The report of a server that was shut down.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The messages that were accepted and not written, by peer; peers without any are not
    /// listed.
    pub undelivered: Vec<(PeerId, Vec<Message>)>,
    /// How many peers did not close within the grace and were cut.
    pub cut: usize,
}
