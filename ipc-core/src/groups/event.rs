//! `GroupEvent`: what happens to groups.

use std::sync::Arc;

use crate::PeerId;

/// What has happened to a group of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// A group has its first member: [`Joined`](Self::Joined) follows.
    Created {
        /// The group.
        group: Arc<str>,
    },
    /// A peer has joined a group.
    Joined {
        /// The group.
        group: Arc<str>,
        /// The peer.
        peer: PeerId,
    },
    /// A peer has left a group, or the server.
    Left {
        /// The group.
        group: Arc<str>,
        /// The peer.
        peer: PeerId,
    },
    /// The last member has left a group: the group is gone.
    Empty {
        /// The group.
        group: Arc<str>,
    },
}
