//! `Call`: a call that a method answers.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::methods::Method;
use super::sink::SinkError;
use super::{Calls, answer_failure};
use crate::error::EmitError;
use crate::protocol::calls::{
    ANSWER, CallNumber, Credit, EncodeCall, Failure, STALL_TIMEOUT, Signal,
};
use crate::runtime::clock;
use crate::{EncodePayload, FormatError, HandlerError, Message, MessageFormat, Peer};

/// A call that a method answers: who made it, and how long it has. Cheap to clone.
///
/// When the asker does not want the result any more (it cancelled the call, its time is over, its
/// connection is lost), the method's future is dropped at its next `await`, unless the call is
/// [detached](Self::detach) or the method [uncancellable](crate::MethodOptions::uncancellable).
pub struct Call<F> {
    inner: Arc<Inner<F>>,
}

struct Inner<F> {
    peer: Peer<F>,
    method: Arc<Method<F>>,
    /// Its number on this side.
    id: u64,
    deadline: Instant,
    detached: AtomicBool,
}

impl<F: MessageFormat> Call<F> {
    pub(super) fn new(peer: Peer<F>, method: Arc<Method<F>>, id: u64, deadline: Instant) -> Self {
        let detached = AtomicBool::new(method.options.uncancellable);
        Self { inner: Arc::new(Inner { peer, method, id, deadline, detached }) }
    }

    /// Returns who made the call.
    #[must_use]
    pub fn peer(&self) -> &Peer<F> {
        &self.inner.peer
    }

    /// Returns the name of the method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.inner.method.name
    }

    /// Returns when the call is stopped at the latest: what the asker gave it, at most the option
    /// [`max_time`](crate::CallOptions::max_time).
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.inner.deadline
    }

    /// Returns how long the call still has.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.inner.deadline.saturating_duration_since(clock::now())
    }

    /// Lets the method run to its end from now on, whatever the asker does.
    pub fn detach(&self) {
        self.inner.detached.store(true, Ordering::Relaxed);
        self.inner.peer.calls().lock().running.remove(&self.inner.id);
    }

    /// Waits until the result is not wanted any more. For a method that runs to its end and would
    /// rather stop at a place of its own choice.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub async fn cancelled(&self) {
        let calls = self.inner.peer.calls();
        loop {
            let mut ended = pin!(calls.ended.notified());
            ended.as_mut().enable();
            if !calls.lock().answerer.is_running(self.inner.id) {
                return;
            }
            ended.await;
        }
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
        let mut frame = bytes::BytesMut::new();
        let format = self.inner.peer.format();
        format.encode(ANSWER, data, &mut frame)?;
        Ok(Failure::new(code, message).with_data(Message::of_frame(format, frame.freeze())))
    }

    pub(super) fn calls(&self) -> &Calls {
        self.inner.peer.calls()
    }

    /// Returns the number that the asker gave the call, as long as an answer is wanted. A
    /// [notice](Peer::notice) has none.
    #[must_use]
    pub fn number(&self) -> Option<CallNumber> {
        self.calls().lock().answerer.number(self.inner.id).cloned()
    }

    /// Takes the credit of one item; `false` if there is none.
    pub(super) fn take_credit(&self) -> Result<bool, SinkError> {
        let mut state = self.calls().lock();
        if !state.answerer.is_running(self.inner.id) {
            return Err(SinkError::Ended);
        }
        let there = state.credits.get_mut(&self.inner.id).is_some_and(Credit::take);
        let now = clock::now();
        if there {
            state.answerer.item(self.inner.id, now);
        } else {
            state.answerer.stalls(self.inner.id, now, STALL_TIMEOUT);
        }
        Ok(there)
    }

    /// Gives back the credit of an item that was not sent.
    pub(super) fn give_back_credit(&self) {
        if let Some(credit) = self.calls().lock().credits.get_mut(&self.inner.id) {
            credit.add(1);
        }
    }

    /// Ends a stream: with the method's failure if it failed.
    pub(super) async fn end_stream(&self, result: Result<(), Failure>) {
        if let Some(number) = self.number() {
            let sent = match result {
                Ok(()) => self.try_send_signal(&Signal::End(&number)),
                Err(failure) => self.try_send_signal(&Signal::Failure(&number, &failure)),
            };
            self.wait_for_room(sent).await;
        }
        self.done();
    }

    /// Waits until a frame is queued for which there was no room.
    async fn wait_for_room(&self, sent: Result<Option<Bytes>, EmitError>) {
        if let Ok(Some(frame)) = sent {
            // Refused means closed by now: there is no one to answer.
            let _ = self.inner.peer.outbox().send_encoded(&frame).await;
        }
    }

    pub(super) fn is_detached(&self) -> bool {
        self.inner.detached.load(Ordering::Relaxed)
    }

    /// Answers the call, unless the answer is not wanted any more.
    pub(super) async fn answer<R>(&self, result: Result<R, Failure>)
    where
        F: EncodeCall<R>,
    {
        let peer = &self.inner.peer;
        // Until its answer is queued the call runs: a connection that closes waits for it.
        if let Some(number) = self.number() {
            let sent = match result {
                Ok(result) => {
                    let format = peer.format();
                    peer.outbox().try_send(|out| format.encode_answer(&number, false, &result, out))
                }
                Err(failure) => self.try_send_signal(&Signal::Failure(&number, &failure)),
            };
            let sent = sent.or_else(|error| match Failure::instead_of_result(error) {
                Some(failure) => self.try_send_signal(&Signal::Failure(&number, &failure)),
                None => Ok(None),
            });
            self.wait_for_room(sent).await;
        }
        self.done();
    }

    fn try_send_signal(&self, signal: &Signal<'_>) -> Result<Option<Bytes>, EmitError> {
        let peer = &self.inner.peer;
        let Some(format) = peer.format().calls() else { return Ok(None) };
        peer.outbox().try_send(|out| format.encode_signal(signal, out))
    }

    /// Ends the call on this side.
    pub(super) fn done(&self) {
        let calls = self.inner.peer.calls();
        let mut state = calls.lock();
        state.answerer.done(self.inner.id);
        state.forget(self.inner.id);
        drop(state);
        calls.ended.notify_waiters();
    }

    /// Answers a call whose method panicked, and returns the error to report.
    pub(super) fn panicked(&self, message: String) -> HandlerError {
        let peer = &self.inner.peer;
        if let (Some(number), Some(format)) = (self.number(), peer.format().calls()) {
            // The panic's text may say what is not the peer's business.
            let failure = Failure::new("panicked", "the method panicked");
            answer_failure(peer.outbox(), format, &number, &failure);
        }
        self.done();
        HandlerError::Panicked { event: self.method().to_owned(), message }
    }

    /// Ends the calls of this peer whose time is over, and answers them. Returns the deadline of this
    /// one if it is not over.
    pub(super) fn expire(&self) -> Option<Instant> {
        let peer = &self.inner.peer;
        let calls = peer.calls();
        let mut state = calls.lock();
        for expired in state.answerer.expire(clock::now()) {
            if expired.id == self.inner.id {
                state.forget(expired.id);
            } else {
                state.stop(expired.id);
            }
            if let (Some(number), Some(format)) = (expired.number, peer.format().calls()) {
                let failure = Failure::expired();
                answer_failure(peer.outbox(), format, &number, &failure);
            }
        }
        let deadline = state.answerer.deadline(self.inner.id);
        drop(state);
        calls.ended.notify_waiters();
        deadline
    }

    /// Goes on with the call in a task, which is stopped when the answer is not wanted any more.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let calls = self.inner.peer.calls();
        let wanted = calls.lock().answerer.is_running(self.inner.id);
        if !wanted && !self.is_detached() {
            return;
        }
        // Not under the lock: a runtime that stops drops the task here, and with it what its method
        // has called, which takes the lock.
        let handle = tokio::spawn(task).abort_handle();
        let mut state = calls.lock();
        if self.is_detached() {
            return;
        }
        if state.answerer.is_running(self.inner.id) {
            state.running.insert(self.inner.id, handle);
        } else {
            drop(state);
            // Ended by now, or not wanted any more.
            handle.abort();
        }
    }
}

impl<F> Clone for Call<F> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<F> fmt::Debug for Call<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.inner.method.name).finish_non_exhaustive()
    }
}
