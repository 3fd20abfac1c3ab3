//! `Identities`: which peers of a server have said hello, under which name, and which names are refused.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Identity, SameIdentity};
use crate::PeerId;
use crate::protocol::calls::Failure;

/// Which peers have said hello. A peer that has not costs nothing. `H` is what a peer is sent away with.
#[derive(Debug)]
pub(crate) struct Identities<H> {
    same: SameIdentity,
    known: HashMap<PeerId, Known<H>>,
    /// The peers of each name, in the order they came to the server. None is empty.
    named: HashMap<Arc<str>, BTreeSet<PeerId>>,
    /// Until when names are refused.
    refused: HashMap<Arc<str>, Instant>,
}

#[derive(Debug)]
struct Known<H> {
    name: Option<Arc<str>>,
    is_proven: bool,
    handle: H,
}

/// Why a peer was not entered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotEntered {
    /// It has said hello before.
    Repeated,
    /// Another peer has the name.
    InUse,
    /// The name is refused, for this time.
    Refused(Duration),
}

impl NotEntered {
    /// Returns what such a peer is answered.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Repeated => {
                Failure::new("repeated_hello", "this connection has said hello before")
            }
            Self::InUse => Failure::new("identity_in_use", "another connection has this identity"),
            Self::Refused(left) => {
                let seconds = left.as_secs_f64().ceil();
                Failure::new("refused", format!("this identity is refused for another {seconds} s"))
            }
        }
    }
}

impl<H: Clone> Identities<H> {
    pub(crate) fn new(same: SameIdentity) -> Self {
        let (known, named, refused) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { same, known, named, refused }
    }

    /// Enters a peer that has said hello. Returns the peers that it replaces, which are without their name
    /// from now on.
    pub(crate) fn enter(
        &mut self,
        peer: PeerId,
        identity: Option<&Identity>,
        handle: H,
        now: Instant,
    ) -> Result<Vec<H>, NotEntered> {
        if self.known.contains_key(&peer) {
            return Err(NotEntered::Repeated);
        }
        let mut replaced = Vec::new();
        let name = identity.map(|identity| &identity.name);
        let is_proven = identity.is_some_and(Identity::is_proven);
        if let Some(name) = name {
            match self.refused.get(name) {
                Some(until) if *until > now => return Err(NotEntered::Refused(*until - now)),
                Some(_) => drop(self.refused.remove(name)),
                None => {}
            }
            match (self.same, self.named.get_mut(name)) {
                (SameIdentity::RefuseNew, Some(_)) => return Err(NotEntered::InUse),
                (SameIdentity::ReplaceOld, Some(peers)) => {
                    let stands =
                        |old: &PeerId| self.known.get(old).is_some_and(|old| old.is_proven);
                    if !is_proven && peers.iter().any(stands) {
                        return Err(NotEntered::InUse);
                    }
                    for old in std::mem::take(peers) {
                        if let Some(old) = self.known.get_mut(&old) {
                            old.name = None;
                            replaced.push(old.handle.clone());
                        }
                    }
                    peers.insert(peer);
                }
                (_, Some(peers)) => drop(peers.insert(peer)),
                (_, None) => drop(self.named.insert(Arc::clone(name), BTreeSet::from([peer]))),
            }
        }
        self.known.insert(peer, Known { name: name.cloned(), is_proven, handle });
        Ok(replaced)
    }

    /// Removes a peer.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        let Some(Known { name: Some(name), .. }) = self.known.remove(&peer) else { return };
        if let Some(peers) = self.named.get_mut(&name) {
            peers.remove(&peer);
            if peers.is_empty() {
                self.named.remove(&name);
            }
        }
    }

    /// Refuses a name until `until`.
    pub(crate) fn refuse(&mut self, name: Arc<str>, until: Instant, now: Instant) {
        if self.refused.len() >= MAX_REFUSED && !self.refused.contains_key(&name) {
            self.refused.retain(|_, until| *until > now);
            if self.refused.len() >= MAX_REFUSED {
                let first = self.refused.iter().min_by_key(|(_, until)| **until);
                if let Some(first) = first.map(|(name, _)| Arc::clone(name)) {
                    self.refused.remove(&first);
                }
            }
        }
        let known = self.refused.entry(name).or_insert(until);
        *known = until.max(*known);
    }

    /// Returns the peers with this name, in the order they came to the server.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = PeerId> + use<'_, H> {
        self.named.get(name).into_iter().flatten().copied()
    }

    /// Returns all peers that have said hello.
    pub(crate) fn all(&self) -> Vec<H> {
        self.known.values().map(|known| known.handle.clone()).collect()
    }
}

/// How many names are refused at the most.
const MAX_REFUSED: usize = 1024;

#[cfg(test)]
impl<H> Identities<H> {
    /// Returns how many peers, names and refused names there are.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.known.len(), self.named.len(), self.refused.len())
    }
}
