//! `Call`: a call that a method answers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::Calls;
use super::methods::{Method, Task};
use super::run::Running;
use super::shared::{State, answer_failure};
use super::sink::SinkError;
use crate::error::EmitError;
use crate::protocol::calls::{
    ANSWER, CallNumber, Credit, EncodeCall, Failure, STALL_TIMEOUT, Signal,
};
use crate::runtime::clock;
use crate::runtime::lanes::report::Report;
use crate::{EncodePayload, FormatError, HandlerError, Message, MessageFormat, Peer};

/// A call that a method answers: who made it, and how long it has. Cheap to clone.
///
/// When the asker does not want the result any more (it cancelled the call, its time is over, its
/// connection is lost), the method's future is dropped at its next `await`, unless the call is
/// [detached](Self::detach) or the method [uncancellable](crate::MethodOptions::uncancellable).
pub struct Call<F> {
    peer: Peer<F>,
    method: Arc<Method<F>>,
    /// Its number on this side.
    id: u64,
    deadline: Instant,
}

impl<F: MessageFormat> Call<F> {
    pub(super) fn new(peer: Peer<F>, method: Arc<Method<F>>, id: u64, deadline: Instant) -> Self {
        Self { peer, method, id, deadline }
    }

    /// Returns the method's future, which answers the call.
    pub(super) fn begin(&self, args: &Message) -> Result<Running, FormatError> {
        self.method.start(args, self.clone())
    }

    /// Counts it among the calls that run in tasks.
    pub(super) fn count(&self) -> Task {
        Task::new(&self.method.tasks)
    }

    /// Returns what reports the errors of its task, while the client or server is there.
    pub(super) fn reporter(&self) -> Option<Arc<dyn Report<F>>> {
        self.method.report.upgrade()
    }

    /// Returns who made the call.
    #[must_use]
    pub fn peer(&self) -> &Peer<F> {
        &self.peer
    }

    /// Returns the name of the method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method.name
    }

    /// Returns when the call is stopped at the latest: what the asker gave it, at most the option
    /// [`max_time`](crate::CallOptions::max_time).
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns how long the call still has.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(clock::now())
    }

    /// Lets the method run to its end from now on, whatever the asker does.
    pub fn detach(&self) {
        let mut state = self.peer.calls().lock();
        state.running.remove(self.id);
        // One that has ended is not kept: nothing would remove it.
        if !self.method.options.uncancellable && state.answerer.is_running(self.id) {
            state.detached.insert(self.id);
        }
    }

    /// Waits until the result is not wanted any more. For a method that runs to its end and would
    /// rather stop at a place of its own choice.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn cancelled(&self) {
        let id = self.id;
        let ended = |state: &mut State| (!state.answerer.is_running(id)).then_some(());
        self.peer.calls().until(ended).await;
    }

    /// Returns a failure with data for programs, which the asker reads from
    /// [`CallError::failure`](crate::CallError::failure).
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the data cannot be put into the format.
    pub fn failure<D: ?Sized>(
        &self,
        code: impl Into<Box<str>>,
        message: impl Into<Box<str>>,
        data: &D,
    ) -> Result<Failure, FormatError>
    where
        F: EncodePayload<D>,
    {
        // A name that every format lets pass: only the payload is used.
        let mut frame = BytesMut::new();
        let format = self.peer.format();
        format.encode(ANSWER, data, &mut frame)?;
        Ok(Failure::new(code, message).with_data(Message::of_frame(format, frame.freeze())))
    }

    pub(super) fn calls(&self) -> &Calls {
        self.peer.calls()
    }

    /// Returns the number that the asker gave the call, as long as an answer is wanted. A
    /// [notice](Peer::notice) has none.
    #[must_use]
    pub fn number(&self) -> Option<CallNumber> {
        self.calls().lock().answerer.number(self.id).cloned()
    }

    /// Takes the credit of one item; `false` if there is none.
    pub(super) fn take_credit(&self, state: &mut State) -> Result<bool, SinkError> {
        if !state.answerer.is_running(self.id) {
            return Err(SinkError::Ended);
        }
        let there = state.credits.get_mut(self.id).is_some_and(Credit::take);
        let now = clock::now();
        if there {
            state.answerer.item(self.id, now);
        } else {
            state.answerer.stalls(self.id, now, STALL_TIMEOUT);
        }
        Ok(there)
    }

    /// Gives back the credit of an item that was not sent.
    pub(super) fn give_back_credit(&self) {
        if let Some(credit) = self.calls().lock().credits.get_mut(self.id) {
            credit.add(1);
        }
    }

    /// Ends a stream: with the method's failure if it failed. Returns the frame if there is no room for
    /// it yet: then the call has not ended.
    #[must_use]
    pub(super) fn end_stream(&self, result: Result<(), Failure>) -> Option<Bytes> {
        let sent = self.number().map(|number| match result {
            Ok(()) => self.try_send_signal(&Signal::End(&number)),
            Err(failure) => self.try_send_signal(&Signal::Failure(&number, &failure)),
        });
        self.unsent(sent)
    }

    /// Waits until the frame of an answer is queued, and ends the call.
    pub(super) fn answer_later(&self, frame: Bytes) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let call = self.clone();
        // Rare, and large.
        Box::pin(async move {
            // Refused means closed by now: there is no one to answer.
            let _ = call.peer.outbox().send_encoded(&frame).await;
            call.done();
        })
    }

    /// Returns the frame of an answer for which there was no room; ends the call if there is none.
    fn unsent(&self, sent: Option<Result<Option<Bytes>, EmitError>>) -> Option<Bytes> {
        if let Some(Ok(Some(frame))) = sent {
            return Some(frame);
        }
        self.done();
        None
    }

    /// Returns whether it runs to its end, whatever the asker does.
    pub(super) fn is_detached(&self, state: &State) -> bool {
        self.method.options.uncancellable || state.detached.contains(&self.id)
    }

    /// Answers the call, unless the answer is not wanted any more. Returns the frame if there is no room
    /// for it yet: then the call has not ended. Until its answer is queued the call runs: a connection
    /// that closes waits for it.
    #[must_use]
    pub(super) fn answer<R>(&self, result: Result<R, Failure>) -> Option<Bytes>
    where
        F: EncodeCall<R>,
    {
        let (calls, peer) = (self.peer.calls(), &self.peer);
        let state = calls.lock();
        let Some(number) = state.answerer.number(self.id).cloned() else {
            self.end(state);
            calls.notify();
            return None;
        };
        let sent = match result {
            Ok(result) => {
                let format = peer.format();
                let encode =
                    |out: &mut BytesMut| format.encode_answer(&number, false, &result, out);
                // Writing may follow, which must not keep answers from being handled.
                let sent = peer.outbox().try_send_then(encode, || self.end(state));
                if let Ok(None) = sent {
                    calls.notify();
                    return None;
                }
                sent
            }
            Err(failure) => {
                drop(state);
                self.try_send_signal(&Signal::Failure(&number, &failure))
            }
        };
        self.unsent(Some(sent.or_else(|error| match Failure::instead_of_result(error) {
            Some(failure) => self.try_send_signal(&Signal::Failure(&number, &failure)),
            None => Ok(None),
        })))
    }

    fn try_send_signal(&self, signal: &Signal<'_>) -> Result<Option<Bytes>, EmitError> {
        let peer = &self.peer;
        let Some(format) = peer.format().calls() else { return Ok(None) };
        peer.outbox().try_send(|out| format.encode_signal(signal, out))
    }

    /// Ends the call on this side.
    pub(super) fn done(&self) {
        let calls = self.peer.calls();
        self.end(calls.lock());
        calls.notify();
    }

    fn end(&self, mut state: MutexGuard<'_, State>) {
        state.answerer.done(self.id);
        state.forget(self.id);
        // Not with what is forgotten: an expired call of which this is known goes on.
        if !state.detached.is_empty() {
            state.detached.remove(&self.id);
        }
    }

    /// Answers a call whose method panicked, and returns the error to report.
    pub(super) fn panicked(&self, message: String) -> HandlerError {
        let peer = &self.peer;
        if let (Some(number), Some(format)) = (self.number(), peer.format().calls()) {
            // The panic's text may say what is not the peer's business.
            let failure = Failure::new("panicked", "the method panicked");
            answer_failure(peer.outbox(), format, &number, &failure);
        }
        self.done();
        HandlerError::Panicked { event: self.method().to_owned(), message }
    }

    /// Ends the calls of this peer whose time is over, and answers them.
    pub(super) fn expire(&self) -> Expiry {
        let peer = &self.peer;
        let calls = peer.calls();
        let mut state = calls.lock();
        for expired in state.answerer.expire(clock::now()) {
            if expired.id == self.id {
                state.forget(expired.id);
            } else {
                state.stop(expired.id);
            }
            if let (Some(number), Some(format)) = (expired.number, peer.format().calls()) {
                let failure = Failure::expired();
                answer_failure(peer.outbox(), format, &number, &failure);
            }
        }
        let expiry = match state.answerer.deadline(self.id) {
            Some(deadline) => Expiry::Later(deadline),
            None if self.is_detached(&state) => Expiry::Never,
            None => Expiry::Over,
        };
        drop(state);
        calls.notify();
        expiry
    }

    /// Goes on with the call in a task, which is stopped when the answer is not wanted any more.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let calls = self.peer.calls();
        let state = calls.lock();
        let wanted = state.answerer.is_running(self.id) || self.is_detached(&state);
        drop(state);
        if !wanted {
            return;
        }
        // Not under the lock: a runtime that stops drops the task here, and with it what its method
        // has called, which takes the lock.
        let handle = tokio::spawn(task).abort_handle();
        let mut state = calls.lock();
        if self.is_detached(&state) {
            return;
        }
        if state.answerer.is_running(self.id) {
            state.running.insert(self.id, handle);
        } else {
            drop(state);
            // Ended by now, or not wanted any more.
            handle.abort();
        }
    }
}

/// What has become of a call at its deadline.
pub(super) enum Expiry {
    /// It was given time until then.
    Later(Instant),
    /// It is not answered any more, and runs to its end.
    Never,
    /// It is over.
    Over,
}

impl<F> Clone for Call<F> {
    fn clone(&self) -> Self {
        let (peer, method) = (self.peer.clone(), Arc::clone(&self.method));
        Self { peer, method, id: self.id, deadline: self.deadline }
    }
}

impl<F> fmt::Debug for Call<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method.name).finish_non_exhaustive()
    }
}
