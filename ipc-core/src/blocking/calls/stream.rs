//! `CallStream`: the items that a call is answered with, as an iterator.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::ask::{Open, queue};
use crate::blocking::NextError;
use crate::blocking::link::{Drive, Link};
use crate::calls::CallError;
use crate::protocol::calls::{EncodeCall, Overrun, Sent, Signal, Window, WindowLimits};
use crate::runtime::clock;
use crate::{DecodePayload, Message, MessageFormat};

/// The items that a method answers a call with, each read as an `R`, in order.
///
/// The peer sends as many items ahead as this side gives it credit for. What else is received while an
/// item is awaited is kept for the client or connection, as `call` does. Dropped before its end, the
/// call is cancelled.
///
/// After an error the stream has ended; but for [`CallError::InvalidResult`], an item that is not an
/// `R`, after which it goes on.
pub struct CallStream<'a, F: MessageFormat, R> {
    side: &'a mut (dyn Drive<F> + Send),
    open: Open,
    ended: bool,
    item: PhantomData<fn() -> R>,
}

/// The items of a stream that are not read.
#[derive(Debug)]
pub(super) struct Items {
    items: VecDeque<Message>,
    window: Window,
    /// Credit that found no room in the send queue.
    owed: u32,
}

/// Calls a method that answers with items.
pub(in crate::blocking) fn call_stream<'a, F, D, A, R>(
    side: &'a mut D,
    method: &str,
    args: &A,
    within: Option<Duration>,
) -> Result<CallStream<'a, F, R>, CallError>
where
    F: EncodeCall<A> + DecodePayload<R>,
    D: Drive<F> + Send,
    A: ?Sized,
{
    let window = side.link().config.calls.window;
    let open = side.link().open_call(within, Some(window))?;
    let queued =
        queue(side, &open, method, |format, head, out| format.encode_call(head, args, out));
    // Dropped with an error, it ends the call.
    let stream = CallStream { side, open, ended: false, item: PhantomData };
    queued.map(|()| stream)
}

impl Items {
    pub(super) fn new(limits: WindowLimits) -> Self {
        Self { items: VecDeque::new(), window: Window::new(limits), owed: 0 }
    }

    /// Returns the credit that the call's frame gives.
    pub(super) fn credit(&self) -> u32 {
        self.window.outstanding()
    }

    pub(super) fn received(&mut self, item: Message) -> Result<(), Overrun> {
        self.window.received(item.payload().map_or(0, <[u8]>::len))?;
        self.items.push_back(item);
        Ok(())
    }

    /// Handles the last answer: with a result it is the last item, credit or not.
    pub(super) fn ended(&mut self, last: Message) {
        if last.payload().is_some() {
            self.items.push_back(last);
        }
    }
}

impl<F: MessageFormat> Link<F> {
    /// Takes the next item, and gives the peer credit for more.
    fn take_item(&mut self, number: u64) -> Option<Message> {
        let items = self.calls.as_mut()?.items.as_mut()?;
        let item = items.items.pop_front()?;
        let credit = items.owed + items.window.read();
        items.owed = 0;
        if credit > 0 && !self.give_credit(number, credit) {
            if let Some(items) = self.calls().items.as_mut() {
                items.owed = credit;
            }
        }
        Some(item)
    }

    fn give_credit(&mut self, number: u64, items: u32) -> bool {
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls() else { return true };
        let signal = Signal::Credit(number, items);
        self.push(|queue| queue.push(|out| format.encode_signal(&signal, out)).map(drop)).is_ok()
    }
}

impl<F: DecodePayload<R>, R> Iterator for CallStream<'_, F, R> {
    type Item = Result<R, CallError>;

    /// Waits for the next item and returns it, or `None` when the method has ended.
    ///
    /// # Panics
    ///
    /// If a client has to connect within an async runtime, which a thread that waits would stop.
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.wait() {
            Ok(Some(item)) => {
                let format = &self.side.link().format;
                Some(format.decode_payload(&item).map_err(CallError::InvalidResult))
            }
            Ok(None) => {
                self.end();
                None
            }
            Err(error) => {
                self.end();
                Some(Err(error))
            }
        }
    }
}

impl<F: MessageFormat, R> CallStream<'_, F, R> {
    fn wait(&mut self) -> Result<Option<Message>, CallError> {
        let until = clock::now().checked_add(self.open.within);
        loop {
            if let Some(found) = self.found() {
                return found;
            }
            self.side.link().check_events()?;
            if let Err(error) = self.side.step(until) {
                return self.found().unwrap_or(Err(match error {
                    NextError::TimedOut => self.open.deadline_error(),
                    NextError::Ended => CallError::Closed { sent: Sent::Maybe },
                }));
            }
        }
    }

    /// Returns the next item, or how the stream has ended, if either is there.
    fn found(&mut self) -> Option<Result<Option<Message>, CallError>> {
        let number = self.open.number;
        let link = self.side.link();
        match link.take_item(number) {
            Some(item) => Some(Ok(Some(item))),
            None => link.take_outcome().map(|outcome| outcome.map(|_| None)),
        }
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.side.link().end_call(self.open.number);
        }
    }
}

impl<F: MessageFormat, R> Drop for CallStream<'_, F, R> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<F: MessageFormat, R> fmt::Debug for CallStream<'_, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream").field("open", &self.open).finish_non_exhaustive()
    }
}
