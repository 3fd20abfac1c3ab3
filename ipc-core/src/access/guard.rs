//! `Guard`: holds one peer to what it may do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::meter::OncePerSecond;
use super::{Allow, Counts, Denied, OnDenied, Restrictions};
use crate::Error;
use crate::protocol::connection::Input;

/// What one peer may do, and when it was last reported for doing something else.
#[derive(Debug)]
pub(crate) struct Guard {
    allow: Allow,
    then: OnDenied,
    counts: Arc<Counts>,
    reports: OncePerSecond,
}

/// What follows something that is not allowed.
#[derive(Debug)]
pub(crate) enum Denial {
    /// The error is reported.
    Report(Error),
    /// The connection is closed: what to feed to its machine.
    Close(Input),
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

    /// Returns whether the peer may send the event.
    pub(crate) fn permits_event(&self, name: &str) -> bool {
        self.allow.permits_event(name)
    }

    /// Returns whether the peer may call the method.
    pub(crate) fn permits_call(&self, method: &str) -> bool {
        self.allow.permits_call(method)
    }

    /// Counts something that is not allowed, and returns what follows; nothing if the like was reported
    /// a moment ago.
    pub(crate) fn deny(&mut self, what: Denied, name: &str, now: Instant) -> Option<Denial> {
        self.counts.denied.fetch_add(1, Ordering::Relaxed);
        let then = self.then;
        match then {
            OnDenied::Close => Some(Denial::Close(Input::Denied { what, name: shown(name) })),
            OnDenied::Report => self
                .reports
                .is_due(now)
                .then(|| Denial::Report(Error::Denied { what, name: shown(name), then })),
        }
    }
}

/// Returns a name that a peer has chosen as an error shows it: not at any length.
fn shown(name: &str) -> String {
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// How many characters of a name an error has: enough to know it by.
const MAX_SHOWN: usize = 64;
