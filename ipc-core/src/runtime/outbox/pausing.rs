//! When a connection is not read from, for its peer does not read the answers.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::state::State;
use super::{Outbox, PAUSED};
use crate::protocol::connection::backpressure::{Handling, is_handled_here};
use crate::runtime::clock;

impl Outbox {
    /// Takes note that the connection's task handles messages now, and writes what is sent
    /// meanwhile together. What this thread sends until the result is dropped are answers.
    pub(crate) fn handle(&self) -> Handling {
        self.lock().corked = true;
        Handling::of(self)
    }

    /// Returns whether nothing more is to be read for now.
    pub(crate) fn is_paused(&self) -> bool {
        self.signals() & PAUSED != 0
    }

    /// Counts the message that was queued last, behind `before` bytes, if it is an answer.
    #[inline(never)]
    pub(super) fn count_answer(&self, state: &mut State, before: usize) {
        if !is_handled_here(self) {
            return;
        }
        let bytes = state.queue.bytes();
        let end = state.written.wrapping_add(bytes as u64);
        // A part of it may be written already.
        if state.pause.answered(bytes.saturating_sub(before), end) {
            self.signals.fetch_or(PAUSED, Ordering::Relaxed);
        }
    }

    /// Goes on reading if enough answers are written. Returns when it does so at the latest.
    pub(super) fn look_at_pause(&self, state: &mut State) -> Option<Instant> {
        if !state.pause.is_counting() {
            return None;
        }
        if !state.blocked {
            // Nothing waits for the peer to read: all is written, or an answer of its own is awaited.
            self.go_on(state);
            return None;
        }
        state.pause.written(state.written);
        if state.pause.yields_at(state.full_since).is_some() {
            state.pause.look_at_the_time(state.full_since, clock::now());
        }
        if !state.pause.is_paused() {
            self.signals.fetch_and(!PAUSED, Ordering::Relaxed);
        }
        state.pause.yields_at(state.full_since)
    }

    /// Goes on reading, whatever waits.
    pub(super) fn go_on(&self, state: &mut State) {
        if state.pause.is_counting() {
            state.pause.clear();
            self.signals.fetch_and(!PAUSED, Ordering::Relaxed);
        }
    }
}
