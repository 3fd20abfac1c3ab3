//! `GroupError`: why a peer did not join a group.

/// Why a peer did not join a group. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The name is too long.
    #[error("a group's name of {actual} UTF-16 units is longer than {limit}")]
    NameTooLong {
        /// How many UTF-16 units a name may have.
        limit: usize,
        /// How many it has.
        actual: usize,
    },
    /// The peer is in as many groups as a peer may be.
    #[error("the peer would be in {actual} groups, the limit is {limit}")]
    TooManyOfPeer {
        /// How many groups a peer may be in.
        limit: usize,
        /// How many it would be in.
        actual: usize,
    },
    /// The server has as many groups as it may.
    #[error("the server would have {actual} groups, the limit is {limit}")]
    TooManyOfServer {
        /// How many groups the server may have.
        limit: usize,
        /// How many it would have.
        actual: usize,
    },
    /// The peer's connection is closed, or about to be.
    #[error("the connection is closed")]
    Closed,
    /// The peer is a client's: only a server has groups.
    #[error("only the peers of a server are in groups")]
    NotOfServer,
}

impl GroupError {
    /// Returns a stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTooLong { .. } => "group_name_too_long",
            Self::TooManyOfPeer { .. } | Self::TooManyOfServer { .. } => "too_many",
            Self::Closed => "closed",
            Self::NotOfServer => "no_groups",
        }
    }
}
