//! `CallStream`: the items that a call is answered with.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::time::Sleep;

use super::Calling;
use super::calling::encode;
use super::shared::slots::Found;
use crate::calls::CallError;
use crate::protocol::calls::{EncodeCall, Signal, later};
use crate::runtime::clock;
use crate::{DecodePayload, MessageFormat, Peer};

/// The items that a method answers a call with, each read as an `R`, in order. It is a [`Stream`], and
/// has [`next`](Self::next) of its own.
///
/// The peer sends as many items ahead as this side gives it credit for, and a slow reader stops nothing
/// but its own stream. Dropped before its end, the call is cancelled.
pub struct CallStream<F: MessageFormat, R> {
    peer: Peer<F>,
    number: u64,
    /// How long the next item may take.
    idle: Duration,
    /// When the stream ends at the latest.
    at_most: Option<Instant>,
    /// Runs while an item is awaited.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    item: PhantomData<fn() -> R>,
}

/// A call for a stream, which is made when it is awaited. See [`Peer::call_stream`].
#[must_use = "a call is made when it is awaited"]
pub struct CallingStream<'a, F: MessageFormat, A: ?Sized, R> {
    calling: Calling<'a, F, A, R>,
    at_most: Option<Duration>,
}

impl<'a, F: MessageFormat, A: ?Sized, R> CallingStream<'a, F, A, R> {
    pub(crate) fn new(calling: Calling<'a, F, A, R>) -> Self {
        Self { calling, at_most: None }
    }

    /// Sets how long each item may take, while it is awaited. Default: as for [`Calling::within`].
    pub fn within(self, limit: Duration) -> Self {
        Self { calling: self.calling.within(limit), ..self }
    }

    /// Sets whether the call fails at once when there is no connection. See
    /// [`Calling::fail_when_disconnected`].
    pub fn fail_when_disconnected(self, fails: bool) -> Self {
        Self { calling: self.calling.fail_when_disconnected(fails), ..self }
    }

    /// Sets how long the whole stream may take. Default: as long as items come.
    pub fn at_most(self, limit: Duration) -> Self {
        Self { at_most: Some(limit), ..self }
    }
}

impl<'a, F, A, R> IntoFuture for CallingStream<'a, F, A, R>
where
    F: EncodeCall<A> + DecodePayload<R>,
    A: ?Sized + Sync,
    R: 'a,
{
    type Output = Result<CallStream<F, R>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { calling, at_most } = self;
        Box::pin(async move {
            let peer = calling.peer;
            if peer.config().max_datagram.is_some() {
                return Err(CallError::Unsupported("there are no streams over datagrams"));
            }
            let window = Some(peer.config().calls.window);
            let asked = calling.asked(window)?;
            let open = match calling.try_begin(&asked, None)? {
                Ok(open) => open,
                Err(unplaced) => {
                    let encode = encode(peer, calling.args);
                    asked.begin_later(unplaced, calling.method, encode).await?
                }
            };
            let number = open.into_number();
            let at_most = at_most.and_then(|limit| clock::now().checked_add(limit));
            let (peer, idle) = (peer.clone(), asked.within);
            Ok(CallStream {
                peer,
                number,
                idle,
                at_most,
                timer: None,
                ended: false,
                item: PhantomData,
            })
        })
    }
}

impl<F: DecodePayload<R>, R> CallStream<F, R> {
    /// Returns the next item, or `None` when the method has ended.
    ///
    /// # Errors
    ///
    /// [`CallError`], after which the stream has ended; but for [`CallError::InvalidResult`], an item
    /// that is not an `R`, after which it goes on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item is taken only when it is returned.
    pub async fn next(&mut self) -> Option<Result<R, CallError>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<R, CallError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let found = self.peer.calls().lock().slots.take_item(self.number, cx.waker());
        match found {
            Found::Item(message, credit) => {
                self.timer = None;
                if credit > 0 {
                    self.give_credit(credit);
                }
                Poll::Ready(Some(self.peer.decode(&message).map_err(CallError::InvalidResult)))
            }
            Found::End(end) => {
                self.end();
                Poll::Ready(end.err().map(Err))
            }
            Found::Nothing => {
                let (idle, at_most) = (self.idle, self.at_most);
                let timer = self.timer.get_or_insert_with(|| {
                    let at = later(clock::now(), idle);
                    Box::pin(tokio::time::sleep_until(at_most.map_or(at, |end| end.min(at)).into()))
                });
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.end();
                Poll::Ready(Some(Err(CallError::Deadline { within: idle })))
            }
        }
    }

    fn give_credit(&self, items: u32) {
        let Some(format) = self.peer.format().calls() else { return };
        let signal = Signal::Credit(self.number, items);
        // Without a connection the stream has ended, or is about to.
        if self.peer.outbox().emit(|out| format.encode_signal(&signal, out)).is_err() {
            self.peer.calls().lock().slots.owe_credit(self.number, items);
        }
    }
}

impl<F: MessageFormat, R> CallStream<F, R> {
    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            if let Some(format) = self.peer.format().calls() {
                self.peer.calls().abandon(self.number, self.peer.outbox(), format);
            }
        }
    }
}

impl<F: MessageFormat, R> Drop for CallStream<F, R> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<F: DecodePayload<R>, R> Stream for CallStream<F, R> {
    type Item = Result<R, CallError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

/// Nothing in it is pinned in place: the timer has a box of its own.
impl<F: MessageFormat, R> Unpin for CallStream<F, R> {}

impl<F: MessageFormat, R> fmt::Debug for CallStream<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<F: MessageFormat, A: ?Sized, R> fmt::Debug for CallingStream<'_, F, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.calling, f)
    }
}
