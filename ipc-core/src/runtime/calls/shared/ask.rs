//! Asking: a call gets its number and its place in the send queue, and ends.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::State;
use super::primitives::{MutexGuard, now, timeout_at};
use super::side::Side;
use super::slots::Outcome;
use crate::FormatError;
use crate::calls::CallError;
use crate::error::EmitError;
use crate::protocol::calls::{CallHead, Sent, TooManyCalls, WindowLimits, later};

/// What a call of this side needs, and how long it has.
pub(crate) struct Asked<'a, S> {
    side: &'a S,
    pub(crate) within: Duration,
    /// When it was made.
    now: Instant,
    deadline: Instant,
    /// What may wait to be read, if the call is answered with items.
    window: Option<WindowLimits>,
    /// Whether it ends with the connection although it is not sent.
    bound: bool,
}

/// What a call waits for that could not begin at once.
pub(crate) enum Unplaced<'a, S: Side> {
    /// For a place among the open calls.
    Number(TooManyCalls),
    /// For room in the send queue.
    Frame(Open<'a, S>, EmitError),
}

/// A call that was made, or what keeps it from that.
pub(crate) type Begun<'a, S> = Result<Open<'a, S>, Unplaced<'a, S>>;

/// Appends the frame of a call that has this head.
pub(crate) trait Encode:
    Fn(&CallHead<'_>, &mut BytesMut) -> Result<(), FormatError>
{
}

impl<E: Fn(&CallHead<'_>, &mut BytesMut) -> Result<(), FormatError>> Encode for E {}

impl<'a, S: Side> Asked<'a, S> {
    /// Returns a call that is made `now`.
    #[inline]
    pub(crate) fn new(
        side: &'a S,
        now: Instant,
        within: Duration,
        bound: bool,
        window: Option<WindowLimits>,
    ) -> Self {
        Self { side, within, now, deadline: later(now, within), window, bound }
    }

    /// Makes the call: the frame is queued before anything can fail. `waker` is woken when it ends, of a
    /// call that is answered once.
    #[inline]
    pub(crate) fn try_begin(
        &self,
        method: &str,
        encode: impl Encode,
        waker: Option<&Waker>,
    ) -> Result<Begun<'a, S>, CallError> {
        let calls = self.side.calls();
        let mut state = calls.lock();
        // Nothing has been waited for: it is as late as when the call was made.
        let open = match self.open(&mut state, self.now, waker)? {
            Ok(open) => open,
            Err(too_many) => return Ok(Err(Unplaced::Number(too_many))),
        };
        if open.waits {
            state = calls.set_alarm(state, self.deadline);
        }
        Ok(match self.try_queue(state, &open, method, &encode, open.left)? {
            None => Ok(open),
            Some(full) => Err(Unplaced::Frame(open, full)),
        })
    }

    /// Makes a call that could not begin at once. Waits for a place among the open calls and in the
    /// send queue.
    pub(crate) async fn begin_later(
        &self,
        unplaced: Unplaced<'a, S>,
        method: &str,
        encode: impl Encode,
    ) -> Result<Open<'a, S>, CallError> {
        let (open, mut full) = match unplaced {
            Unplaced::Frame(open, full) => (open, Some(full)),
            Unplaced::Number(too_many) => (self.place(too_many).await?, None),
        };
        let mut left = open.left;
        loop {
            if let Some(full) = full {
                left = self.room(&open, method, &encode, full).await?;
            }
            let state = self.side.calls().lock();
            full = self.try_queue(state, &open, method, &encode, left)?;
            if full.is_none() {
                return Ok(open);
            }
        }
    }

    /// Returns a call that has a number, once there is a place for it.
    async fn place(&self, mut too_many: TooManyCalls) -> Result<Open<'a, S>, CallError> {
        let place = self.side.calls().until(|state| match self.open(state, now(), None) {
            Ok(Ok(open)) => Some(Ok(open)),
            Ok(Err(limit)) => {
                too_many = limit;
                None
            }
            Err(error) => Some(Err(error)),
        });
        let place = timeout_at(self.deadline.into(), place).await;
        place.unwrap_or_else(|_| Err(too_many.into()))
    }

    /// Gives the call a number, if there is a place for it.
    fn open(
        &self,
        state: &mut State,
        now: Instant,
        waker: Option<&Waker>,
    ) -> Result<Result<Open<'a, S>, TooManyCalls>, CallError> {
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
        if number.is_err() && self.bound && self.side.outbox().is_detached() {
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
            let Self { side, within, deadline, .. } = *self;
            Open {
                side,
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
    async fn room(
        &self,
        open: &Open<'_, S>,
        method: &str,
        encode: &impl Encode,
        full: EmitError,
    ) -> Result<Duration, CallError> {
        let outbox = self.side.outbox();
        let left = || self.deadline.saturating_duration_since(now());
        let head = self.head(open, method, left());
        let length = outbox.frame_len(|out| encode(&head, out));
        let room = outbox.room(length.map_err(CallError::NotSent)?, self.bound);
        match timeout_at(self.deadline.into(), room).await {
            Ok(true) => Ok(left()),
            Ok(false) => Err(CallError::NotSent(full)),
            Err(_) => Err(CallError::Deadline { within: self.within }),
        }
    }

    /// Puts the call into the send queue. Returns the error if that is full.
    fn try_queue(
        &self,
        mut state: MutexGuard<'_, State>,
        open: &Open<'_, S>,
        method: &str,
        encode: &impl Encode,
        left: Duration,
    ) -> Result<Option<EmitError>, CallError> {
        let head = self.head(open, method, left);
        let encode = |out: &mut _| encode(&head, out);
        let note = |frame| {
            state.asker.queued(open.number, frame);
            // Writing may follow, which must not keep answers from being handled.
            drop(state);
        };
        let queued = if self.bound {
            let queued = self.side.outbox().emit_numbered_if_connected(encode, note);
            queued.ok_or(CallError::Disconnected { sent: Sent::No })?
        } else {
            self.side.outbox().emit_numbered(encode, note)
        };
        match queued {
            Ok(()) => Ok(None),
            Err(EmitError::Closed) => Err(CallError::Closed { sent: Sent::No }),
            Err(error @ EmitError::Full(_)) => Ok(Some(error)),
            Err(error) => Err(CallError::NotSent(error)),
        }
    }

    /// Returns the head of a call that has so much time left.
    fn head<'m>(&self, open: &Open<'_, S>, method: &'m str, left: Duration) -> CallHead<'m> {
        let left = if open.credit.is_none() { left } else { self.within };
        CallHead { number: Some(open.number), method, left: Some(left), credit: open.credit }
    }
}

/// A call of this side that has a number. Dropped before it has ended, it is cancelled.
pub(crate) struct Open<'a, S: Side> {
    side: &'a S,
    number: u64,
    /// How many items may come at first, if it is answered with items.
    credit: Option<u32>,
    /// How much time it had left when it got its number.
    left: Duration,
    within: Duration,
    deadline: Instant,
    /// Whether its end or its deadline wakes its future.
    pub(crate) waits: bool,
    /// Whether its outcome was taken.
    ended: bool,
}

impl<'a, S: Side> Open<'a, S> {
    pub(crate) fn side(&self) -> &'a S {
        self.side
    }

    /// Returns the outcome of the call, at the latest at its deadline.
    #[inline]
    pub(crate) fn poll_outcome(&mut self, cx: &Context<'_>) -> Poll<Outcome> {
        let calls = self.side.calls();
        let mut state = calls.lock();
        // An answer that is there when the time is over is still an answer.
        if let Some(outcome) = state.slots.take(self.number, cx.waker()) {
            self.ended = true;
            return Poll::Ready(outcome);
        }
        if std::mem::replace(&mut self.waits, true) && now() >= self.deadline {
            // Dropping the call cancels it over there.
            return Poll::Ready(Err(CallError::Deadline { within: self.within }));
        }
        drop(calls.set_alarm(state, self.deadline));
        Poll::Pending
    }

    /// Returns the number of a call whose end its stream takes care of.
    pub(crate) fn into_number(self) -> u64 {
        std::mem::ManuallyDrop::new(self).number
    }
}

impl<S: Side> Drop for Open<'_, S> {
    fn drop(&mut self) {
        let Some(format) = self.side.call_format() else { return };
        if self.ended {
            format.call_ended(self.number);
        } else {
            self.side.calls().abandon(self.number, self.side.outbox(), format);
        }
    }
}
