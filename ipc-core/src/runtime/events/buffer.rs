//! `Buffer`: the items that wait for the reader of a stream, up to a number of bytes.
//!
//! Several threads add to it and one reads, so the models in `outbox_tests` compile it once more over
//! what loom schedules: it takes its lock from `primitives`.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::super::primitives::{Mutex, MutexGuard};

/// What a buffer holds.
pub(crate) trait Weigh {
    /// Returns about how many bytes of memory the item holds.
    fn weight(&self) -> usize;
}

/// The items that wait for the reader of a stream.
pub(crate) struct Buffer<T> {
    state: Mutex<State<T>>,
    max_bytes: usize,
}

struct State<T> {
    items: VecDeque<T>,
    bytes: usize,
    /// Whether no item follows.
    ended: bool,
    /// Whether the stream was dropped.
    dropped: bool,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

impl<T: Weigh> Buffer<T> {
    pub(crate) fn new(max_bytes: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            ended: false,
            dropped: false,
            reader: None,
            writers: Vec::new(),
        };
        Self { state: Mutex::new(state), max_bytes }
    }

    /// Puts `item` in if there is room, or registers the task to wake when there is.
    pub(crate) fn poll_push(&self, cx: &Context<'_>, item: &mut Option<T>) -> Poll<()> {
        let mut state = self.lock();
        if state.dropped {
            drop(state);
            drop(item.take());
            return Poll::Ready(());
        }
        // One item may exceed the bound, or one larger than the bound could never pass.
        if state.bytes >= self.max_bytes && !state.items.is_empty() {
            if !state.writers.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.writers.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        Self::put(state, item.take());
        Poll::Ready(())
    }

    /// Puts `item` in although there may be no room.
    pub(crate) fn push_over(&self, item: Option<T>) {
        let state = self.lock();
        if !state.dropped {
            Self::put(state, item);
        }
    }

    fn put(mut state: MutexGuard<'_, State<T>>, item: Option<T>) {
        if let Some(item) = item {
            state.bytes = state.bytes.saturating_add(item.weight());
            state.items.push_back(item);
        }
        wake_reader(state);
    }

    /// Ends the stream after the items it has.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake_reader(state);
    }

    /// Takes the next item, or registers the task to wake when there is one. `None` if none follows.
    pub(crate) fn poll_pop(&self, cx: &Context<'_>) -> Poll<Option<T>> {
        let mut state = self.lock();
        let Some(item) = state.items.pop_front() else {
            if state.ended {
                return Poll::Ready(None);
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let was_full = state.bytes >= self.max_bytes;
        state.bytes = state.bytes.saturating_sub(item.weight());
        let wake = was_full && (state.bytes < self.max_bytes || state.items.is_empty());
        let writers = if wake { std::mem::take(&mut state.writers) } else { Vec::new() };
        drop(state);
        writers.into_iter().for_each(Waker::wake);
        Poll::Ready(Some(item))
    }

    /// Handles that the stream was dropped: nothing waits for it any more.
    pub(crate) fn drop_reader(&self) {
        let mut state = self.lock();
        state.dropped = true;
        let items = std::mem::take(&mut state.items);
        let writers = std::mem::take(&mut state.writers);
        drop(state);
        // Dropping an item may drop the last handle to a peer, which comes back to other locks.
        drop(items);
        writers.into_iter().for_each(Waker::wake);
    }

    /// Returns whether the stream was dropped.
    pub(crate) fn is_dropped(&self) -> bool {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unlocks, and wakes whoever waits for an item or the end.
fn wake_reader<T>(mut state: MutexGuard<'_, State<T>>) {
    let reader = state.reader.take();
    drop(state);
    if let Some(reader) = reader {
        reader.wake();
    }
}
