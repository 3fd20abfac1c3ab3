//! Peers that a server sends to first: over sockets without connections.

use std::net::SocketAddr;
use std::sync::PoisonError;

use super::by_address;
use super::task;
use crate::error::Error;
use crate::{MessageFormat, Peer, Server};

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
            let found = peers.find(|peer| by_address::remote(peer) == Some(remote));
            return found.ok_or(Error::NoPeerAt { remote });
        };
        match shared.by_address.get(remote) {
            Some(peer) => Ok(peer),
            None => Ok(task::open(shared, opener.open(remote)?)),
        }
    }
}
