//! `Restrictions`: what one peer of a server may send, and what was kept from the program for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Rate;

/// What one peer may send. Only a peer that is restricted has one.
#[derive(Debug)]
pub(crate) struct Restrictions {
    pub(crate) rate: Option<Rate>,
    pub(crate) counts: Arc<Counts>,
}

/// How often something was kept back.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) throttled: AtomicU64,
    pub(crate) dropped: AtomicU64,
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
}

impl Restrictions {
    /// Returns what restricts a new peer, if something does.
    pub(crate) fn new(rate: Option<Rate>) -> Option<Self> {
        rate.map(|rate| Self { rate: Some(rate), counts: Arc::default() })
    }
}

impl Counts {
    pub(crate) fn limited(&self) -> Limited {
        Limited {
            throttled: self.throttled.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}
