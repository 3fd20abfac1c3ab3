//! `Identity`: who a peer says it is.

use std::sync::Arc;

/// Who a peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Its name: 1 to 256 UTF-16 units of any text.
    pub name: Arc<str>,
    /// What stands behind the name.
    pub proof: Proof,
}

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Nothing but the peer's word.
    Claimed,
}

/// What a server does when a peer says hello with the name of another that is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SameIdentity {
    /// Both have it: an identity may have several connections. The default.
    #[default]
    Allow,
    /// The new peer is answered `identity_in_use` and stays connected without an identity. A client that
    /// comes back before the server has noticed the end of its old connection is such a peer.
    RefuseNew,
    /// The old peer is sent away with the code `replaced`. Whoever can connect can do that to another, as
    /// long as names are only claimed.
    ReplaceOld,
}
