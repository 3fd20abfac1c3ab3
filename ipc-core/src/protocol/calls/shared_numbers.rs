//! `SharedNumbers`: the numbers of calls that go to many peers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the calls that go to many peers: one number, and so one frame, for all of them. No call of one
/// peer alone has such a number: those end before 2^52, where these begin.
#[derive(Debug)]
pub struct SharedNumbers(AtomicU64);

impl SharedNumbers {
    /// Returns numbers from 2^52 on, of which so many were taken already.
    #[must_use]
    pub fn starting_at(taken: u64) -> Self {
        Self(AtomicU64::new(taken))
    }

    /// Takes the next number. After 2^53 - 1, they begin again.
    #[must_use]
    pub fn take(&self) -> u64 {
        (LAST_OWN + 1) | (self.0.fetch_add(1, Ordering::Relaxed) & LAST_OWN)
    }
}

/// The largest number of a call that goes to one peer.
pub(super) const LAST_OWN: u64 = (1 << 52) - 1;

/// The largest number of a call, which JavaScript tells from its neighbours.
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;
