//! `Selection`: whom a message is for, by what the program said.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::members::Members;
use crate::PeerId;

/// A peer or a group, as [`Target`](crate::Target) takes it: made from a [`PeerId`], a
/// [`Peer`](crate::Peer) or a group's name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Addressee<'a> {
    /// One peer.
    Peer(PeerId),
    /// The members of a group.
    Group(Cow<'a, str>),
}

impl From<PeerId> for Addressee<'_> {
    fn from(peer: PeerId) -> Self {
        Self::Peer(peer)
    }
}

impl<'a> From<&'a str> for Addressee<'a> {
    fn from(group: &'a str) -> Self {
        Self::Group(Cow::Borrowed(group))
    }
}

impl<'a> From<&'a String> for Addressee<'a> {
    fn from(group: &'a String) -> Self {
        Self::Group(Cow::Borrowed(group))
    }
}

impl From<String> for Addressee<'_> {
    fn from(group: String) -> Self {
        Self::Group(Cow::Owned(group))
    }
}

/// Whom a message is for. What is excepted is left out, however it was added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection<'a> {
    /// `None` is everyone.
    to: Option<Vec<Addressee<'a>>>,
    except: Vec<Addressee<'a>>,
}

/// The peers that were selected.
#[derive(Debug)]
pub(crate) struct Selected<T> {
    /// Those that are connected, in the order they came.
    pub(crate) peers: Vec<T>,
    /// Those that were named as peers and are not connected.
    pub(crate) missing: Vec<PeerId>,
}

impl<'a> Selection<'a> {
    pub(crate) fn all() -> Self {
        Self::default()
    }

    pub(crate) fn of(addressees: Vec<Addressee<'a>>) -> Self {
        Self { to: Some(addressees), except: Vec::new() }
    }

    /// Adds a peer or a group; everyone stays everyone.
    pub(crate) fn add(&mut self, addressee: Addressee<'a>) {
        if let Some(to) = &mut self.to {
            to.push(addressee);
        }
    }

    pub(crate) fn except(&mut self, addressee: Addressee<'a>) {
        self.except.push(addressee);
    }

    /// Returns whether groups have to be looked up.
    pub(crate) fn has_groups(&self) -> bool {
        let is_group = |addressee: &Addressee<'_>| matches!(addressee, Addressee::Group(_));
        self.to.iter().flatten().chain(&self.except).any(is_group)
    }

    /// Selects from the connected peers, each at most once. Without `members` all groups are empty.
    /// Of everyone, only those are selected for which `is_known` says so.
    ///
    /// Costs by the selected ones, not by the connected ones, unless everyone is selected.
    pub(crate) fn select<T: Clone>(
        &self,
        members: Option<&Members>,
        connected: &BTreeMap<PeerId, T>,
        is_known: impl Fn(&T) -> bool,
    ) -> Selected<T> {
        let except = Parts::of(&self.except, members);
        let mut selected = Selected { peers: Vec::new(), missing: Vec::new() };
        let Some(to) = &self.to else {
            // At once, not by doubling: a broadcast in a loop is as fast as this.
            selected.peers.reserve(connected.len());
            if self.except.is_empty() {
                let known = connected.values().filter(|peer| is_known(peer));
                selected.peers.extend(known.cloned());
            } else {
                let wanted = |(id, peer): &(&PeerId, &T)| is_known(peer) && !except.has(**id);
                selected
                    .peers
                    .extend(connected.iter().filter(wanted).map(|(_, peer)| peer.clone()));
            }
            return selected;
        };
        let to = Parts::of(to, members);
        let mut ids = to.ids();
        if !self.except.is_empty() {
            ids.retain(|id| !except.has(*id));
        }
        selected.peers.reserve(ids.len());
        for id in ids {
            match connected.get(&id) {
                Some(peer) => selected.peers.push(peer.clone()),
                // One that is leaving may still be in a group.
                None if !to.names(id) => {}
                None => selected.missing.push(id),
            }
        }
        selected
    }
}

/// Addressees, with their groups looked up.
struct Parts<'m> {
    /// The peers among them, in order, each once.
    peers: Vec<PeerId>,
    groups: Vec<&'m BTreeSet<PeerId>>,
}

impl<'m> Parts<'m> {
    fn of(addressees: &[Addressee<'_>], members: Option<&'m Members>) -> Self {
        let mut parts = Self { peers: Vec::new(), groups: Vec::new() };
        for addressee in addressees {
            match addressee {
                Addressee::Peer(peer) => parts.peers.push(*peer),
                Addressee::Group(group) => {
                    parts.groups.extend(members.and_then(|members| members.of_group(group)));
                }
            }
        }
        parts.peers.sort_unstable();
        parts.peers.dedup();
        parts
    }

    /// Returns whether the peer itself was named, not only a group that it is in.
    fn names(&self, peer: PeerId) -> bool {
        self.peers.binary_search(&peer).is_ok()
    }

    fn has(&self, peer: PeerId) -> bool {
        self.names(peer) || self.groups.iter().any(|group| group.contains(&peer))
    }

    /// Returns all of them in order, each once.
    fn ids(&self) -> Vec<PeerId> {
        let count = self.groups.iter().map(|group| group.len()).sum::<usize>() + self.peers.len();
        let mut ids = Vec::with_capacity(count);
        ids.extend_from_slice(&self.peers);
        for group in &self.groups {
            ids.extend(group.iter());
        }
        let parts = self.groups.len() + usize::from(!self.peers.is_empty());
        if parts > 1 {
            // Each part is in order: this merges them.
            ids.sort();
            ids.dedup();
        }
        ids
    }
}
