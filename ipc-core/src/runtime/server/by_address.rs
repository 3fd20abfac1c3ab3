//! Peers by address, also those that a server sends to first: for sockets without connections.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipc_transport::OpenPeer;

use crate::error::Error;
use crate::runtime::server::task;
use crate::{MessageFormat, Peer, Server};

/// The peers of a socket without connections, by address, and what opens streams to others.
#[derive(Debug)]
pub(crate) struct ByAddress<F> {
    peers: Mutex<HashMap<SocketAddr, Peer<F>>>,
    /// Held while a stream is opened, so that two callers do not open two to one address.
    opener: Mutex<Option<Arc<dyn OpenPeer>>>,
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

    fn get(&self, remote: SocketAddr) -> Option<Peer<F>> {
        self.lock().get(&remote).filter(|peer| peer.outbox().is_open()).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Peer<F>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns the peer with this address. Over UDP, where no peer connects, a new one is made if
    /// none is known: what is sent to it leaves from the socket the server listens on, and its
    /// answers come back to the server. A broadcast does not reach it before it has sent something.
    ///
    /// A UDP peer that sends nothing for some time (5 minutes unless the transport says otherwise) is
    /// closed; this makes a new one.
    ///
    /// # Errors
    ///
    /// [`Error::NoPeerAt`] if there is no such peer and this server cannot send first; [`Error::Transport`]
    /// if its socket cannot send to such an address; [`Error::Closed`] after
    /// [`shutdown`](Self::shutdown).
    pub fn peer_at(&self, remote: SocketAddr) -> Result<Peer<F>, Error> {
        let shared = self.shared();
        if shared.is_stopped() {
            return Err(Error::Closed);
        }
        let opener = shared.by_address.opener.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(opener) = &*opener else {
            let mut peers = self.peers().into_iter();
            let found = peers.find(|peer| self::remote(peer) == Some(remote));
            return found.ok_or(Error::NoPeerAt { remote });
        };
        match shared.by_address.get(remote) {
            Some(peer) => Ok(peer),
            None => Ok(task::open(shared, opener.open(remote)?)),
        }
    }
}

fn remote<F: MessageFormat>(peer: &Peer<F>) -> Option<SocketAddr> {
    peer.info().and_then(|info| info.remote)
}
