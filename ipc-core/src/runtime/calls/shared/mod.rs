//! The calls of one peer that its handles and its connection share, under one lock.
//!
//! What is here waits, wakes and is ended from several threads, so the model in `outbox_tests/calls`
//! compiles it once more over what loom schedules: it takes locks, the time and tasks from
//! `primitives`, and reaches the peer by [`side::Side`] alone.

mod alarm;
pub(crate) mod ask;
mod end;
pub(crate) mod side;
pub(crate) mod slots;

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use tokio::task::AbortHandle;

use self::alarm::Alarm;
use self::slots::Slots;
use super::super::outbox::Outbox;
use super::super::primitives::{self, AtomicUsize, Mutex, MutexGuard, Notify};
use crate::calls::CallError;
use crate::error::EmitError;
use crate::options::ConnectionConfig;
use crate::protocol::calls::{
    Answerer, Asker, ById, CallFormat, CallNumber, Credit, Failure, OwedCancel, Sent, Signal,
};
use crate::protocol::queue::QueueLimit;
use crate::runtime::calls::builtin::{OnAnswer, Waiting};
use crate::runtime::calls::seen::{News, Seen};
use crate::runtime::clock;

/// The calls of one peer, in both directions. Locked before the outbox, never after it.
#[derive(Debug)]
pub(crate) struct Calls {
    state: Mutex<State>,
    /// Notified when a call has ended, on either side, or got credit.
    changed: Notify,
    /// How many wait for that.
    waiting: AtomicUsize,
    /// What they show about the peer's life.
    pub(crate) seen: Arc<Seen>,
    config: Arc<ConnectionConfig>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) asker: Asker,
    /// What the futures of open calls wait for.
    pub(crate) slots: Slots,
    /// What wakes them when their time is over, if one of them waits.
    alarm: Option<Alarm>,
    /// The calls of built-in methods that this side has made.
    pub(crate) waiting: Waiting,
    /// Whether what was received last answers a call that was written past the send queue.
    answered_past_queue: bool,
    pub(crate) answerer: Answerer,
    /// The tasks of the calls that run and have not ended at once, by their ids.
    pub(crate) running: ById<AbortHandle>,
    /// The ids of the calls that run to their ends whatever the asker does, since their methods said so.
    pub(crate) detached: HashSet<u64>,
    /// How many items the peer wants of the streams that run, by their ids.
    pub(crate) credits: ById<Credit>,
    /// Whether new calls are refused, since the connection is about to close.
    pub(crate) closing: bool,
    /// Whether no connection will carry a call any more.
    pub(crate) closed: bool,
    /// Whether a second call with a number in use was reported.
    pub(crate) duplicate_reported: bool,
}

impl Calls {
    /// Returns the calls of a peer. `comes_back` says whether they outlive its connections.
    pub(crate) fn new(config: Arc<ConnectionConfig>, comes_back: bool) -> Self {
        let options = config.calls;
        // An answer to an earlier connection of the same peer may still come: a client that comes
        // back has it in its queue, and over datagrams it may be on its way.
        let counted = comes_back && config.max_datagram.is_none();
        let first = if counted { 1 } else { (clock::chance() * 1e12) as u64 };
        let state = State {
            asker: Asker::starting_at(options.ask_limits(config.sync), first),
            slots: Slots::default(),
            alarm: None,
            waiting: Waiting::default(),
            answered_past_queue: false,
            answerer: Answerer::new(options.answer_limits()),
            running: ById::default(),
            detached: HashSet::new(),
            credits: ById::default(),
            closing: false,
            closed: false,
            duplicate_reported: false,
        };
        let (waiting, seen) = (AtomicUsize::new(0), Arc::default());
        Self { state: Mutex::new(state), changed: Notify::new(), waiting, seen, config }
    }

    /// Takes what is new about the peer's life, if something is.
    #[inline]
    pub(crate) fn take_news(&self) -> Option<News> {
        self.seen.take()
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles that the connection is lost: the calls that it has carried fail, and those that run
    /// for the peer stop. `closing` says whether this side wanted the end.
    pub(crate) fn connection_lost(&self, outbox: &Outbox, closing: bool) {
        let mut state = self.lock();
        // These have left the queue, too, and were not written.
        let (mut wakers, evicted_builtins) = self.end_evicted(&mut state, outbox);
        let first_unsent = outbox.first_unsent();
        let lost = state.asker.connection_lost(first_unsent);
        let lost_builtins = state.waiting.connection_lost(first_unsent);
        let mut frames = lost.frames;
        frames.extend(lost_builtins.iter().filter_map(|lost| lost.unsent));
        frames.sort_unstable();
        if !frames.is_empty() {
            let taken_out = outbox.take_out(&frames);
            state.asker.taken_out(&taken_out);
            state.waiting.taken_out(&taken_out);
        }
        let error = |sent| match closing {
            true => CallError::Closed { sent },
            false => CallError::Disconnected { sent },
        };
        for (number, sent) in lost.calls {
            wakers.extend(state.slots.end(number, Err(error(sent))));
        }
        state.stop_all();
        state.duplicate_reported = false;
        self.seen.clear();
        self.wake(state, wakers);
        self.fail_evicted(evicted_builtins);
        for lost in lost_builtins {
            let sent = if lost.unsent.is_some() { Sent::No } else { Sent::Maybe };
            // There is no connection to report it on.
            drop((lost.on_answer)(Err(error(sent))));
        }
    }

    /// Handles that there is no next connection: the calls that waited for it fail.
    pub(crate) fn closed(&self) {
        let mut state = self.lock();
        state.closed = true;
        // What was written has ended with its connection.
        let unsent = state.asker.closed(0);
        let unsent_builtins = state.waiting.closed();
        let error = || CallError::Closed { sent: Sent::No };
        let wakers = unsent.into_iter().map(|(number, _)| state.slots.end(number, Err(error())));
        let wakers: Vec<_> = wakers.flatten().collect();
        state.stop_all();
        self.wake(state, wakers);
        unsent_builtins.into_iter().for_each(|on_answer| drop(on_answer(Err(error()))));
    }

    /// Does what is left to do in a turn of the connection's task. Returns whether cancels wait for
    /// room in the queue.
    pub(crate) fn turn(&self, outbox: &Outbox, format: &dyn CallFormat) -> bool {
        let mut state = self.lock();
        // Nearly always.
        if !state.asker.owes_cancels() && !outbox.has_evicted() {
            return false;
        }
        let (wakers, builtins) = self.end_evicted(&mut state, outbox);
        state.send_cancels(outbox, format);
        let owes = state.asker.owes_cancels();
        if !wakers.is_empty() || !builtins.is_empty() {
            self.wake(state, wakers);
            self.fail_evicted(builtins);
        }
        owes
    }

    /// Ends the calls whose frames the queue has dropped for newer ones. Those of built-in methods are to
    /// [fail](Self::fail_evicted) after the lock is released.
    fn end_evicted(&self, state: &mut State, outbox: &Outbox) -> (Vec<Waker>, Vec<OnAnswer>) {
        let Some(evicted) = outbox.take_evicted() else { return Default::default() };
        let builtins = state.waiting.evicted(&evicted);
        let evicted = state.asker.evicted(evicted).into_iter();
        let wakers = evicted.filter_map(|number| state.slots.end(number, Err(self.evicted())));
        (wakers.collect(), builtins)
    }

    fn fail_evicted(&self, builtins: Vec<OnAnswer>) {
        builtins.into_iter().for_each(|on_answer| drop(on_answer(Err(self.evicted()))));
    }

    /// Returns why a call has failed that the queue has dropped for a newer message.
    fn evicted(&self) -> CallError {
        let limit = self.config.queue.max_bytes();
        CallError::NotSent(EmitError::Full(QueueLimit::Bytes { limit, actual: limit }))
    }

    /// Returns whether what was received last answers a call that was written past the send queue, and
    /// so none of what the queue has written.
    pub(crate) fn take_answered_past_queue(&self) -> bool {
        std::mem::take(&mut self.lock().answered_past_queue)
    }

    /// Refuses new calls of both sides from now on.
    pub(crate) fn start_closing(&self) {
        self.lock().closing = true;
    }

    /// Returns whether no call is open and none runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// Waits until no call is open and none runs.
    pub(crate) async fn idle(&self) {
        self.until(|state| state.is_idle().then_some(())).await;
    }

    /// Waits until `find` finds something. It is asked again each time a call has ended.
    pub(crate) async fn until<T>(&self, mut find: impl FnMut(&mut State) -> Option<T>) -> T {
        let _counted = Waiter::new(&self.waiting);
        loop {
            // Registered before it looks, so that no change falls between the two.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(found) = find(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }

    /// Tells those who wait that a call has ended: after the lock was held for that.
    pub(crate) fn notify(&self) {
        // Who is not counted here yet takes the lock after it and sees the change.
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Unlocks, and wakes the futures of calls that have ended.
    fn wake(&self, state: MutexGuard<'_, State>, wakers: Vec<Waker>) {
        drop(state);
        self.notify();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Counts one who waits, until it is dropped.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.asker.is_empty() && self.answerer.is_empty()
    }

    /// Stops what runs for the peer: no answer can arrive any more.
    fn stop_all(&mut self) {
        for id in self.answerer.connection_lost() {
            self.stop(id);
        }
    }

    /// Stops the task of a call whose answer is not wanted any more.
    pub(crate) fn stop(&mut self, id: u64) {
        if let Some(task) = self.forget(id) {
            task.abort();
        }
    }

    /// Forgets a call that has ended, and returns its task if it has one that can be stopped.
    pub(crate) fn forget(&mut self, id: u64) -> Option<AbortHandle> {
        self.credits.remove(id);
        self.running.remove(id)
    }

    /// Sends the cancels that the peer is owed, as far as they find room.
    pub(crate) fn send_cancels(&mut self, outbox: &Outbox, format: &dyn CallFormat) {
        while let Some(OwedCancel { number, frame, .. }) = self.asker.next_cancel() {
            let signal = Signal::Cancel(number);
            // Numbered, so that a policy that drops it says so.
            match outbox.emit_numbered(|out| format.encode_signal(&signal, out), |_| {}) {
                Ok(()) => {}
                Err(EmitError::Full(_)) => {
                    self.asker.owe_cancel(number, frame);
                    return;
                }
                // The connection is closed, and with it ends what the peer runs.
                Err(_) => return,
            }
        }
    }
}

/// Answers a call with a failure. An answer that finds no room is dropped: the asker's deadline ends
/// its call.
pub(crate) fn answer_failure(
    outbox: &Outbox,
    format: &dyn CallFormat,
    number: &CallNumber,
    failure: &Failure,
) {
    let _ = outbox.emit(|out| format.encode_signal(&Signal::Failure(number, failure), out));
}
