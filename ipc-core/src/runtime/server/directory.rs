//! `Directory`: what a server knows of its peers by their numbers, for all handles to them.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::groups::error::GroupError;
use crate::groups::event::GroupEvent;
use crate::groups::limits::GroupLimits;
use crate::groups::members::Members;
use crate::groups::{PatternLimits, PatternTrie, TooManyPatterns};
use crate::hello::Identities;
use crate::protocol::calls::Failure;
use crate::runtime::clock;
use crate::{Bye, MessageFormat, Pattern, Peer, PeerId, SameIdentity, TopicEvent};

/// What a server knows of its peers by their numbers. It knows no format, so that a peer can hold it
/// in its config.
///
/// Lock order: the directory, then the list of peers or an outbox.
pub(crate) struct Directory {
    state: Mutex<State>,
    /// Held while handlers are notified, so that they see the events in the order of the changes.
    turn: Mutex<()>,
    /// The number that the server gives itself, 16 random hexadecimal digits.
    id: Box<str>,
    /// The thread that notifies.
    notifier: Mutex<Option<ThreadId>>,
    notify: Box<dyn Fn(Change) + Send + Sync>,
}

/// What has happened, for handlers.
#[derive(Debug)]
pub(crate) enum Change {
    Group(GroupEvent),
    Topic(TopicEvent),
}

/// A peer that can be sent away, of any format.
pub(crate) trait Dismiss: Send + Sync {
    /// Tells the peer why it will be closed.
    fn tell(&self, bye: &Bye);

    /// Tells the peer why, and closes it.
    fn dismiss(&self, bye: &Bye);
}

/// What is under the directory's lock.
pub(crate) struct State {
    pub(crate) members: Members,
    pub(crate) identities: Identities<Arc<dyn Dismiss>>,
    /// Which peers have subscribed to what.
    pub(crate) topics: PatternTrie<PeerId>,
    /// What the handlers have not been notified of.
    changes: VecDeque<Change>,
}

impl Directory {
    /// Returns an empty directory, which calls `notify` with each event, without a lock that peers or
    /// groups need.
    pub(crate) fn new(
        groups: GroupLimits,
        topics: PatternLimits,
        same: SameIdentity,
        notify: impl Fn(Change) + Send + Sync + 'static,
    ) -> Self {
        let (members, topics) = (Members::new(groups), PatternTrie::new(topics));
        Self {
            state: Mutex::new(State {
                members,
                topics,
                identities: Identities::new(same),
                changes: VecDeque::new(),
            }),
            id: format!("{:016x}", clock::random()).into(),
            turn: Mutex::new(()),
            notifier: Mutex::new(None),
            notify: Box::new(notify),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Adds a peer to a group. Returns whether it was not in it.
    pub(super) fn join<F: MessageFormat>(
        &self,
        peer: &Peer<F>,
        group: &str,
    ) -> Result<bool, GroupError> {
        let mut state = self.lock();
        // Under the lock: a peer is closed before it is removed from here.
        if !peer.outbox().is_open() {
            return Err(GroupError::Closed);
        }
        let joined = state.change(|members, events| members.join(peer.id(), group, events))?;
        drop(state);
        if joined {
            self.report();
        }
        Ok(joined)
    }

    /// Removes a peer from a group. Returns whether it was in it.
    pub(super) fn leave(&self, peer: PeerId, group: &str) -> bool {
        let mut state = self.lock();
        let left = state.change(|members, events| members.leave(peer, group, events));
        drop(state);
        if left {
            self.report();
        }
        left
    }

    /// Removes a closed peer from everything.
    pub(super) fn remove(&self, peer: PeerId) {
        let mut state = self.lock();
        state.identities.remove(peer);
        let before = state.changes.len();
        state.change(|members, events| members.remove(peer, events));
        state.unsubscribe(peer, None);
        let changed = state.changes.len() > before;
        drop(state);
        if changed {
            self.report();
        }
    }

    /// Returns the number that the server gives itself.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Tells all peers that have said hello that they will be closed.
    pub(super) fn dismiss_all(&self, bye: &Bye) {
        let all = self.lock().identities.all();
        all.iter().for_each(|peer| peer.tell(bye));
    }

    /// Subscribes a peer to all of the patterns, or to none of them. Returns how many it then has.
    pub(crate) fn subscribe<F: MessageFormat>(
        &self,
        peer: &Peer<F>,
        patterns: &BTreeSet<Pattern>,
    ) -> Result<usize, Failure> {
        let mut state = self.lock();
        // Under the lock: a peer is closed before it is removed from here.
        if !peer.outbox().is_open() {
            return Err(Failure::closing());
        }
        let peer = peer.id();
        let State { topics, changes, .. } = &mut *state;
        let added = patterns.iter().filter(|pattern| !topics.holds(peer, pattern));
        let added: Vec<_> = added.cloned().collect();
        topics.insert_all(peer, &added).map_err(|error| too_many(&error))?;
        let has = topics.patterns(peer).len();
        let changed = !added.is_empty();
        let events = added.into_iter().map(|pattern| TopicEvent::Subscribed { peer, pattern });
        changes.extend(events.map(Change::Topic));
        drop(state);
        if changed {
            self.report();
        }
        Ok(has)
    }

    /// Ends subscriptions of a peer, or (`None`) all of them. Returns how many it then has.
    pub(crate) fn unsubscribe(&self, peer: PeerId, patterns: Option<&BTreeSet<Pattern>>) -> usize {
        let mut state = self.lock();
        let before = state.changes.len();
        state.unsubscribe(peer, patterns);
        let has = state.topics.patterns(peer).len();
        let changed = state.changes.len() > before;
        drop(state);
        if changed {
            self.report();
        }
        has
    }

    /// Returns how many subscriptions a peer may have.
    pub(crate) fn topics_per_peer(&self) -> usize {
        self.lock().topics.limits().per_id
    }

    /// Notifies of what has happened, or waits for the thread that does. So the events are never more
    /// than the changes at hand, and a peer that joins and leaves all the time slows itself down.
    fn report(&self) {
        let this = thread::current().id();
        if *lock(&self.notifier) == Some(this) {
            // A handler changed something. Its event comes after the one at hand.
            return;
        }
        let turn = lock(&self.turn);
        *lock(&self.notifier) = Some(this);
        let done = Done(self);
        loop {
            let change = self.lock().changes.pop_front();
            let Some(change) = change else { break };
            (self.notify)(change);
        }
        drop(done);
        drop(turn);
    }
}

impl State {
    /// Changes who is in which groups.
    fn change<R>(
        &mut self,
        change: impl FnOnce(&mut Members, &mut VecDeque<GroupEvent>) -> R,
    ) -> R {
        let mut events = VecDeque::new();
        let changed = change(&mut self.members, &mut events);
        self.changes.extend(events.into_iter().map(Change::Group));
        changed
    }

    fn unsubscribe(&mut self, peer: PeerId, patterns: Option<&BTreeSet<Pattern>>) {
        let had = self.topics.patterns(peer);
        let ended = had.filter(|pattern| patterns.is_none_or(|these| these.contains(*pattern)));
        let ended: Vec<_> = ended.cloned().collect();
        if patterns.is_none() {
            self.topics.remove_id(peer);
        } else {
            for pattern in &ended {
                self.topics.remove(peer, pattern);
            }
        }
        let events = ended.into_iter().map(|pattern| TopicEvent::Unsubscribed { peer, pattern });
        self.changes.extend(events.map(Change::Topic));
    }
}

/// Says that a peer has as many subscriptions as it may.
pub(crate) fn too_many(error: &TooManyPatterns) -> Failure {
    Failure::new(error.code(), error.to_string())
}

/// Says that no thread notifies, however it ends.
struct Done<'a>(&'a Directory);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        *lock(&self.0.notifier) = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}
