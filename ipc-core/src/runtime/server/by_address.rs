//! `ByAddress`: the peers of a socket without connections, by their addresses.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipc_transport::OpenPeer;

use crate::{MessageFormat, Peer};

/// The peers of a socket without connections, by address, and what opens streams to others.
#[derive(Debug)]
pub(crate) struct ByAddress<F> {
    peers: Mutex<HashMap<SocketAddr, Peer<F>>>,
    /// Held while a stream is opened, so that two callers do not open two to one address.
    pub(super) opener: Mutex<Option<Arc<dyn OpenPeer>>>,
}

impl<F: MessageFormat> ByAddress<F> {
    pub(crate) fn new() -> Self {
        Self { peers: Mutex::default(), opener: Mutex::new(None) }
    }

    pub(crate) fn set_opener(&self, opener: Option<Arc<dyn OpenPeer>>) {
        *self.opener.lock().unwrap_or_else(PoisonError::into_inner) = opener;
    }

    /// Adds a peer; an older one with this address is closed, or about to be.
    pub(crate) fn insert(&self, peer: &Peer<F>) {
        if let Some(remote) = remote(peer) {
            let old = self.lock().insert(remote, peer.clone());
            drop(old);
        }
    }

    /// Removes a peer, unless another has its address already.
    pub(crate) fn remove(&self, peer: &Peer<F>) {
        let Some(remote) = remote(peer) else { return };
        let mut peers = self.lock();
        let gone = if peers.get(&remote) == Some(peer) { peers.remove(&remote) } else { None };
        drop(peers);
        drop(gone);
    }

    pub(super) fn get(&self, remote: SocketAddr) -> Option<Peer<F>> {
        self.lock().get(&remote).filter(|peer| peer.outbox().is_open()).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Peer<F>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn remote<F: MessageFormat>(peer: &Peer<F>) -> Option<SocketAddr> {
    peer.info().and_then(|info| info.remote)
}
