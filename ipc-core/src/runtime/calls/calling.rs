//! `Calling`: a call that is not made yet.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use super::ask::Asked;
use crate::calls::CallError;
use crate::protocol::calls::{EncodeCall, WindowLimits};
use crate::runtime::client::Inner;
use crate::{DecodePayload, MessageFormat, Peer};

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

    /// Makes the call and waits for its result.
    pub(super) async fn ask(self) -> Result<R, CallError>
    where
        F: EncodeCall<A> + DecodePayload<R>,
        A: Sync,
    {
        let asked = self.asked(None)?;
        let Self { peer, starter, method, args, .. } = self;
        let mut open = asked.begin(starter, method, args).await?;
        let message = asked.outcome(&mut open).await?;
        drop(open);
        peer.decode(&message).map_err(CallError::InvalidResult)
    }

    /// Returns the call without what starts it and what it is about.
    pub(super) fn asked(&self, window: Option<WindowLimits>) -> Result<Asked<'a, F>, CallError> {
        Asked::new(self.peer, self.within, self.detached, self.bound, window)
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
