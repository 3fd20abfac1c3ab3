//! When a connection is not read from: its peer does not read the answers, or handlers are slow.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::state::OutboxState;
use super::writing::Writing;
use super::{BACKLOGGED, Outbox, PAUSED};
use crate::protocol::connection::backpressure::{Handling, is_handled_here};
use crate::runtime::clock;

impl Outbox {
    /// Counts what this thread sends as answers until the result is dropped.
    pub(crate) fn handle(&self) -> Handling {
        Handling::of(self)
    }

    /// Returns whether nothing more is read for now.
    pub(crate) fn is_paused(&self) -> bool {
        self.signals() & PAUSED != 0
    }

    /// Stops the reading: so much waits for async handlers.
    pub(crate) fn mark_backlogged(&self) {
        self.signals.fetch_or(BACKLOGGED, Ordering::Relaxed);
    }

    /// Has the connection read on once it is woken.
    pub(crate) fn clear_backlogged(&self) {
        self.signals.fetch_and(!BACKLOGGED, Ordering::Relaxed);
    }

    /// Returns whether so much waits for async handlers that nothing more is read.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.signals() & BACKLOGGED != 0
    }

    /// Counts the message that was queued last, after `before` bytes, if it is an answer.
    #[cold]
    pub(super) fn count_answer(&self, state: &mut OutboxState, before: usize) {
        if !is_handled_here(self) {
            return;
        }
        let bytes = state.queue.bytes();
        let end = state.progress.written.wrapping_add(bytes as u64);
        // A part of it may be written already.
        if state.pause.answered(bytes.saturating_sub(before), end) {
            self.signals.fetch_or(PAUSED, Ordering::Relaxed);
        }
    }

    /// Resumes reading if enough answers are written. Returns when it does so at the latest.
    #[inline]
    pub(super) fn look_at_pause(&self, state: &mut OutboxState) -> Option<Instant> {
        if state.pause.is_counting() { self.look_at_answers(state) } else { None }
    }

    #[cold]
    fn look_at_answers(&self, state: &mut OutboxState) -> Option<Instant> {
        if state.writing != Writing::Blocked {
            // Nothing waits for the peer to read: all is written, or its own answer is awaited.
            self.go_on(state);
            return None;
        }
        let full_since = state.progress.full_since;
        state.pause.written(state.progress.written);
        if state.pause.yields_at(full_since).is_some() {
            state.pause.look_at_the_time(full_since, clock::now());
        }
        if !state.pause.is_paused() {
            self.signals.fetch_and(!PAUSED, Ordering::Relaxed);
        }
        state.pause.yields_at(full_since)
    }

    /// Resumes reading, whatever waits.
    #[inline]
    pub(super) fn go_on(&self, state: &mut OutboxState) {
        if state.pause.is_counting() {
            state.pause.clear();
            self.signals.fetch_and(!PAUSED, Ordering::Relaxed);
        }
    }
}
