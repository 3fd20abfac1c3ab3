//! `Idle`: when a peer that sends nothing is cut.

use std::time::{Duration, Instant};

use ipc_codec::Framing;

/// The deadline of a peer that sends nothing.
#[derive(Debug)]
pub(super) struct Idle {
    timeout: Option<Duration>,
    since: Option<Since>,
    /// How many of the received bytes are no traffic.
    uncounted: usize,
    /// How many bytes a frame has besides its own.
    overhead: usize,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    at: Instant,
    /// How many bytes had been received when this was set.
    received: usize,
}

impl Idle {
    pub(super) fn new(timeout: Option<Duration>, framing: &Framing) -> Self {
        let overhead = match framing {
            Framing::Delimited(delimiter) => delimiter.as_bytes().len(),
            Framing::LengthPrefixed => 4,
            _ => 0,
        };
        Self { timeout, since: None, uncounted: 0, overhead }
    }

    /// Sets the deadline if something was received, and returns it. `received` is how many bytes ever
    /// were; only differences count.
    pub(super) fn deadline(
        &mut self,
        received: usize,
        now: impl Fn() -> Instant,
    ) -> Option<Instant> {
        let timeout = self.timeout?;
        let received = received.wrapping_sub(self.uncounted);
        if self.since.is_none_or(|since| since.received != received) {
            self.since = now().checked_add(timeout).map(|at| Since { at, received });
        }
        self.since.map(|since| since.at)
    }

    /// Takes a frame of `length` bytes that was received for no traffic.
    pub(super) fn discount(&mut self, length: usize) {
        self.uncounted = self.uncounted.wrapping_add(length).wrapping_add(self.overhead);
    }

    /// Stops the time: it starts anew with the next [`deadline`](Self::deadline).
    pub(super) fn pause(&mut self) {
        self.since = None;
    }

    /// Returns how long the peer may send nothing, if that time has passed.
    pub(super) fn passed(&self, received: usize, now: Instant) -> Option<Duration> {
        let received = received.wrapping_sub(self.uncounted);
        self.timeout.filter(|_| {
            self.since.is_some_and(|since| since.received == received && since.at <= now)
        })
    }
}
