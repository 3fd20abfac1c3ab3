//! `Sink`: where a program puts the items that it answers a call with.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::IncomingCall;
use crate::blocking::NextError;
use crate::blocking::link::{Drive, Link};
use crate::calls::CallError;
use crate::error::EmitError;
use crate::protocol::calls::{Credit, EncodeCall, Failure, STALL_TIMEOUT, Signal};
use crate::protocol::queue::OverflowPolicy;
use crate::runtime::clock;
use crate::{MessageFormat, SinkError};

/// Where a program puts the items of type `R` that it answers a call of the peer with. See
/// [`Connection::sink`](crate::blocking::Connection::sink).
///
/// Dropped, it ends nothing: another one goes on with the stream, as long as the program keeps the
/// call. [`end`](Self::end) and [`fail`](Self::fail) end it, and so does dropping the last clone of the
/// call: the asker then learns that the call was cancelled.
pub struct Sink<'a, F: MessageFormat, R: ?Sized> {
    side: &'a mut (dyn Drive<F> + Send),
    call: IncomingCall,
    item: PhantomData<fn(&R)>,
}

impl<'a, F: MessageFormat, R: ?Sized> Sink<'a, F, R> {
    pub(in crate::blocking) fn new<D: Drive<F> + Send>(
        side: &'a mut D,
        call: IncomingCall,
    ) -> Self {
        Self { side, call, item: PhantomData }
    }

    /// Returns the call that is answered.
    #[must_use]
    pub fn call(&self) -> &IncomingCall {
        &self.call
    }

    /// Sends an item; waits until the asker has given credit for it, and while the send queue is full,
    /// if its policy is to wait. What else is received meanwhile is kept for `next`, up to the option
    /// [`event_bytes`](crate::ConnectionOptions::event_bytes): 8 MiB. An asker that gives no credit for
    /// a minute ends the call.
    ///
    /// # Errors
    ///
    /// [`SinkError`]. An item that was not sent can be sent again, unless the call has ended.
    pub fn send(&mut self, item: &R) -> Result<(), SinkError>
    where
        F: EncodeCall<R>,
    {
        while !self.side.link().take_credit(&self.call)? {
            self.wait()?;
        }
        loop {
            match self.side.link().send_item(&self.call, item) {
                Err(SinkError::Emit(EmitError::Full(limit)))
                    if self.side.link().queue.overflow() == OverflowPolicy::Block =>
                {
                    if self.side.make_room(None).is_err() {
                        self.side.link().give_back_credit(&self.call);
                        return Err(EmitError::Full(limit).into());
                    }
                }
                Err(error) => {
                    self.side.link().give_back_credit(&self.call);
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Sends an item without waiting. Credit that has arrived and was not received yet is not seen:
    /// `next` and `next_timeout` receive it.
    ///
    /// # Errors
    ///
    /// [`SinkError`]; with [`SinkError::NoCredit`], and when the queue is full, it can be sent later.
    pub fn try_send(&mut self, item: &R) -> Result<(), SinkError>
    where
        F: EncodeCall<R>,
    {
        let link = self.side.link();
        if !link.take_credit(&self.call)? {
            return Err(SinkError::NoCredit);
        }
        link.send_item(&self.call, item).inspect_err(|_| link.give_back_credit(&self.call))
    }

    /// Ends the stream. `answer` of the client or connection ends it with one more item.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn end(self) -> Result<(), EmitError> {
        let link = self.side.link();
        let format = Arc::clone(&link.format);
        let Some(format) = format.calls() else { return Ok(()) };
        link.settle(&self.call, |number, out| format.encode_signal(&Signal::End(number), out))
    }

    /// Ends the stream with a failure.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn fail(self, failure: impl Into<Failure>) -> Result<(), EmitError> {
        self.side.link().fail(&self.call, &failure.into())
    }

    /// Waits until something was received that may be credit, or the call's time is over.
    fn wait(&mut self) -> Result<(), SinkError> {
        let link = self.side.link();
        if let Err(CallError::EventsFull { limit, actual }) = link.check_events() {
            return Err(SinkError::EventsFull { limit, actual });
        }
        let until = link.calls().answerer.deadline(self.call.id());
        match self.side.step(until) {
            Ok(()) => Ok(()),
            Err(NextError::TimedOut) => {
                self.side.link().turn_calls();
                Ok(())
            }
            Err(NextError::Ended) => Err(SinkError::Ended),
        }
    }
}

impl<F: MessageFormat> Link<F> {
    /// Takes the credit of one item; `false` if there is none.
    fn take_credit(&mut self, call: &IncomingCall) -> Result<bool, SinkError> {
        let calls = self.calls.as_mut().filter(|calls| calls.runs(call));
        let calls = calls.ok_or(SinkError::Ended)?;
        let (id, now) = (call.id(), clock::now());
        match calls.credits.get_mut(&id).map(Credit::take) {
            Some(true) => {
                calls.answerer.item(id, now);
                Ok(true)
            }
            Some(false) => {
                calls.answerer.stalls(id, now, STALL_TIMEOUT);
                Ok(false)
            }
            None => {
                self.fail(call, &Failure::needs_stream(call.method()))?;
                Err(SinkError::NoStream)
            }
        }
    }

    fn give_back_credit(&mut self, call: &IncomingCall) {
        if let Some(credit) = self.calls().credits.get_mut(&call.id()) {
            credit.add(1);
        }
    }

    fn send_item<R: ?Sized>(&mut self, call: &IncomingCall, item: &R) -> Result<(), SinkError>
    where
        F: EncodeCall<R>,
    {
        let calls = self.calls.as_ref().filter(|calls| calls.runs(call));
        let number = calls.and_then(|calls| calls.answerer.number(call.id()).cloned());
        let number = number.ok_or(SinkError::Ended)?;
        let format = Arc::clone(&self.format);
        Ok(self.reply(|out| format.encode_answer(&number, true, item, out))?)
    }
}

impl<F: MessageFormat, R: ?Sized> fmt::Debug for Sink<'_, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("call", &self.call).finish_non_exhaustive()
    }
}
