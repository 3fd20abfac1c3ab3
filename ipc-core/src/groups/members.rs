//! `Members`: which peers are in which groups.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::error::GroupError;
use super::event::GroupEvent;
use super::limits::GroupLimits;
use crate::PeerId;

/// Which peers are in which groups. A group exists as long as it has a member, and a peer costs
/// nothing as long as it is in no group.
#[derive(Debug, Default)]
pub(crate) struct Members {
    limits: GroupLimits,
    /// The peers of each group, in the order they came to the server. None is empty.
    groups: HashMap<Arc<str>, BTreeSet<PeerId>>,
    /// The groups of each peer, by name. None is empty.
    of_peers: HashMap<PeerId, BTreeSet<Arc<str>>>,
}

impl Members {
    pub(crate) fn new(limits: GroupLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a peer to a group, and what has happened to `events`. Returns whether it was not in it.
    pub(crate) fn join(
        &mut self,
        peer: PeerId,
        group: &str,
        events: &mut VecDeque<GroupEvent>,
    ) -> Result<bool, GroupError> {
        GroupLimits::check_name(group)?;
        let joined = self.of_peers.get(&peer);
        if joined.is_some_and(|joined| joined.contains(group)) {
            return Ok(false);
        }
        let actual = joined.map_or(0, BTreeSet::len) + 1;
        let limit = self.limits.per_peer;
        if actual > limit {
            return Err(GroupError::TooManyOfPeer { limit, actual });
        }
        let name = match self.groups.get_key_value(group) {
            Some((name, _)) => Arc::clone(name),
            None => {
                let (limit, actual) = (self.limits.total, self.groups.len() + 1);
                if actual > limit {
                    return Err(GroupError::TooManyOfServer { limit, actual });
                }
                let name: Arc<str> = group.into();
                events.push_back(GroupEvent::Created { group: Arc::clone(&name) });
                name
            }
        };
        self.groups.entry(Arc::clone(&name)).or_default().insert(peer);
        self.of_peers.entry(peer).or_default().insert(Arc::clone(&name));
        events.push_back(GroupEvent::Joined { group: name, peer });
        Ok(true)
    }

    /// Removes a peer from a group, and adds what has happened to `events`. Returns whether it was in
    /// it.
    pub(crate) fn leave(
        &mut self,
        peer: PeerId,
        group: &str,
        events: &mut VecDeque<GroupEvent>,
    ) -> bool {
        let Some(joined) = self.of_peers.get_mut(&peer) else { return false };
        let Some(name) = joined.take(group) else { return false };
        if joined.is_empty() {
            self.of_peers.remove(&peer);
        }
        self.remove_member(name, peer, events);
        true
    }

    /// Removes a peer from all groups, and adds what has happened to `events`.
    pub(crate) fn remove(&mut self, peer: PeerId, events: &mut VecDeque<GroupEvent>) {
        for name in self.of_peers.remove(&peer).unwrap_or_default() {
            self.remove_member(name, peer, events);
        }
    }

    fn remove_member(&mut self, name: Arc<str>, peer: PeerId, events: &mut VecDeque<GroupEvent>) {
        events.push_back(GroupEvent::Left { group: Arc::clone(&name), peer });
        let Some(members) = self.groups.get_mut(&name) else { return };
        members.remove(&peer);
        if members.is_empty() {
            self.groups.remove(&name);
            events.push_back(GroupEvent::Empty { group: name });
        }
    }

    /// Returns the peers of a group, unless there is no such group.
    pub(crate) fn of_group(&self, group: &str) -> Option<&BTreeSet<PeerId>> {
        self.groups.get(group)
    }

    /// Returns the groups of a peer, by name.
    pub(crate) fn of_peer(&self, peer: PeerId) -> Vec<String> {
        let joined = self.of_peers.get(&peer).into_iter().flatten();
        joined.map(|name| name.to_string()).collect()
    }

    /// Returns all groups, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.groups.keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.of_peers.is_empty()
    }
}
