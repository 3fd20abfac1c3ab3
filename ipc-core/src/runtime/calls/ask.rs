//! Asking: the future of a call.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::builtin::Report;
use super::slots::Outcome;
use super::{Calls, run};
use crate::calls::{CallError, ReservedEvents};
use crate::error::EmitError;
use crate::protocol::calls::{
    Abandoned, Answer, Answered, CallFormat, CallHead, CallNumber, EncodeCall, Failure, Sent,
    TooManyCalls, WindowLimits, later,
};
use crate::runtime::client::Inner;
use crate::runtime::clock;
use crate::runtime::outbox::Outbox;
use crate::{DecodePayload, Message, MessageFormat, Peer};

/// A call that is made when it is awaited. See [`Peer::call`].
#[must_use = "a call is made when it is awaited"]
pub struct Calling<'a, F: MessageFormat, A: ?Sized, R> {
    pub(super) peer: &'a Peer<F>,
    /// What has to be started with the first call.
    pub(super) starter: Option<&'a Inner<F>>,
    pub(super) method: &'a str,
    pub(super) args: &'a A,
    pub(super) within: Option<Duration>,
    pub(super) detached: bool,
    result: PhantomData<fn() -> R>,
}

impl<'a, F: MessageFormat, A: ?Sized, R> Calling<'a, F, A, R> {
    pub(crate) fn new(peer: &'a Peer<F>, method: &'a str, args: &'a A) -> Self {
        let result = PhantomData;
        Self { peer, starter: None, method, args, within: None, detached: false, result }
    }

    /// Makes the call start this first.
    pub(crate) fn starting(self, starter: &'a Inner<F>) -> Self {
        Self { starter: Some(starter), ..self }
    }

    /// Sets how long the call may take, waiting in the send queue included. Default: the option
    /// [`deadline`](crate::CallOptions::deadline), and within a method that answers a call at most
    /// what that one has left.
    pub fn within(self, limit: Duration) -> Self {
        Self { within: Some(limit), ..self }
    }

    /// Makes the call independent of the one that is being answered: its deadline is not cut to what
    /// that one has left.
    pub fn detached(self) -> Self {
        Self { detached: true, ..self }
    }

    /// Makes the call and waits for its result.
    pub(super) async fn ask(self) -> Result<R, CallError>
    where
        F: EncodeCall<A> + DecodePayload<R>,
        A: Sync,
    {
        let Self { peer, starter, method, args, within, detached, .. } = self;
        let asked = Asked::new(peer, within, detached, None)?;
        let mut open = asked.begin(starter, method, args).await?;
        let message = asked.outcome(&mut open).await?;
        drop(open);
        peer.decode(&message).map_err(CallError::InvalidResult)
    }
}

impl<'a, F, A, R> IntoFuture for Calling<'a, F, A, R>
where
    F: EncodeCall<A> + DecodePayload<R>,
    A: ?Sized + Sync,
    R: 'a,
{
    type Output = Result<R, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}

impl<F: MessageFormat, A: ?Sized, R> fmt::Debug for Calling<'_, F, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calling").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What a call of this side needs, and how long it has.
pub(super) struct Asked<'a, F: MessageFormat> {
    peer: &'a Peer<F>,
    calls: &'a Calls,
    format: &'a dyn CallFormat,
    pub(super) within: Duration,
    /// When it was made.
    now: Instant,
    deadline: Instant,
    /// What may wait to be read, if the call is answered with items.
    window: Option<WindowLimits>,
}

impl<'a, F: MessageFormat> Asked<'a, F> {
    pub(super) fn new(
        peer: &'a Peer<F>,
        within: Option<Duration>,
        detached: bool,
        window: Option<WindowLimits>,
    ) -> Result<Self, CallError> {
        let Some(format) = peer.format().calls() else {
            return Err(CallError::Unsupported("this format has no calls"));
        };
        let calls = peer.calls();
        if calls.config.calls.reserved_events == ReservedEvents::Ordinary {
            return Err(CallError::Unsupported("calls are switched off by `reserved_events`"));
        }
        let now = clock::now();
        let left = if detached { None } else { run::time_left(now) };
        let within = within.unwrap_or(calls.config.calls.deadline);
        let within = left.map_or(within, |left| left.min(within));
        let deadline = later(now, within);
        Ok(Self { peer, calls, format, within, now, deadline, window })
    }

    /// Makes the call, and starts the client with it: the frame is queued before anything can fail.
    /// Waits for a place among the open calls and in the send queue.
    pub(super) async fn begin<A>(
        &self,
        starter: Option<&Inner<F>>,
        method: &str,
        args: &A,
    ) -> Result<Open<'a>, CallError>
    where
        F: EncodeCall<A>,
        A: ?Sized + Sync,
    {
        let waiting = {
            let _begins_after_this = match starter {
                Some(starter) => {
                    starter.beginning().map_err(|error| CallError::NotSent(error.into()))?
                }
                None => None,
            };
            // Nothing has been waited for: it is as late as when the call was made.
            match self.try_open(self.now)? {
                Err(_) => None,
                Ok(open) => match self.try_queue(&open, method, args, open.left)? {
                    None => return Ok(open),
                    full => Some((open, full)),
                },
            }
        };
        // Rare, and large.
        Box::pin(async move {
            let (open, mut full) = match waiting {
                Some(waiting) => waiting,
                None => (self.place().await?, None),
            };
            let mut left = open.left;
            loop {
                if let Some(full) = full {
                    left = self.room(&open, method, args, full).await?;
                }
                full = self.try_queue(&open, method, args, left)?;
                if full.is_none() {
                    return Ok(open);
                }
            }
        })
        .await
    }

    /// Waits for the outcome of a call, at most until its deadline.
    async fn outcome(&self, open: &mut Open<'a>) -> Outcome {
        let mut deadline = pin!(tokio::time::sleep_until(self.deadline.into()));
        poll_fn(|cx| {
            // An answer that is there when the time is over is still an answer.
            if let Poll::Ready(outcome) = open.poll_outcome(cx) {
                return Poll::Ready(outcome);
            }
            if deadline.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            // Dropping the call cancels it over there.
            Poll::Ready(Err(CallError::Deadline { within: self.within }))
        })
        .await
    }

    /// Returns a call that has a number, once there is a place for it.
    async fn place(&self) -> Result<Open<'a>, CallError> {
        loop {
            // Registered before it looks again, so that no end falls between the two.
            let mut ended = pin!(self.calls.ended.notified());
            ended.as_mut().enable();
            let too_many = match self.try_open(clock::now())? {
                Ok(open) => return Ok(open),
                Err(too_many) => too_many,
            };
            let place = tokio::time::timeout_at(self.deadline.into(), ended);
            place.await.map_err(|_| too_many)?;
        }
    }

    fn try_open(&self, now: Instant) -> Result<Result<Open<'a>, TooManyCalls>, CallError> {
        let (calls, outbox, format) = (self.calls, self.peer.outbox(), self.format);
        let mut state = calls.lock();
        if state.closed || state.closing {
            return Err(CallError::Closed { sent: Sent::No });
        }
        let left = self.deadline.saturating_duration_since(now);
        let number = match self.window {
            None => state.asker.ask_within(now, left),
            Some(_) => state.asker.ask_stream(now, self.within),
        };
        Ok(number.map(|number| {
            let credit = match self.window {
                None => {
                    state.slots.open(number);
                    None
                }
                Some(limits) => Some(state.slots.open_stream(number, limits)),
            };
            Open { calls, outbox, format, number, credit, left, ended: false }
        }))
    }

    /// Waits for room in the send queue, and returns how much time is then left.
    async fn room<A: ?Sized>(
        &self,
        open: &Open<'_>,
        method: &str,
        args: &A,
        full: EmitError,
    ) -> Result<Duration, CallError>
    where
        F: EncodeCall<A>,
    {
        let (outbox, format) = (self.peer.outbox(), self.peer.format());
        let left = || self.deadline.saturating_duration_since(clock::now());
        let head = self.head(open, method, left());
        let length = outbox.frame_len(|out| format.encode_call(&head, args, out));
        let room = outbox.room(length.map_err(CallError::NotSent)?);
        match tokio::time::timeout_at(self.deadline.into(), room).await {
            Ok(true) => Ok(left()),
            Ok(false) => Err(CallError::NotSent(full)),
            Err(_) => Err(CallError::Deadline { within: self.within }),
        }
    }

    /// Puts the call into the send queue. Returns the error if that is full.
    fn try_queue<A: ?Sized>(
        &self,
        open: &Open<'_>,
        method: &str,
        args: &A,
        left: Duration,
    ) -> Result<Option<EmitError>, CallError>
    where
        F: EncodeCall<A>,
    {
        let head = self.head(open, method, left);
        let mut state = self.calls.lock();
        let queued = self.peer.outbox().emit_numbered(
            |out| self.peer.format().encode_call(&head, args, out),
            |frame| {
                state.asker.queued(open.number, frame);
                // Writing may follow, which must not keep answers from being handled.
                drop(state);
            },
        );
        match queued {
            Ok(()) => Ok(None),
            Err(EmitError::Closed) => Err(CallError::Closed { sent: Sent::No }),
            Err(error @ EmitError::Full(_)) => Ok(Some(error)),
            Err(error) => Err(CallError::NotSent(error)),
        }
    }

    /// Returns the head of a call that has so much time left.
    fn head<'m>(&self, open: &Open<'_>, method: &'m str, left: Duration) -> CallHead<'m> {
        let left = if open.credit.is_none() { left } else { self.within };
        CallHead { number: Some(open.number), method, left: Some(left), credit: open.credit }
    }
}

/// A call of this side that has a number. Dropped before it has ended, it is cancelled.
pub(super) struct Open<'a> {
    calls: &'a Calls,
    outbox: &'a Outbox,
    format: &'a dyn CallFormat,
    number: u64,
    /// How many items may come at first, if it is answered with items.
    credit: Option<u32>,
    /// How much time it had left when it got its number.
    left: Duration,
    /// Whether its outcome was taken.
    ended: bool,
}

impl Open<'_> {
    fn poll_outcome(&mut self, cx: &Context<'_>) -> Poll<Outcome> {
        match self.calls.lock().slots.take(self.number, cx.waker()) {
            Some(outcome) => {
                self.ended = true;
                Poll::Ready(outcome)
            }
            None => Poll::Pending,
        }
    }

    /// Returns the number of a call whose end its stream takes care of.
    pub(super) fn into_number(self) -> u64 {
        std::mem::ManuallyDrop::new(self).number
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.ended {
            self.format.call_ended(self.number);
        } else {
            self.calls.abandon(self.number, self.outbox, self.format);
        }
    }
}

impl Calls {
    /// Ends a call if it has not ended: its frame is taken back, or the peer told to cancel.
    pub(super) fn abandon(&self, number: u64, outbox: &Outbox, format: &dyn CallFormat) {
        format.call_ended(number);
        let mut state = self.lock();
        state.slots.remove(number);
        match state.asker.abandon(number, outbox.first_untouched()) {
            Abandoned::Nothing => return,
            Abandoned::Cancel => {}
            Abandoned::TakeBack { frame } => {
                if !outbox.take_back(frame) {
                    state.asker.owe_cancel(number);
                }
            }
        }
        state.send_cancels(outbox, format);
        drop(state);
        self.ended.notify_waiters();
    }

    /// Handles an answer: a result, an item or a failure. Returns what a built-in method leaves to report.
    pub(super) fn answered(
        &self,
        number: &CallNumber,
        kind: Answer,
        outcome: Result<Message, Failure>,
        outbox: &Outbox,
        format: &dyn CallFormat,
    ) -> Option<Report> {
        // This side numbers its calls with integers: another answer fits none.
        let number = match number {
            CallNumber::Integer(number) => *number,
            CallNumber::Text(_) => 0,
        };
        let mut state = self.lock();
        if let Some(on_answer) = state.waiting.take(number) {
            drop(state);
            return self.builtin_answered(on_answer, kind == Answer::Item, outcome, format);
        }
        let answered = match kind {
            Answer::Last => state.asker.last_answer(number),
            Answer::Item => state.asker.answer(number, kind, clock::now()),
        };
        let waker = match answered {
            None => return None,
            Some(Answered::Done) => state.slots.end(number, outcome.map_err(CallError::from)),
            Some(Answered::Item) => match outcome {
                Ok(item) => match state.slots.item(number, item) {
                    Ok(waker) => waker,
                    Err(overrun) => {
                        // What came before can still be read.
                        state.asker.abandon(number, u64::MAX);
                        state.asker.owe_cancel(number);
                        state.send_cancels(outbox, format);
                        state.slots.end(number, Err(overrun.into()))
                    }
                },
                Err(_) => None,
            },
            Some(Answered::Unexpected) => {
                state.send_cancels(outbox, format);
                state.slots.end(number, Err(CallError::UnexpectedStream))
            }
        };
        drop(state);
        self.ended.notify_waiters();
        if let Some(waker) = waker {
            waker.wake();
        }
        None
    }
}
