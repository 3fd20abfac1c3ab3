//! `Gauge`: holds one peer to its rate, in either driver.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::access::{Counts, Limited, Meter, Restrictions, Verdict};
use crate::error::Error;
use crate::runtime::clock;
use crate::{Peer, Rate};

/// How much of its rate a peer has used, and what that kept back.
#[derive(Debug)]
pub(crate) struct Gauge {
    meter: Meter,
    counts: Arc<Counts>,
}

/// What becomes of a frame.
#[derive(Debug)]
pub(crate) enum Pass {
    /// It is handled.
    Yes,
    /// It is handled, and the peer is not read from until [`Gauge::throttled_until`].
    ThenPause,
    /// It is dropped; the error to report, if there is one.
    No(Option<Error>),
    /// It is dropped, and the connection closed.
    Close(Rate),
}

impl Gauge {
    /// Returns the gauge of a new peer.
    pub(crate) fn new(rate: Rate, datagrams: bool, counts: Arc<Counts>) -> Box<Self> {
        Box::new(Self { meter: Meter::new(rate, datagrams, clock::now()), counts })
    }

    /// Returns the gauge of a new peer if it has a rate.
    pub(crate) fn of<F>(peer: &Peer<F>, datagrams: bool) -> Option<Box<Self>> {
        let restrictions = peer.restrictions()?;
        Some(Self::new(restrictions.rate?, datagrams, Arc::clone(&restrictions.counts)))
    }

    /// Charges a frame of this many bytes, and counts what it keeps back.
    pub(crate) fn take(&mut self, bytes: usize) -> Pass {
        match self.meter.take(bytes, clock::now()) {
            Verdict::Take => Pass::Yes,
            Verdict::TakeAndPause => {
                self.counts.throttled.fetch_add(1, Ordering::Relaxed);
                Pass::ThenPause
            }
            Verdict::Drop { report } => {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                let rate = self.meter.rate();
                Pass::No(report.map(|dropped| Error::RateExceeded { rate, dropped }))
            }
            Verdict::Close => Pass::Close(self.meter.rate()),
        }
    }

    /// Returns until when the peer is not read from, if it is not.
    pub(crate) fn throttled_until(&mut self) -> Option<Instant> {
        self.meter.throttled_until(clock::now)
    }
}

impl<F> Peer<F> {
    /// Returns how often what the peer sent was kept from the program, since it was over its [`Rate`] or
    /// not in its [`Allow`](crate::Allow). For a client's peer, and without such rules, nothing ever is.
    #[must_use]
    pub fn limited(&self) -> Limited {
        self.restrictions()
            .map_or_else(Limited::default, |restrictions| restrictions.counts.limited())
    }

    /// Sets what the peer may send: once, before it is read from.
    pub(crate) fn restrict(&self, restrictions: Option<Restrictions>) {
        if let Some(restrictions) = restrictions {
            let _ = self.restrictions_cell().set(Box::new(restrictions));
        }
    }

    /// Returns what the peer may send, if that is limited.
    pub(crate) fn restrictions(&self) -> Option<&Restrictions> {
        self.restrictions_cell().get().map(|restrictions| &**restrictions)
    }
}
