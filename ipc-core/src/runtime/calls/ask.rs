//! Asking: a call gets its number and its place in the send queue, and ends.

use std::sync::MutexGuard;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::builtin::Report;
use super::slots::Outcome;
use super::{Calls, State, run};
use crate::calls::{CallError, ReservedEvents};
use crate::error::EmitError;
use crate::protocol::calls::{
    Abandoned, Answer, Answered, CallFormat, CallHead, CallNumber, EncodeCall, Failure, Sent,
    TooManyCalls, WindowLimits, later,
};
use crate::runtime::client::Inner;
use crate::runtime::clock;
use crate::runtime::outbox::Outbox;
use crate::{Message, MessageFormat, Peer};

/// What a call of this side needs, and how long it has.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a, F: MessageFormat> {
    peer: &'a Peer<F>,
    pub(super) within: Duration,
    /// When it was made.
    now: Instant,
    deadline: Instant,
    /// What may wait to be read, if the call is answered with items.
    window: Option<WindowLimits>,
    /// Whether it ends with the connection although it is not sent.
    bound: bool,
}

/// What a call waits for that could not begin at once.
pub(super) enum Unplaced<'a, F: MessageFormat> {
    /// For a place among the open calls.
    Number(TooManyCalls),
    /// For room in the send queue.
    Frame(Open<'a, F>, EmitError),
}

impl<'a, F: MessageFormat> Asked<'a, F> {
    #[inline]
    pub(super) fn new(
        peer: &'a Peer<F>,
        within: Option<Duration>,
        detached: bool,
        bound: Option<bool>,
        window: Option<WindowLimits>,
    ) -> Result<Self, CallError> {
        if peer.format().calls().is_none() {
            return Err(CallError::Unsupported("this format has no calls"));
        }
        let options = &peer.config().calls;
        if options.reserved_events == ReservedEvents::Ordinary {
            return Err(CallError::Unsupported("calls are switched off by `reserved_events`"));
        }
        let now = clock::now();
        let left = if detached { None } else { run::time_left(now) };
        let within = within.unwrap_or(options.deadline);
        let within = left.map_or(within, |left| left.min(within));
        let deadline = later(now, within);
        let bound = bound.unwrap_or(options.fail_when_disconnected);
        Ok(Self { peer, within, now, deadline, window, bound })
    }

    /// Makes the call, and starts the client with it: the frame is queued before anything can fail.
    /// `waker` is woken when it ends, of a call that is answered once.
    #[inline]
    pub(super) fn try_begin<A: ?Sized>(
        &self,
        starter: Option<&Inner<F>>,
        method: &str,
        args: &A,
        waker: Option<&Waker>,
    ) -> Result<Result<Open<'a, F>, Unplaced<'a, F>>, CallError>
    where
        F: EncodeCall<A>,
    {
        let _begins_after_this = match starter {
            Some(starter) => {
                starter.beginning().map_err(|error| CallError::NotSent(error.into()))?
            }
            None => None,
        };
        let calls = self.peer.calls();
        let mut state = calls.lock();
        // Nothing has been waited for: it is as late as when the call was made.
        let open = match self.open(&mut state, self.now, waker)? {
            Ok(open) => open,
            Err(too_many) => return Ok(Err(Unplaced::Number(too_many))),
        };
        if open.waits {
            state = calls.set_alarm(state, self.deadline);
        }
        Ok(match self.try_queue(state, &open, method, args, open.left)? {
            None => Ok(open),
            Some(full) => Err(Unplaced::Frame(open, full)),
        })
    }

    /// Makes a call that could not begin at once. Waits for a place among the open calls and in the
    /// send queue.
    pub(super) async fn begin_later<A>(
        &self,
        unplaced: Unplaced<'a, F>,
        method: &str,
        args: &A,
    ) -> Result<Open<'a, F>, CallError>
    where
        F: EncodeCall<A>,
        A: ?Sized + Sync,
    {
        let (open, mut full) = match unplaced {
            Unplaced::Frame(open, full) => (open, Some(full)),
            Unplaced::Number(too_many) => (self.place(too_many).await?, None),
        };
        let mut left = open.left;
        loop {
            if let Some(full) = full {
                left = self.room(&open, method, args, full).await?;
            }
            let state = self.peer.calls().lock();
            full = self.try_queue(state, &open, method, args, left)?;
            if full.is_none() {
                return Ok(open);
            }
        }
    }

    /// Returns a call that has a number, once there is a place for it.
    async fn place(&self, mut too_many: TooManyCalls) -> Result<Open<'a, F>, CallError> {
        let place = self.peer.calls().until(|state| match self.open(state, clock::now(), None) {
            Ok(Ok(open)) => Some(Ok(open)),
            Ok(Err(limit)) => {
                too_many = limit;
                None
            }
            Err(error) => Some(Err(error)),
        });
        let place = tokio::time::timeout_at(self.deadline.into(), place).await;
        place.unwrap_or_else(|_| Err(too_many.into()))
    }

    /// Gives the call a number, if there is a place for it.
    fn open(
        &self,
        state: &mut State,
        now: Instant,
        waker: Option<&Waker>,
    ) -> Result<Result<Open<'a, F>, TooManyCalls>, CallError> {
        if state.closed || state.closing {
            return Err(CallError::Closed { sent: Sent::No });
        }
        // Nearly always it is as late as when the call was made, and the clock can say the deadline.
        let all = now == self.now && self.within <= CallHead::MAX_LEFT;
        let left = if all { self.within } else { self.deadline.saturating_duration_since(now) };
        let number = match self.window {
            None => state.asker.ask_until(self.deadline),
            Some(_) => state.asker.ask_stream(now, self.within),
        };
        if number.is_err() && self.bound && self.peer.outbox().is_detached() {
            return Err(CallError::Disconnected { sent: Sent::No });
        }
        Ok(number.map(|number| {
            if self.bound {
                state.asker.bind(number);
            }
            let credit = match self.window {
                None => {
                    state.slots.open(number, waker.cloned());
                    None
                }
                Some(limits) => Some(state.slots.open_stream(number, limits)),
            };
            let Self { peer, within, deadline, .. } = *self;
            Open {
                peer,
                number,
                credit,
                left,
                within,
                deadline,
                waits: waker.is_some(),
                ended: false,
            }
        }))
    }

    /// Waits for room in the send queue, and returns how much time is then left.
    async fn room<A: ?Sized>(
        &self,
        open: &Open<'_, F>,
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
        let room = outbox.room(length.map_err(CallError::NotSent)?, self.bound);
        match tokio::time::timeout_at(self.deadline.into(), room).await {
            Ok(true) => Ok(left()),
            Ok(false) => Err(CallError::NotSent(full)),
            Err(_) => Err(CallError::Deadline { within: self.within }),
        }
    }

    /// Puts the call into the send queue. Returns the error if that is full.
    fn try_queue<A: ?Sized>(
        &self,
        mut state: MutexGuard<'_, State>,
        open: &Open<'_, F>,
        method: &str,
        args: &A,
        left: Duration,
    ) -> Result<Option<EmitError>, CallError>
    where
        F: EncodeCall<A>,
    {
        let head = self.head(open, method, left);
        let encode = |out: &mut _| self.peer.format().encode_call(&head, args, out);
        let note = |frame| {
            state.asker.queued(open.number, frame);
            // Writing may follow, which must not keep answers from being handled.
            drop(state);
        };
        let queued = if self.bound {
            let queued = self.peer.outbox().emit_numbered_if_connected(encode, note);
            queued.ok_or(CallError::Disconnected { sent: Sent::No })?
        } else {
            self.peer.outbox().emit_numbered(encode, note)
        };
        match queued {
            Ok(()) => Ok(None),
            Err(EmitError::Closed) => Err(CallError::Closed { sent: Sent::No }),
            Err(error @ EmitError::Full(_)) => Ok(Some(error)),
            Err(error) => Err(CallError::NotSent(error)),
        }
    }

    /// Returns the head of a call that has so much time left.
    fn head<'m>(&self, open: &Open<'_, F>, method: &'m str, left: Duration) -> CallHead<'m> {
        let left = if open.credit.is_none() { left } else { self.within };
        CallHead { number: Some(open.number), method, left: Some(left), credit: open.credit }
    }
}

/// A call of this side that has a number. Dropped before it has ended, it is cancelled.
pub(super) struct Open<'a, F: MessageFormat> {
    peer: &'a Peer<F>,
    number: u64,
    /// How many items may come at first, if it is answered with items.
    credit: Option<u32>,
    /// How much time it had left when it got its number.
    left: Duration,
    within: Duration,
    deadline: Instant,
    /// Whether its end or its deadline wakes its future.
    pub(super) waits: bool,
    /// Whether its outcome was taken.
    ended: bool,
}

impl<'a, F: MessageFormat> Open<'a, F> {
    pub(super) fn peer(&self) -> &'a Peer<F> {
        self.peer
    }

    /// Returns the outcome of the call, at the latest at its deadline.
    #[inline]
    pub(super) fn poll_outcome(&mut self, cx: &Context<'_>) -> Poll<Outcome> {
        let calls = self.peer.calls();
        let mut state = calls.lock();
        // An answer that is there when the time is over is still an answer.
        if let Some(outcome) = state.slots.take(self.number, cx.waker()) {
            self.ended = true;
            return Poll::Ready(outcome);
        }
        if std::mem::replace(&mut self.waits, true) && clock::now() >= self.deadline {
            // Dropping the call cancels it over there.
            return Poll::Ready(Err(CallError::Deadline { within: self.within }));
        }
        drop(calls.set_alarm(state, self.deadline));
        Poll::Pending
    }

    /// Returns the number of a call whose end its stream takes care of.
    pub(super) fn into_number(self) -> u64 {
        std::mem::ManuallyDrop::new(self).number
    }
}

impl<F: MessageFormat> Drop for Open<'_, F> {
    fn drop(&mut self) {
        let Some(format) = self.peer.format().calls() else { return };
        if self.ended {
            format.call_ended(self.number);
        } else {
            self.peer.calls().abandon(self.number, self.peer.outbox(), format);
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
                    state.asker.owe_cancel(number, frame);
                }
            }
        }
        state.send_cancels(outbox, format);
        drop(state);
        self.notify();
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
        self.seen.answer();
        let mut state = self.lock();
        if let Some((on_answer, past_queue)) = state.waiting.answered(number) {
            state.answered_past_queue = past_queue;
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
                        state.asker.cancel(number);
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
        self.notify();
        if let Some(waker) = waker {
            waker.wake();
        }
        None
    }
}
