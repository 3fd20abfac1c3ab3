//! Which connections a server accepts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipc_transport::PeerInfo;

use crate::{MessageFormat, Peer, PeerId};

/// How many peers a server accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admission {
    pub(crate) total: usize,
    /// How many of them may be of one identity.
    pub(crate) per_identity: Option<usize>,
}

/// Who a peer is, according to the operating system.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    User(u32),
    Address(IpAddr),
}

impl Admission {
    /// Checks whether one more peer may connect; fails with the limit that it would exceed.
    pub(crate) fn check<F: MessageFormat>(
        &self,
        newcomer: &PeerInfo,
        peers: &BTreeMap<PeerId, Peer<F>>,
    ) -> Result<(), usize> {
        if peers.len() >= self.total {
            return Err(self.total);
        }
        let (Some(limit), Some(identity)) = (self.per_identity, Identity::of(newcomer)) else {
            return Ok(());
        };
        let same = |peer: &&Peer<F>| {
            peer.info().and_then(|info| Identity::of(&info)).as_ref() == Some(&identity)
        };
        if peers.values().filter(same).count() >= limit { Err(limit) } else { Ok(()) }
    }
}

impl Identity {
    fn of(peer: &PeerInfo) -> Option<Self> {
        let user = peer.credentials.map(|credentials| Self::User(credentials.uid));
        user.or_else(|| peer.remote.map(|remote| Self::Address(remote.ip())))
    }
}
