//! `Restrictions`: what one peer of a server may send, and what was kept from the program for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Allow, OnDenied, Rate};

/// What one peer may send. Only a peer that is restricted has one.
#[derive(Debug)]
pub(crate) struct Restrictions {
    pub(crate) rate: Option<Rate>,
    pub(crate) allow: Allow,
    pub(crate) then: OnDenied,
    pub(crate) counts: Arc<Counts>,
}

/// How often something was kept back.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) throttled: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) denied: AtomicU64,
}

/// How often the rules of a server kept what a peer sent from its program: see
/// [`Peer::limited`](crate::Peer::limited).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Limited {
    /// How often the peer was not read from for a while, since it had used up its [`Rate`].
    pub throttled: u64,
    /// How many of its messages were dropped for being over its [`Rate`].
    pub dropped: u64,
    /// How many of its events were dropped, and how many of its calls refused, for not being in its
    /// [`Allow`].
    pub denied: u64,
}

impl Restrictions {
    /// Returns what restricts a new peer, if something does.
    pub(crate) fn new(rate: Option<Rate>, allow: Allow, then: OnDenied) -> Option<Self> {
        let restricts = rate.is_some() || !allow.permits_all();
        restricts.then(|| Self { rate, allow, then, counts: Arc::default() })
    }
}

impl Counts {
    pub(crate) fn limited(&self) -> Limited {
        Limited {
            throttled: self.throttled.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            denied: self.denied.load(Ordering::Relaxed),
        }
    }
}
