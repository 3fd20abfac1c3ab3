//! Asking: a call of this side, and the wait for its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::Outcome;
use super::stream::Items;
use crate::blocking::NextError;
use crate::blocking::link::{Drive, Link};
use crate::calls::{CallError, ReservedEvents};
use crate::error::EmitError;
use crate::protocol::builtin::{About, INFO, Value};
use crate::protocol::calls::{Abandoned, CallHead, EncodeCall, Sent, Signal, WindowLimits};
use crate::protocol::queue::{OverflowPolicy, PushError, Pushed, QueueLimit};
use crate::runtime::calls::builtin::{about_of, format_of};
use crate::runtime::clock;
use crate::{DecodePayload, FormatError, MessageFormat};

/// Calls a method and waits for its result.
pub(in crate::blocking) fn call<F, D, A, R>(
    side: &mut D,
    method: &str,
    args: &A,
    within: Option<Duration>,
) -> Result<R, CallError>
where
    F: EncodeCall<A> + DecodePayload<R>,
    D: Drive<F>,
    A: ?Sized,
{
    let open = side.link().open_call(within, None)?;
    let queued =
        queue(side, &open, method, |format, head, out| format.encode_call(head, args, out));
    let outcome = queued.and_then(|()| wait(side, &open));
    side.link().end_call(open.number);
    side.link().format.decode_payload(&outcome?).map_err(CallError::InvalidResult)
}

/// Calls a built-in method and waits for its result. A call that is `bound` to a connection does not
/// wait for the next.
pub(in crate::blocking) fn call_builtin<F: MessageFormat>(
    side: &mut impl Drive<F>,
    method: &str,
    args: &Value,
    within: Duration,
    bound: bool,
) -> Result<Value, CallError> {
    let format = Arc::clone(&side.link().format);
    let builtins = format_of(&*format, &side.link().config)?;
    let open = side.link().open(within, None, bound)?;
    let queued = queue(side, &open, method, |_, head, out| {
        builtins.encode_builtin_call(head, None, args, out)
    });
    let outcome = queued.and_then(|()| wait(side, &open));
    side.link().end_call(open.number);
    builtins.read_value(&outcome?).map_err(CallError::InvalidResult)
}

/// Asks the peer what it is.
pub(in crate::blocking) fn call_about<F: MessageFormat>(
    side: &mut impl Drive<F>,
) -> Result<About, CallError> {
    let calls = side.link().config.calls;
    let (within, bound) = (calls.deadline, calls.fail_when_disconnected);
    about_of(&call_builtin(side, INFO, &Value::Null, within, bound)?)
}

/// A call of this side that has a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) number: u64,
    pub(super) within: Duration,
    /// `None` is as good as never.
    deadline: Option<Instant>,
    /// How many items may come before more credit is given; `None` for one answer.
    credit: Option<u32>,
}

/// Puts the call into the send queue; waits while that is full, if its policy is to wait.
pub(super) fn queue<F: MessageFormat>(
    side: &mut impl Drive<F>,
    open: &Open,
    method: &str,
    encode: impl Fn(&F, &CallHead<'_>, &mut BytesMut) -> Result<(), FormatError>,
) -> Result<(), CallError> {
    loop {
        side.link().check_events()?;
        let error = match side.link().push_call(open, method, &encode) {
            Ok(()) => return Ok(()),
            Err(EmitError::Closed) => return Err(CallError::Closed { sent: Sent::No }),
            Err(error) => error,
        };
        let waits = side.link().queue.overflow() == OverflowPolicy::Block;
        if !(waits && matches!(error, EmitError::Full(_))) {
            return Err(CallError::NotSent(error));
        }
        match side.make_room(open.deadline) {
            Ok(()) => {
                // One that does not wait for the next connection may have ended with this one.
                if let Some(outcome) = side.link().take_outcome() {
                    return outcome.map(drop);
                }
            }
            Err(NextError::TimedOut) if open.is_over() => return Err(open.deadline_error()),
            Err(NextError::TimedOut) => return Err(CallError::NotSent(error)),
            Err(NextError::Ended) => {
                let outcome = side.link().take_outcome();
                return outcome.unwrap_or(Err(CallError::Closed { sent: Sent::No })).map(drop);
            }
        }
    }
}

/// Waits for the call's answer.
fn wait<F: MessageFormat>(side: &mut impl Drive<F>, open: &Open) -> Outcome {
    loop {
        if let Some(outcome) = side.link().take_outcome() {
            return outcome;
        }
        side.link().check_events()?;
        match side.step(open.deadline) {
            Ok(()) => {}
            Err(error) => {
                // An answer that is there when the time is over is still an answer.
                return side.link().take_outcome().unwrap_or_else(|| {
                    Err(match error {
                        NextError::TimedOut => open.deadline_error(),
                        NextError::Ended => CallError::Closed { sent: Sent::Maybe },
                    })
                });
            }
        }
    }
}

impl Open {
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|at| at <= clock::now())
    }

    pub(super) fn deadline_error(&self) -> CallError {
        CallError::Deadline { within: self.within }
    }
}

impl<F: MessageFormat> Link<F> {
    /// Returns a call that has a number; one for a stream with the limits of its window.
    pub(super) fn open_call(
        &mut self,
        within: Option<Duration>,
        window: Option<WindowLimits>,
    ) -> Result<Open, CallError> {
        if self.format.calls().is_none() {
            return Err(CallError::Unsupported("this format has no calls"));
        }
        if self.config.calls.reserved_events == ReservedEvents::Ordinary {
            return Err(CallError::Unsupported("calls are switched off by `reserved_events`"));
        }
        let within = within.unwrap_or(self.config.calls.deadline);
        self.open(within, window, self.config.calls.fail_when_disconnected)
    }

    fn open(
        &mut self,
        within: Duration,
        window: Option<WindowLimits>,
        bound: bool,
    ) -> Result<Open, CallError> {
        if self.closed {
            return Err(CallError::Closed { sent: Sent::No });
        }
        if bound && self.socket().is_none() {
            return Err(CallError::Disconnected { sent: Sent::No });
        }
        let now = clock::now();
        let calls = self.calls();
        let number = match window {
            Some(_) => calls.asker.ask_stream(now, within)?,
            None => calls.asker.ask_within(now, within)?,
        };
        if bound {
            calls.asker.bind(number);
        }
        (calls.asking, calls.outcome) = (Some(number), None);
        calls.items = window.map(Items::new);
        let credit = calls.items.as_ref().map(Items::credit);
        Ok(Open { number, within, deadline: now.checked_add(within), credit })
    }

    fn push_call(
        &mut self,
        open: &Open,
        method: &str,
        encode: impl Fn(&F, &CallHead<'_>, &mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        let left = open.deadline.map(|at| at.saturating_duration_since(clock::now()));
        let head = CallHead { number: Some(open.number), method, left, credit: open.credit };
        let format = Arc::clone(&self.format);
        // What was dropped before this call is not one of its frames.
        self.queue.take_evicted();
        self.push(|queue| match queue.push(|out| encode(&format, &head, out))? {
            Pushed::Queued => Ok(()),
            Pushed::Dropped => {
                let (limit, actual) = (queue.limits().max_bytes(), queue.bytes());
                Err(PushError::Full(QueueLimit::Bytes { limit, actual: limit.max(actual) }))
            }
        })?;
        let frame = self.queue.newest();
        self.calls().asker.queued(open.number, frame);
        Ok(())
    }

    /// Queues a call that is not answered.
    pub(in crate::blocking) fn notice<A: ?Sized>(
        &mut self,
        method: &str,
        args: &A,
    ) -> Result<(), EmitError>
    where
        F: EncodeCall<A>,
    {
        let head = CallHead { number: None, method, left: None, credit: None };
        let format = Arc::clone(&self.format);
        self.push(|queue| queue.push(|out| format.encode_call(&head, args, out)).map(drop))
    }

    pub(super) fn take_outcome(&mut self) -> Option<Outcome> {
        self.calls.as_mut()?.outcome.take()
    }

    /// Ends a call of this side, if it has not ended: its frame is taken back, or the peer cancels it.
    pub(super) fn end_call(&mut self, number: u64) {
        if let Some(format) = self.format.calls() {
            format.call_ended(number);
        }
        let untouched = self.queue.first_untouched();
        let Some(calls) = &mut self.calls else { return };
        (calls.asking, calls.outcome, calls.items) = (None, None, None);
        if let Abandoned::TakeBack { frame } = calls.asker.abandon(number, untouched) {
            if !self.queue.take_back(frame) {
                calls.asker.owe_cancel(number, frame);
            }
        }
        self.send_cancels();
    }

    /// Sends the cancels that the peer is owed, as far as they find room.
    pub(super) fn send_cancels(&mut self) {
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls() else { return };
        if self.calls.as_ref().is_some_and(|calls| calls.asker.owes_cancels()) {
            // It may make room.
            self.write();
        }
        while let Some(owed) = self.calls.as_mut().and_then(|calls| calls.asker.next_cancel()) {
            let signal = Signal::Cancel(owed.number);
            match self.push(|queue| queue.push(|out| format.encode_signal(&signal, out)).map(drop))
            {
                Ok(()) => self.write(),
                Err(EmitError::Full(_)) => {
                    return self.calls().asker.owe_cancel(owed.number, owed.frame);
                }
                // The connection is closed, and with it ends what the peer runs.
                Err(_) => return,
            }
        }
    }
}
