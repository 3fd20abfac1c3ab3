//! The alarm of a peer's calls: one timer that wakes their futures when their time is over.
//!
//! Most calls end long before that, and a timer for each would cost more than all else that is done
//! for it at the asker. The alarm is a task of its own: a handler that blocks the connection's task
//! delays it no more than it would delay the future of the call itself.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::Instant;

use super::primitives::{MutexGuard, Notify, Sleep, now, sleep_until, spawn};
use super::{Calls, State};

/// An alarm that is set.
#[derive(Debug)]
pub(super) struct Alarm {
    /// When it wakes whose time is over: the first deadline, or before it.
    at: Instant,
    /// Notified when it is to look again: for an earlier deadline, or since the calls are gone.
    changed: Arc<Notify>,
}

impl Calls {
    /// Has the future of a call that is open woken at its deadline. May unlock for a moment.
    #[inline]
    pub(super) fn set_alarm<'a>(
        self: &'a Arc<Self>,
        state: MutexGuard<'a, State>,
        deadline: Instant,
    ) -> MutexGuard<'a, State> {
        if state.alarm.as_ref().is_none_or(|alarm| alarm.at > deadline) {
            return self.set_alarm_anew(state, deadline);
        }
        state
    }

    #[cold]
    fn set_alarm_anew<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        deadline: Instant,
    ) -> MutexGuard<'a, State> {
        if let Some(alarm) = &mut state.alarm {
            alarm.at = deadline;
            alarm.changed.notify_one();
            return state;
        }
        // Here, so that a runtime without timers, or none at all, is the caller's panic.
        let mut sleep = Box::pin(sleep_until(deadline.into()));
        let _ = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let changed = Arc::new(Notify::new());
        state.alarm = Some(Alarm { at: deadline, changed: Arc::clone(&changed) });
        drop(state);
        // Not under the lock: a runtime that stops drops the task here.
        spawn(Ringing { calls: Arc::downgrade(self), changed }.run(sleep));
        self.lock()
    }

    /// Wakes the futures of the calls whose time is over. Returns when to do so again, if calls are
    /// open.
    fn ring(&self) -> Option<Instant> {
        let mut state = self.lock();
        let overdue = state.asker.overdue(now());
        let wakers = overdue.into_iter().filter_map(|number| state.slots.take_waker(number));
        let wakers: Vec<_> = wakers.collect();
        let next = state.asker.next_deadline();
        match (&mut state.alarm, next) {
            (Some(alarm), Some(next)) => alarm.at = next,
            (alarm, _) => *alarm = None,
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        next
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(alarm) = &state.alarm {
            alarm.changed.notify_one();
        }
    }
}

/// The task of an alarm.
struct Ringing {
    calls: Weak<Calls>,
    changed: Arc<Notify>,
}

impl Ringing {
    /// Rings at each deadline, until no call is open.
    async fn run(self, mut sleep: Pin<Box<Sleep>>) {
        loop {
            tokio::select! {
                // Whichever it is, the same follows.
                biased;
                () = &mut sleep => {}
                () = self.changed.notified() => {}
            }
            let Some(calls) = self.calls.upgrade() else { return };
            let Some(next) = calls.ring() else { return };
            sleep.as_mut().reset(next.into());
        }
    }
}

impl Drop for Ringing {
    /// A runtime has stopped and calls of another one may be open: their futures set an alarm there.
    fn drop(&mut self) {
        let Some(calls) = self.calls.upgrade() else { return };
        let mut state = calls.lock();
        if state.alarm.as_ref().is_some_and(|alarm| Arc::ptr_eq(&alarm.changed, &self.changed)) {
            state.alarm = None;
            let wakers = state.slots.take_wakers();
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}
