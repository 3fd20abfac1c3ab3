//! `Sink`: where a method puts the items that it answers a call with.

use std::fmt;
use std::marker::PhantomData;

use super::Call;
use super::shared::State;
use crate::MessageFormat;
use crate::error::EmitError;
use crate::protocol::calls::EncodeCall;

/// Where a method puts the items of type `R` that it answers a call with. See
/// [`Handlers::on_stream`](crate::Handlers::on_stream).
pub struct Sink<F, R: ?Sized> {
    call: Call<F>,
    item: PhantomData<fn(&R)>,
}

/// Why an item was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The asker does not want more items, its time is over, or its connection is lost.
    #[error("the call has ended")]
    Ended,
    /// The asker has given no credit for another item: only [`Sink::try_send`] fails like this.
    #[error("the asker has given no credit for another item")]
    NoCredit,
    /// The asker takes one answer and no items: only a sink of the blocking driver fails like this. The
    /// call has ended, answered `needs_stream`.
    #[error("the asker takes no items")]
    NoStream,
    /// More was received while the item waited for credit than may wait to be taken. Only the blocking
    /// driver has it: take events first.
    #[error("{actual} bytes of events wait to be taken, the limit is {limit}")]
    EventsFull {
        /// How many bytes may wait.
        limit: usize,
        /// How many do.
        actual: usize,
    },
    /// The item could not be put into the send queue.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

impl SinkError {
    /// Returns a short code, for programs, which never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ended => "call_ended",
            Self::NoCredit => "no_credit",
            Self::NoStream => "needs_stream",
            Self::EventsFull { .. } => "events_full",
            Self::Emit(error) => error.code(),
        }
    }
}

impl<F: MessageFormat, R: ?Sized> Sink<F, R> {
    pub(super) fn new(call: Call<F>) -> Self {
        Self { call, item: PhantomData }
    }

    /// Returns the call that is answered.
    #[must_use]
    pub fn call(&self) -> &Call<F> {
        &self.call
    }

    /// Sends an item; waits until the asker has given credit for it, and while the send queue is full.
    /// An asker that gives none for a minute ends the call.
    ///
    /// # Errors
    ///
    /// [`SinkError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the item is not sent.
    pub async fn send(&self, item: &R) -> Result<(), SinkError>
    where
        F: EncodeCall<R>,
    {
        let credit = |state: &mut State| match self.call.take_credit(state) {
            Ok(false) => None,
            taken => Some(taken),
        };
        self.call.calls().until(credit).await?;
        let taken = Taken(&self.call);
        if let Some(frame) = self.queue(item)? {
            self.call.peer().outbox().send_encoded(&frame).await?;
        }
        taken.keep();
        Ok(())
    }

    /// Sends an item without waiting.
    ///
    /// # Errors
    ///
    /// [`SinkError`]; with [`SinkError::NoCredit`] it can be sent later.
    pub fn try_send(&self, item: &R) -> Result<(), SinkError>
    where
        F: EncodeCall<R>,
    {
        if !self.call.take_credit(&mut self.call.calls().lock())? {
            return Err(SinkError::NoCredit);
        }
        let taken = Taken(&self.call);
        let Some(number) = self.call.number() else { return Err(SinkError::Ended) };
        let (outbox, format) = (self.call.peer().outbox(), self.call.peer().format());
        outbox.emit(|out| format.encode_answer(&number, true, item, out))?;
        taken.keep();
        Ok(())
    }

    /// Queues an item, or returns its frame if there is no room for it yet.
    fn queue(&self, item: &R) -> Result<Option<bytes::Bytes>, SinkError>
    where
        F: EncodeCall<R>,
    {
        let Some(number) = self.call.number() else { return Err(SinkError::Ended) };
        let (outbox, format) = (self.call.peer().outbox(), self.call.peer().format());
        Ok(outbox.try_send(|out| format.encode_answer(&number, true, item, out))?)
    }
}

/// Credit that was taken for an item, and is given back if that is not sent.
struct Taken<'a, F: MessageFormat>(&'a Call<F>);

impl<F: MessageFormat> Taken<'_, F> {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl<F: MessageFormat> Drop for Taken<'_, F> {
    fn drop(&mut self) {
        self.0.give_back_credit();
    }
}

impl<F, R: ?Sized> fmt::Debug for Sink<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("call", &self.call).finish_non_exhaustive()
    }
}
