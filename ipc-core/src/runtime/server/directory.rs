//! `Directory`: what a server knows of its peers by their numbers, for all handles to them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::groups::error::GroupError;
use crate::groups::event::GroupEvent;
use crate::groups::limits::GroupLimits;
use crate::groups::members::Members;
use crate::hello::Identities;
use crate::runtime::clock;
use crate::{Bye, MessageFormat, Peer, PeerId, SameIdentity};

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
    notify: Box<dyn Fn(GroupEvent) + Send + Sync>,
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
    /// What the handlers have not been notified of.
    events: VecDeque<GroupEvent>,
}

impl Directory {
    /// Returns an empty directory, which calls `notify` with each event, without a lock that peers or
    /// groups need.
    pub(crate) fn new(
        limits: GroupLimits,
        same: SameIdentity,
        notify: impl Fn(GroupEvent) + Send + Sync + 'static,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                members: Members::new(limits),
                identities: Identities::new(same),
                events: VecDeque::new(),
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
        let State { members, events, .. } = &mut *state;
        let joined = members.join(peer.id(), group, events)?;
        drop(state);
        if joined {
            self.report();
        }
        Ok(joined)
    }

    /// Removes a peer from a group. Returns whether it was in it.
    pub(super) fn leave(&self, peer: PeerId, group: &str) -> bool {
        let mut state = self.lock();
        let State { members, events, .. } = &mut *state;
        let left = members.leave(peer, group, events);
        drop(state);
        if left {
            self.report();
        }
        left
    }

    /// Removes a closed peer from everything.
    pub(super) fn remove(&self, peer: PeerId) {
        let mut state = self.lock();
        let State { members, identities, events } = &mut *state;
        identities.remove(peer);
        let before = events.len();
        members.remove(peer, events);
        let changed = events.len() > before;
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
            let event = self.lock().events.pop_front();
            let Some(event) = event else { break };
            (self.notify)(event);
        }
        drop(done);
        drop(turn);
    }
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
