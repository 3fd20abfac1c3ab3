//! `Guard`: holds one peer to what it may do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::meter::OncePerSecond;
use super::{Allow, Counts, OnDenied, Restrictions};

/// What one peer may do, and when it was last reported for doing something else.
#[derive(Debug)]
pub(crate) struct Guard {
    allow: Allow,
    then: OnDenied,
    counts: Arc<Counts>,
    reports: OncePerSecond,
}

/// What follows something that is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// It is counted, and was reported a moment ago.
    Nothing,
    Report,
    Close,
}

impl Guard {
    /// Returns the guard of a new peer, unless it may do everything.
    pub(crate) fn of(restrictions: &Restrictions, datagrams: bool) -> Option<Box<Self>> {
        let Restrictions { allow, then, counts, .. } = restrictions;
        let then = if datagrams { OnDenied::Report } else { *then };
        (!allow.permits_all()).then(|| {
            let (allow, counts) = (allow.clone(), Arc::clone(counts));
            Box::new(Self { allow, then, counts, reports: OncePerSecond::default() })
        })
    }

    /// Returns what the peer may do.
    pub(crate) fn allow(&self) -> &Allow {
        &self.allow
    }

    /// Counts something that is not allowed, and returns what follows.
    pub(crate) fn deny(&mut self, now: Instant) -> Consequence {
        self.counts.denied.fetch_add(1, Ordering::Relaxed);
        match self.then {
            OnDenied::Close => Consequence::Close,
            OnDenied::Report if self.reports.is_due(now) => Consequence::Report,
            OnDenied::Report => Consequence::Nothing,
        }
    }
}

/// Returns a name that a peer has chosen as an error shows it: not at any length.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// How many characters of a name an error has: enough to know it by.
const MAX_SHOWN: usize = 64;
