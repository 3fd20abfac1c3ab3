//! What tokio's `Notify` does, under one lock. The table is that of tokio 1.54:
//!
//! - `notify_one` reaches the oldest that waits. If none does, it leaves one permit, which the next one
//!   takes instead of waiting; a second permit is not kept.
//! - `notify_waiters` reaches all that wait, and the futures that were made before it and not polled.
//!   It leaves no permit and takes none.
//! - A future dropped after `notify_one` has reached it, and before it was polled, passes that on.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::primitives::{Mutex, MutexGuard};

#[derive(Debug)]
pub(in super::super) struct Notify {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether `notify_one` has found no waiter.
    permit: bool,
    /// How many times all were notified.
    rounds: usize,
    /// Those that wait, oldest first.
    waiters: VecDeque<Waiter>,
    /// Those that `notify_one` has reached, until they are polled.
    reached: Vec<u64>,
    /// How many have waited so far.
    count: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    waker: Option<Waker>,
}

impl State {
    /// Reaches the oldest that waits, or leaves a permit. Returns whom to wake.
    fn notify_one(&mut self) -> Option<Waker> {
        let Some(oldest) = self.waiters.pop_front() else {
            self.permit = true;
            return None;
        };
        self.reached.push(oldest.id);
        oldest.waker
    }

    /// Forgets that one was reached by `notify_one`. Returns whether it was.
    fn take_reached(&mut self, id: u64) -> bool {
        let before = self.reached.len();
        self.reached.retain(|reached| *reached != id);
        self.reached.len() < before
    }
}

impl Notify {
    pub(in super::super) fn new() -> Self {
        Self { state: Mutex::new(State::default()) }
    }

    pub(in super::super) fn notified(&self) -> Notified<'_> {
        let rounds = self.lock().rounds;
        Notified { notify: self, rounds, stage: Stage::New }
    }

    pub(in super::super) fn notify_one(&self) {
        let mut state = self.lock();
        let waker = state.notify_one();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(in super::super) fn notify_waiters(&self) {
        let mut state = self.lock();
        state.rounds = state.rounds.wrapping_add(1);
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        waiters.into_iter().filter_map(|waiter| waiter.waker).for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The future of [`Notify::notified`].
#[derive(Debug)]
pub(in super::super) struct Notified<'a> {
    notify: &'a Notify,
    /// How many times all had been notified when it was made.
    rounds: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    New,
    /// It waits, or was reached and does not know it yet.
    Waits(u64),
    Done,
}

impl Notified<'_> {
    /// Has it wait from now on, and not from its first poll. Returns whether it was reached already.
    pub(in super::super) fn enable(self: Pin<&mut Self>) -> bool {
        self.get_mut().poll_with(None).is_ready()
    }

    fn poll_with(&mut self, waker: Option<&Waker>) -> Poll<()> {
        let mut state = self.notify.lock();
        match self.stage {
            Stage::Done => {}
            Stage::New if state.rounds != self.rounds => {}
            Stage::New if std::mem::take(&mut state.permit) => {}
            Stage::New => {
                let id = state.count;
                state.count += 1;
                state.waiters.push_back(Waiter { id, waker: waker.cloned() });
                self.stage = Stage::Waits(id);
                return Poll::Pending;
            }
            Stage::Waits(id) => {
                if let Some(waiter) = state.waiters.iter_mut().find(|waiter| waiter.id == id) {
                    if let Some(waker) = waker {
                        waiter.waker = Some(waker.clone());
                    }
                    return Poll::Pending;
                }
                state.take_reached(id);
            }
        }
        self.stage = Stage::Done;
        Poll::Ready(())
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().poll_with(Some(cx.waker()))
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let Stage::Waits(id) = self.stage else { return };
        let mut state = self.notify.lock();
        state.waiters.retain(|waiter| waiter.id != id);
        let next = if state.take_reached(id) { state.notify_one() } else { None };
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}
