//! `Gathering`: the outcomes of one call that was made of many peers.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::shared::slots::Outcome;
use crate::PeerId;
use crate::calls::CallError;

/// The outcomes of one call that was made of many peers, for whoever waits for them. Each peer adds one.
///
/// Locked after the calls of a peer, never before them.
#[derive(Debug, Default)]
pub(crate) struct Gathering(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Those that were not taken, oldest first.
    outcomes: VecDeque<(PeerId, Outcome)>,
    waker: Option<Waker>,
}

impl Gathering {
    /// Adds the outcome of a peer, and returns the waker of whoever waits.
    pub(crate) fn add(&self, peer: PeerId, outcome: Outcome) -> Option<Waker> {
        let mut state = self.lock();
        state.outcomes.push_back((peer, outcome));
        state.waker.take()
    }

    /// Adds this error for each of these peers that has no outcome waiting.
    pub(super) fn fail_others(
        &self,
        peers: impl Iterator<Item = PeerId>,
        error: impl Fn() -> CallError,
    ) {
        let mut state = self.lock();
        let ended: HashSet<_> = state.outcomes.iter().map(|(peer, _)| *peer).collect();
        let others = peers.filter(|peer| !ended.contains(peer));
        state.outcomes.extend(others.map(|peer| (peer, Err(error()))));
    }

    /// Takes the oldest outcome, or keeps the waker.
    pub(super) fn take(&self, waker: &Waker) -> Option<(PeerId, Outcome)> {
        let mut state = self.lock();
        let taken = state.outcomes.pop_front();
        if taken.is_none() {
            match &mut state.waker {
                Some(kept) => kept.clone_from(waker),
                kept => *kept = Some(waker.clone()),
            }
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
