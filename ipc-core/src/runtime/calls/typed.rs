//! Calls whose method and arguments are one value of an enum.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use super::{Call, Calling};
use crate::calls::CallError;
use crate::error::EmitError;
use crate::protocol::calls::{EncodeCall, Failure};
use crate::runtime::client::Inner;
use crate::{Client, Content, DecodePayload, EncodeEvent, MessageFormat, Peer};

/// A call that is made when it is awaited. See [`Peer::call_method`].
#[must_use = "a call is made when it is awaited"]
pub struct CallingMethod<'a, F: MessageFormat, M: ?Sized, R> {
    peer: &'a Peer<F>,
    starter: Option<&'a Inner<F>>,
    method: &'a M,
    within: Option<Duration>,
    detached: bool,
    bound: Option<bool>,
    result: PhantomData<fn() -> R>,
}

impl<'a, F: MessageFormat, M: ?Sized, R> CallingMethod<'a, F, M, R> {
    fn new(peer: &'a Peer<F>, starter: Option<&'a Inner<F>>, method: &'a M) -> Self {
        let (within, detached, bound) = (None, false, None);
        Self { peer, starter, method, within, detached, bound, result: PhantomData }
    }

    /// Sets how long the call may take. See [`Calling::within`].
    pub fn within(self, limit: Duration) -> Self {
        Self { within: Some(limit), ..self }
    }

    /// Makes the call independent of the one that is being answered. See [`Calling::detached`].
    pub fn detached(self) -> Self {
        Self { detached: true, ..self }
    }

    /// Sets whether the call fails at once when there is no connection. See
    /// [`Calling::fail_when_disconnected`].
    pub fn fail_when_disconnected(self, fails: bool) -> Self {
        Self { bound: Some(fails), ..self }
    }
}

impl<'a, F, M, R> IntoFuture for CallingMethod<'a, F, M, R>
where
    F: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>> + DecodePayload<R>,
    M: ?Sized + Sync,
    R: 'a,
{
    type Output = Result<R, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { peer, starter, method, within, detached, bound, .. } = self;
        Box::pin(async move {
            let name = F::event_name(method).map_err(|error| CallError::NotSent(error.into()))?;
            let args = Content::of(method);
            let mut calling = Calling::new(peer, name, &args);
            (calling.starter, calling.within) = (starter, within);
            (calling.detached, calling.bound) = (detached, bound);
            calling.await
        })
    }
}

impl<F: MessageFormat, M: ?Sized, R> fmt::Debug for CallingMethod<'_, F, M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallingMethod").finish_non_exhaustive()
    }
}

impl<F: MessageFormat> Call<F> {
    /// Returns the failure that the method answers with for this error, an enum: the name of its variant
    /// is the code. See [`Peer::typed_failure`].
    #[must_use]
    pub fn typed_failure<E: fmt::Display + ?Sized>(&self, error: &E) -> Failure
    where
        F: EncodeEvent<E>,
    {
        self.peer().typed_failure(error)
    }
}

impl<F: MessageFormat> Peer<F> {
    /// Calls the method that this is: the name of its variant is that of the method, and what the
    /// variant holds are the arguments. Otherwise as [`call`](Self::call).
    ///
    /// # Errors
    ///
    /// [`CallError`]; [`CallError::NotSent`] with the code `not_an_enum` if the type has no such
    /// variants.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{CallError, MsgPack, Peer};
    /// #[derive(serde::Serialize)]
    /// enum Method {
    ///     Sum(Vec<u64>),
    /// }
    ///
    /// # async fn example(peer: Peer<MsgPack>) -> Result<(), CallError> {
    /// let sum: u64 = peer.call_method(&Method::Sum(vec![1, 2])).await?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn call_method<'a, M: ?Sized, R>(&'a self, method: &'a M) -> CallingMethod<'a, F, M, R>
    where
        F: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>> + DecodePayload<R>,
    {
        CallingMethod::new(self, None, method)
    }

    /// Calls the method that this is without waiting for it: it is not answered. See
    /// [`call_method`](Self::call_method) and [`notice`](Self::notice).
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn notice_method<M: ?Sized>(&self, method: &M) -> Result<(), EmitError>
    where
        F: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>>,
    {
        self.notice(F::event_name(method)?, &Content::of(method))
    }
}

impl<F: MessageFormat> Client<F> {
    /// Calls the method that this is and waits for its result. See [`Peer::call_method`]. Starts the
    /// client.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is cancelled.
    pub fn call_method<'a, M: ?Sized, R>(&'a self, method: &'a M) -> CallingMethod<'a, F, M, R>
    where
        F: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>> + DecodePayload<R>,
    {
        CallingMethod::new(self.peer(), Some(self.inner()), method)
    }

    /// Calls the method that this is without waiting for it: it is not answered. See
    /// [`Peer::notice_method`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn notice_method<M: ?Sized>(&self, method: &M) -> Result<(), EmitError>
    where
        F: EncodeEvent<M> + for<'m> EncodeCall<Content<'m, M>>,
    {
        self.notice(F::event_name(method)?, &Content::of(method))
    }
}
