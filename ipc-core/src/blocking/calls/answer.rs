//! Answering: what a link does with the messages that are calls, answers and cancels.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::IncomingCall;
use super::incoming::Wants;
use crate::blocking::Incoming;
use crate::blocking::link::Link;
use crate::calls::{CallError, ControlEvents, failure};
use crate::error::{EmitError, Error};
use crate::protocol::builtin::{PING, is_builtin};
use crate::protocol::calls::{
    Admission, Answer, Answered, CallNumber, Control, Credit, EncodeCall, Failure, InvalidControl,
    MAX_STREAMS, Signal,
};
use crate::protocol::queue::OverflowPolicy;
use crate::runtime::clock;
use crate::runtime::outbox::encode_frame;
use crate::{Denied, FormatError, Message, MessageFormat};

impl<F: MessageFormat> Link<F> {
    /// Handles a message if it is a call, an answer or about one, and returns whether it was. `length` is
    /// that of its frame.
    #[cold]
    pub(in crate::blocking) fn handle_control(&mut self, message: &Message, length: usize) -> bool {
        let format = Arc::clone(&self.format);
        let Some(control) = format.calls().and_then(|format| format.control(message)) else {
            return false;
        };
        match control {
            Err(InvalidControl { error, number, .. }) => {
                if let Some(number) = number {
                    self.refuse(&number, &Failure::new("invalid_call", error.to_string()));
                }
                self.report(error.into());
            }
            Ok(
                Control::Answer { number: CallNumber::Integer(number), .. }
                | Control::Failure { number: CallNumber::Integer(number), .. },
            ) if self.ping_answered(number, length) => {}
            Ok(Control::Answer { number, more, result }) => {
                self.answered(&number, if more { Answer::Item } else { Answer::Last }, Ok(result));
            }
            Ok(Control::Failure { number, failure }) => {
                self.answered(&number, Answer::Last, Err(failure));
            }
            Ok(Control::Call { number, left, credit, message, .. }) => {
                if message.event() == PING {
                    self.received_ping(length);
                }
                self.called(number, left, credit, message);
            }
            Ok(Control::Cancel(number)) => {
                let calls = self.calls();
                if let Some(id) = calls.answerer.cancel(&number) {
                    calls.forget(id);
                }
            }
            Ok(Control::Credit(number, items)) => {
                let calls = self.calls();
                let id = calls.answerer.running(&number);
                if let Some(credit) = id.and_then(|id| calls.credits.get_mut(&id)) {
                    credit.add(items);
                }
            }
        }
        true
    }

    fn answered(&mut self, number: &CallNumber, kind: Answer, outcome: Result<Message, Failure>) {
        // This side numbers its calls with integers: another answer fits none.
        let CallNumber::Integer(number) = *number else { return };
        let untouched = self.queue.first_untouched();
        let calls = self.calls();
        if let Some(purpose) = calls.take_asked(number) {
            return self.answered_past_queue(purpose, kind == Answer::Item, outcome);
        }
        match calls.asker.answer(number, kind, clock::now()) {
            Some(Answered::Done) => {
                if let (Some(items), Ok(last)) = (&mut calls.items, &outcome) {
                    items.ended(last.clone());
                }
                calls.end(number, outcome.map_err(CallError::from));
            }
            Some(Answered::Item) => {
                let (Some(items), Ok(item)) = (&mut calls.items, outcome) else { return };
                if let Err(overrun) = items.received(item) {
                    // What came before can still be read.
                    calls.asker.abandon(number, untouched);
                    calls.end(number, Err(overrun.into()));
                }
            }
            Some(Answered::Unexpected) => calls.end(number, Err(CallError::UnexpectedStream)),
            None => {}
        }
    }

    /// Keeps a call of the peer for the program, or answers why not.
    fn called(
        &mut self,
        number: Option<CallNumber>,
        left: Option<Duration>,
        credit: Option<u32>,
        args: Message,
    ) {
        if is_builtin(args.event()) && self.called_builtin(number.as_ref(), &args) {
            return;
        }
        if self.guard.as_ref().is_some_and(|guard| !guard.permits_call(args.event())) {
            if let Some(number) = &number {
                self.refuse(number, &Failure::call_denied(args.event()));
            }
            return self.deny(Denied::Call, args.event());
        }
        let calls = self.calls();
        let (credit, now) = (credit.filter(|_| number.is_some()), clock::now());
        let refusal = if calls.closing {
            Failure::closing()
        } else if credit.is_some() && calls.credits.len() >= MAX_STREAMS {
            Failure::busy_with_streams()
        } else {
            let admission = match &number {
                Some(number) if credit.is_some() => {
                    calls.answerer.call_stream(now, number.clone(), left)
                }
                number => calls.answerer.call(now, number.clone(), left),
            };
            match admission {
                Admission::Run { id, deadline } => {
                    let dropped = Arc::clone(&calls.dropped);
                    let wants = match (&number, credit) {
                        (None, _) => Wants::Nothing,
                        (_, None) => Wants::Answer,
                        (_, Some(_)) => Wants::Items,
                    };
                    let call = IncomingCall::new(id, wants, deadline, args, dropped);
                    calls.running.insert(id, call.downgrade());
                    calls.credits.extend(credit.map(|credit| (id, Credit::new(credit))));
                    return self.push_call_event(call);
                }
                Admission::Busy { limit } => Failure::busy(limit),
                Admission::Duplicate => {
                    if !std::mem::replace(&mut calls.duplicate_reported, true) {
                        self.report(failure::duplicate().into());
                    }
                    return;
                }
            }
        };
        match number {
            Some(number) => self.refuse(&number, &refusal),
            None => {
                self.report(Error::NoticeRefused(refusal.into()));
            }
        }
    }

    /// Answers a call of the peer, unless the answer is not wanted any more.
    pub(in crate::blocking) fn answer<R: ?Sized>(
        &mut self,
        call: &IncomingCall,
        result: &R,
    ) -> Result<(), EmitError>
    where
        F: EncodeCall<R>,
    {
        let format = Arc::clone(&self.format);
        self.settle(call, |number, out| format.encode_answer(number, false, result, out))
    }

    /// Answers a call of the peer with a failure, unless the answer is not wanted any more.
    pub(in crate::blocking) fn fail(
        &mut self,
        call: &IncomingCall,
        failure: &Failure,
    ) -> Result<(), EmitError> {
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls() else { return Ok(()) };
        self.settle(call, |number, out| {
            format.encode_signal(&Signal::Failure(number, failure), out)
        })
    }

    pub(super) fn settle(
        &mut self,
        call: &IncomingCall,
        encode: impl Fn(&CallNumber, &mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        let number = self.calls.as_mut().filter(|calls| calls.runs(call)).and_then(|calls| {
            call.set_done();
            calls.done(call.id())
        });
        let Some(number) = number else { return Ok(()) };
        let sent = match self.reply(|out| encode(&number, out)) {
            Err(EmitError::Full(_)) if self.queue.overflow() == OverflowPolicy::Block => {
                encode_frame(&self.encoder, |out| encode(&number, out))
                    .and_then(|frame| self.push_patiently(&frame))
            }
            other => other,
        };
        if let Some(failure) = sent.clone().err().and_then(Failure::instead_of_result) {
            self.refuse(&number, &failure);
        }
        sent
    }

    /// Does what the calls have left to do before a wait, and returns until when it may last.
    #[inline(never)]
    pub(in crate::blocking) fn turn_calls(&mut self) -> Option<Instant> {
        let calls = self.calls.as_mut()?;
        let dropped = calls.take_dropped();
        if calls.answerer.next_deadline().is_some_and(|at| at <= clock::now()) {
            let mut expired = calls.answerer.expire(clock::now());
            expired.iter().for_each(|call| calls.forget(call.id));
            for number in expired.drain(..).filter_map(|call| call.number) {
                self.refuse(&number, &Failure::expired());
            }
        }
        for number in dropped {
            let message = "the call was dropped without an answer";
            self.refuse(&number, &Failure::new("cancelled", message));
        }
        self.send_cancels();
        self.calls.as_ref()?.answerer.next_deadline()
    }

    /// Refuses new calls from now on, and those that the program has not taken.
    pub(in crate::blocking) fn close_calls(&mut self) {
        if self.control == ControlEvents::None {
            return;
        }
        self.calls().closing = true;
        let waiting = self.events.iter().filter_map(|event| match event {
            Incoming::Call(call) => Some(call.id()),
            _ => None,
        });
        for id in waiting.collect::<Vec<_>>() {
            if let Some(number) = self.calls().done(id) {
                self.refuse(&number, &Failure::closing());
            }
        }
    }

    /// Answers a call with a failure. One that finds no room is dropped: the asker's deadline ends its
    /// call.
    fn refuse(&mut self, number: &CallNumber, failure: &Failure) {
        let format = Arc::clone(&self.format);
        if let Some(format) = format.calls() {
            let signal = Signal::Failure(number, failure);
            let _ = self.reply(|out| format.encode_signal(&signal, out));
        }
    }

    /// Queues an answer.
    pub(super) fn reply(
        &mut self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        if self.calls().shut {
            return Ok(());
        }
        // It counts as one to what was received last, unless this side closes and has to read on.
        let answers = !self.calls().closing;
        let answering = std::mem::replace(&mut self.answering, answers);
        let pushed = self.push(|queue| queue.push(encode).map(drop));
        self.answering = answering;
        if let Some(frames) = self.queue.take_evicted() {
            let limit = self.queue.limits().max_bytes();
            self.calls().evicted(frames, limit);
        }
        pushed
    }
}
