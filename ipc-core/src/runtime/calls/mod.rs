//! The calls of one peer, in both directions: what its handles and its connection share.

mod answer;
mod ask;
pub(crate) mod builtin;
pub(crate) mod control;
pub(crate) mod handles;
pub(crate) mod methods;
mod run;
mod sink;
mod slots;
mod stream;
mod typed;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use self::builtin::Waiting;
use self::slots::Slots;
use crate::calls::CallError;
use crate::error::{EmitError, Error};
use crate::options::ConnectionConfig;
use crate::protocol::calls::{
    Answerer, Asker, ById, CallFormat, CallNumber, Credit, Failure, Sent, Signal,
};
use crate::protocol::queue::QueueLimit;
use crate::runtime::clock;
use crate::runtime::outbox::Outbox;

pub use answer::Call;
pub use ask::Calling;
pub use sink::{Sink, SinkError};
pub use stream::{CallStream, CallingStream};
pub use typed::CallingMethod;

/// The calls of one peer, in both directions. Locked before the outbox, never after it.
#[derive(Debug)]
pub(crate) struct Calls {
    state: Mutex<State>,
    /// Notified when a call has ended, on either side.
    ended: Notify,
    config: Arc<ConnectionConfig>,
}

#[derive(Debug)]
struct State {
    asker: Asker,
    /// What the futures of open calls wait for.
    slots: Slots,
    /// The calls of built-in methods that this side has made.
    waiting: Waiting,
    answerer: Answerer,
    /// The tasks of the calls that run and have not ended at once, by their ids.
    running: ById<AbortHandle>,
    /// Whether cancels are sent. With one message in flight none is: a cancel is not answered, so it
    /// would keep what follows it from being sent.
    cancels: bool,
    /// How many items the peer wants of the streams that run, by their ids.
    credits: ById<Credit>,
    /// Whether new calls are refused, since the connection is about to close.
    closing: bool,
    /// Whether no connection will carry a call any more.
    closed: bool,
    /// Whether a second call with a number in use was reported.
    duplicate_reported: bool,
    /// What went wrong in tasks, for the connection to report.
    errors: Vec<Error>,
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
            asker: Asker::starting_at(options.ask_limits(), first),
            slots: Slots::default(),
            waiting: Waiting::default(),
            answerer: Answerer::new(options.answer_limits()),
            running: ById::default(),
            cancels: !config.sync,
            credits: ById::default(),
            closing: false,
            closed: false,
            duplicate_reported: false,
            errors: Vec::new(),
        };
        Self { state: Mutex::new(state), ended: Notify::new(), config }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles that the connection is lost: the calls that it has carried fail, and those that run
    /// for the peer stop. `closing` says whether this side wanted the end.
    pub(crate) fn connection_lost(&self, outbox: &Outbox, closing: bool) {
        let mut state = self.lock();
        // These have left the queue, too, and were not written.
        let mut wakers = self.end_evicted(&mut state, outbox);
        let first_unsent = outbox.first_unsent();
        let lost = state.asker.connection_lost(first_unsent);
        let lost_builtins = state.waiting.connection_lost(first_unsent);
        let error = |sent| match closing {
            true => CallError::Closed { sent },
            false => CallError::Disconnected { sent },
        };
        for (number, sent) in lost {
            wakers.extend(state.slots.end(number, Err(error(sent))));
        }
        for id in state.answerer.connection_lost() {
            state.stop(id);
        }
        state.duplicate_reported = false;
        self.wake(state, wakers);
        lost_builtins.into_iter().for_each(|on_answer| drop(on_answer(Err(error(Sent::Maybe)))));
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
        for id in state.answerer.connection_lost() {
            state.stop(id);
        }
        self.wake(state, wakers);
        unsent_builtins.into_iter().for_each(|on_answer| drop(on_answer(Err(error()))));
    }

    /// Does what is left to do in a turn of the connection's task. Returns the errors to report, and
    /// whether cancels wait for room in the queue.
    pub(crate) fn turn(&self, outbox: &Outbox, format: &dyn CallFormat) -> (Vec<Error>, bool) {
        let mut state = self.lock();
        let wakers = self.end_evicted(&mut state, outbox);
        state.send_cancels(outbox, format);
        let (errors, owes) = (std::mem::take(&mut state.errors), state.asker.owes_cancels());
        if !wakers.is_empty() {
            self.wake(state, wakers);
        }
        (errors, owes)
    }

    /// Ends the calls whose frames the queue has dropped for newer ones.
    fn end_evicted(&self, state: &mut State, outbox: &Outbox) -> Vec<Waker> {
        let Some(evicted) = outbox.take_evicted() else { return Vec::new() };
        let limit = self.config.queue.max_bytes();
        let full = QueueLimit::Bytes { limit, actual: limit };
        let error = || CallError::NotSent(EmitError::Full(full));
        let evicted = state.asker.evicted(evicted).into_iter();
        evicted.filter_map(|number| state.slots.end(number, Err(error()))).collect()
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
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.lock().is_idle() {
                return;
            }
            ended.await;
        }
    }

    /// Reports an error in a task of a call, through the connection's task.
    fn report(&self, error: Error, outbox: &Outbox) {
        let mut state = self.lock();
        if state.errors.len() < MAX_ERRORS {
            state.errors.push(error);
        }
        drop(state);
        outbox.wake_driver();
    }

    /// Unlocks, and wakes the futures of calls that have ended.
    fn wake(&self, state: MutexGuard<'_, State>, wakers: Vec<Waker>) {
        drop(state);
        self.ended.notify_waiters();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.asker.is_empty() && self.answerer.is_empty()
    }

    /// Stops the task of a call whose answer is not wanted any more.
    fn stop(&mut self, id: u64) {
        if let Some(task) = self.forget(id) {
            task.abort();
        }
    }

    /// Forgets a call that has ended, and returns its task if it has one that can be stopped.
    fn forget(&mut self, id: u64) -> Option<AbortHandle> {
        self.credits.remove(&id);
        self.running.remove(&id)
    }

    /// Sends the cancels that the peer is owed, as far as they find room.
    fn send_cancels(&mut self, outbox: &Outbox, format: &dyn CallFormat) {
        while let Some(number) = self.asker.next_cancel() {
            if !self.cancels {
                continue;
            }
            let signal = Signal::Cancel(number);
            // Numbered, so that a policy that drops it says so.
            match outbox.emit_numbered(|out| format.encode_signal(&signal, out), |_| {}) {
                Ok(()) => {}
                Err(EmitError::Full(_)) => {
                    self.asker.owe_cancel(number);
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
fn answer_failure(
    outbox: &Outbox,
    format: &dyn CallFormat,
    number: &CallNumber,
    failure: &Failure,
) {
    let _ = outbox.emit(|out| format.encode_signal(&Signal::Failure(number, failure), out));
}

/// How many errors of tasks are kept for the connection at the most.
const MAX_ERRORS: usize = 64;
