//! Which connections a server accepts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipc_transport::PeerInfo;

use crate::{Access, MessageFormat, Peer, PeerId, Refusal};

/// Which peers a server accepts, and how many.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    pub(super) access: Access,
    pub(super) total: usize,
    /// How many of them may be of one identity.
    pub(super) per_identity: Option<usize>,
}

/// Who a peer is, according to the operating system.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    User(u32),
    Address(IpAddr),
}

impl Admission {
    /// Checks whether the limits leave a place for one more peer.
    pub(super) fn has_place<F: MessageFormat>(
        &self,
        newcomer: &PeerInfo,
        peers: &BTreeMap<PeerId, Peer<F>>,
    ) -> Result<(), Refusal> {
        if peers.len() >= self.total {
            return Err(Refusal::TooManyPeers { limit: self.total });
        }
        let (Some(limit), Some(identity)) = (self.per_identity, Identity::of(newcomer)) else {
            return Ok(());
        };
        let same = |peer: &&Peer<F>| {
            peer.info().and_then(|info| Identity::of(&info)).as_ref() == Some(&identity)
        };
        if peers.values().filter(same).count() >= limit {
            return Err(Refusal::TooManyOfIdentity { limit });
        }
        Ok(())
    }
}

impl Identity {
    pub(crate) fn of(peer: &PeerInfo) -> Option<Self> {
        let user = peer.credentials.map(|credentials| Self::User(credentials.uid));
        user.or_else(|| peer.remote.map(|remote| Self::Address(remote.ip())))
    }
}
