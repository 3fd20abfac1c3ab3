//! `Calling`: a call to make, and the future of one that is made.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::BytesMut;

use super::run;
use super::shared::ask::{Asked, Begun, Open};
use crate::calls::{CallError, ReservedEvents};
use crate::protocol::calls::{CallHead, EncodeCall, WindowLimits};
use crate::runtime::client::Inner;
use crate::runtime::clock;
use crate::{DecodePayload, FormatError, MessageFormat, Peer};

/// A call that is made when it is awaited. See [`Peer::call`].
///
/// It becomes a future with [`into_future`](IntoFuture::into_future), which `.await`, `tokio::time::timeout`
/// and `tokio::join!` do themselves. What takes futures only (`tokio::spawn`, `Handle::block_on`) gets an
/// `async` block: `handle.block_on(async { client.call("sum", &numbers).await })`.
#[must_use = "a call is made when it is awaited"]
pub struct Calling<'a, F: MessageFormat, A: ?Sized, R> {
    pub(super) peer: &'a Peer<F>,
    /// What has to be started with the first call.
    pub(super) starter: Option<&'a Inner<F>>,
    pub(super) method: &'a str,
    pub(super) args: &'a A,
    pub(super) within: Option<Duration>,
    pub(super) detached: bool,
    pub(super) bound: Option<bool>,
    result: PhantomData<fn() -> R>,
}

impl<'a, F: MessageFormat, A: ?Sized, R> Calling<'a, F, A, R> {
    pub(crate) fn new(peer: &'a Peer<F>, method: &'a str, args: &'a A) -> Self {
        let result = PhantomData;
        let (within, detached, bound) = (None, false, None);
        Self { peer, starter: None, method, args, within, detached, bound, result }
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

    /// Sets whether the call fails at once, as [`Disconnected`](CallError::Disconnected) and not sent,
    /// when there is no connection, or it is lost before the call was written whole: rather than wait
    /// for the next one, within its time. Default: the option
    /// [`fail_when_disconnected`](crate::CallOptions::fail_when_disconnected).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{CallError, Client, MsgPack, Sent};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// match client.call::<_, u64>("sum", &[1, 2]).fail_when_disconnected(true).await {
    ///     Err(CallError::Disconnected { sent: Sent::No }) => println!("not connected"),
    ///     sum => println!("{}", sum?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn fail_when_disconnected(self, fails: bool) -> Self {
        Self { bound: Some(fails), ..self }
    }

    /// Returns the call without what starts it and what it is about. It is made now.
    #[inline]
    pub(super) fn asked(
        &self,
        window: Option<WindowLimits>,
    ) -> Result<Asked<'a, Peer<F>>, CallError> {
        let Self { peer, within, detached, bound, .. } = *self;
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
        let bound = bound.unwrap_or(options.fail_when_disconnected);
        Ok(Asked::new(peer, now, within, bound, window))
    }
}

impl<'a, F: EncodeCall<A>, A: ?Sized, R> Calling<'a, F, A, R> {
    /// Makes the call, and starts the client with it: the frame is queued before anything can fail.
    #[inline]
    pub(super) fn try_begin(
        &self,
        asked: &Asked<'a, Peer<F>>,
        waker: Option<&Waker>,
    ) -> Result<Begun<'a, Peer<F>>, CallError> {
        let _begins_after_this = match self.starter {
            Some(starter) => {
                starter.beginning().map_err(|error| CallError::NotSent(error.into()))?
            }
            None => None,
        };
        asked.try_begin(self.method, encode(self.peer, self.args), waker)
    }
}

/// Returns what appends the frame of a call with these arguments.
#[inline]
pub(super) fn encode<'a, F: EncodeCall<A>, A: ?Sized>(
    peer: &'a Peer<F>,
    args: &'a A,
) -> impl Fn(&CallHead<'_>, &mut BytesMut) -> Result<(), FormatError> + use<'a, F, A> {
    move |head, out| peer.format().encode_call(head, args, out)
}

/// The future of a [`Calling`]. The call is made when it is first polled.
#[must_use = "a call is made when it is awaited"]
pub struct CallFuture<'a, F: MessageFormat, A: ?Sized, R> {
    stage: Stage<'a, F, A, R>,
}

/// How far a call has come. All of it can be moved, so that its future needs no memory of its own.
enum Stage<'a, F: MessageFormat, A: ?Sized, R> {
    /// It was not polled yet.
    New(Calling<'a, F, A, R>),
    /// It waits for a place among the open calls or in the send queue: few calls do.
    Waits(Beginning<'a, F>),
    /// It waits for its outcome.
    Open(Open<'a, Peer<F>>),
    Ended,
}

type Beginning<'a, F> =
    Pin<Box<dyn Future<Output = Result<Open<'a, Peer<F>>, CallError>> + Send + 'a>>;

impl<'a, F, A, R> IntoFuture for Calling<'a, F, A, R>
where
    F: EncodeCall<A> + DecodePayload<R>,
    A: ?Sized + Sync,
{
    type Output = Result<R, CallError>;
    type IntoFuture = CallFuture<'a, F, A, R>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture { stage: Stage::New(self) }
    }
}

impl<'a, F, A, R> Future for CallFuture<'a, F, A, R>
where
    F: EncodeCall<A> + DecodePayload<R>,
    A: ?Sized + Sync,
{
    type Output = Result<R, CallError>;

    /// After it was ready, it is pending for ever.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let stage = &mut self.get_mut().stage;
        if let Stage::New(calling) = stage {
            match begin(calling, cx.waker()) {
                // Its end wakes the task.
                Ok(begun @ Stage::Open(_)) => {
                    *stage = begun;
                    return Poll::Pending;
                }
                Ok(begun) => *stage = begun,
                Err(error) => {
                    *stage = Stage::Ended;
                    return Poll::Ready(Err(error));
                }
            }
        }
        if let Stage::Waits(beginning) = stage {
            match ready!(beginning.as_mut().poll(cx)) {
                Ok(open) => *stage = Stage::Open(open),
                Err(error) => {
                    *stage = Stage::Ended;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let Stage::Open(open) = stage else { return Poll::Pending };
        let outcome = ready!(open.poll_outcome(cx));
        let peer = open.side();
        *stage = Stage::Ended;
        Poll::Ready(
            outcome.and_then(|result| peer.decode(&result).map_err(CallError::InvalidResult)),
        )
    }
}

/// Makes the call.
#[inline]
fn begin<'a, F, A, R>(
    calling: &Calling<'a, F, A, R>,
    waker: &Waker,
) -> Result<Stage<'a, F, A, R>, CallError>
where
    F: EncodeCall<A>,
    A: ?Sized + Sync,
{
    let asked = calling.asked(None)?;
    Ok(match calling.try_begin(&asked, Some(waker))? {
        Ok(open) => Stage::Open(open),
        Err(unplaced) => {
            let Calling { peer, method, args, .. } = *calling;
            let begun =
                async move { asked.begin_later(unplaced, method, encode(peer, args)).await };
            Stage::Waits(Box::pin(begun))
        }
    })
}

impl<F: MessageFormat, A: ?Sized, R> fmt::Debug for Calling<'_, F, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calling").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<F: MessageFormat, A: ?Sized, R> fmt::Debug for CallFuture<'_, F, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}
