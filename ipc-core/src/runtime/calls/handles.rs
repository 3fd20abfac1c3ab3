//! Calls on the handles: `Peer` and `Client`.

use std::time::Duration;

use super::{Calling, CallingStream};
use crate::calls::ReservedEvents;
use crate::error::EmitError;
use crate::protocol::calls::{CallFormat, CallHead, EncodeCall};
use crate::protocol::queue::QueueLimit;
use crate::runtime::outbox::Want;
use crate::{Client, DecodePayload, MessageFormat, Peer};

impl<F: MessageFormat> Peer<F> {
    /// Calls a method of the peer and waits for its result: `peer.call("sum", &[1, 2]).await`. The call
    /// is made when it is awaited.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError): among others the method failed, there is none of this name, no
    /// answer came within 30 s (see [`Calling::within`]), or the connection was lost, which it reports
    /// at once.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is cancelled: taken back if it was not sent, and
    /// otherwise stopped by the peer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// for peer in server.peers() {
    ///     let name: String = peer.call("name", &()).await?;
    ///     println!("{} is {name}", peer.id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn call<'a, A: ?Sized, R>(&'a self, method: &'a str, args: &'a A) -> Calling<'a, F, A, R>
    where
        F: EncodeCall<A> + DecodePayload<R>,
    {
        Calling::new(self, method, args)
    }

    /// Calls a method of the peer that answers with items: `peer.call_stream("rows", &query).await?`
    /// returns the stream once the call is in the send queue.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError): the call could not be sent. Other errors are the last item.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is not made.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rows = client.call_stream::<_, (u64, String)>("rows", "name").await?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn call_stream<'a, A: ?Sized, R>(
        &'a self,
        method: &'a str,
        args: &'a A,
    ) -> CallingStream<'a, F, A, R>
    where
        F: EncodeCall<A> + DecodePayload<R>,
    {
        CallingStream::new(Calling::new(self, method, args))
    }

    /// Calls a method of the peer without waiting for it: it is not answered. Queued as
    /// [`emit`](Self::emit) does.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn notice<A: ?Sized>(&self, method: &str, args: &A) -> Result<(), EmitError>
    where
        F: EncodeCall<A>,
    {
        let head = CallHead { number: None, method, left: None, credit: None };
        self.outbox().emit(|out| self.format().encode_call(&head, args, out))
    }

    /// Does what its calls have left to do. Returns whether cancels wait for room in the queue.
    #[inline(never)]
    pub(crate) fn turn_calls(&self) -> bool {
        match (self.open_calls(), self.format().calls()) {
            (Some(calls), Some(format)) => calls.turn(self.outbox(), format),
            _ => false,
        }
    }

    /// Returns the format of its calls, or `None` if it has no calls.
    pub(crate) fn call_format(&self) -> Option<&dyn CallFormat> {
        let calls = self.config().calls.reserved_events == ReservedEvents::Calls;
        self.format().calls().filter(|_| calls)
    }

    /// Drops the write half of a lost connection, and fails the calls that it carried. Returns the
    /// limit whose overflow ended it, if one did.
    pub(crate) fn detach(&self) -> Option<QueueLimit> {
        let limit = self.outbox().detach();
        if let Some(calls) = self.open_calls() {
            calls.connection_lost(self.outbox(), self.outbox().wanted() != Want::Open);
        }
        limit
    }

    /// Closes the outbox permanently, and fails the calls that waited for a connection.
    pub(crate) fn end(&self) {
        self.outbox().close();
        if let Some(calls) = self.open_calls() {
            calls.closed();
        }
    }
}

impl<F: MessageFormat> Client<F> {
    /// Calls a method of the server and waits for its result. See [`Peer::call`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let sum: u64 = client.call("sum", &[1, 2]).await?;
    /// let name: String = client.call("name of", &sum).within(Duration::from_secs(2)).await?;
    /// # Ok(()) }
    /// ```
    pub fn call<'a, A: ?Sized, R>(&'a self, method: &'a str, args: &'a A) -> Calling<'a, F, A, R>
    where
        F: EncodeCall<A> + DecodePayload<R>,
    {
        self.peer().call(method, args).starting(self.inner())
    }

    /// Calls a method of the server that answers with items. See [`Peer::call_stream`]. Starts the
    /// client.
    ///
    /// # Errors
    ///
    /// [`CallError`](crate::CallError).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the call is not made.
    pub fn call_stream<'a, A: ?Sized, R>(
        &'a self,
        method: &'a str,
        args: &'a A,
    ) -> CallingStream<'a, F, A, R>
    where
        F: EncodeCall<A> + DecodePayload<R>,
    {
        CallingStream::new(self.call(method, args))
    }

    /// Calls a method of the server without waiting for it: it is not answered. Starts the client.
    ///
    /// # Errors
    ///
    /// [`EmitError`].
    pub fn notice<A: ?Sized>(&self, method: &str, args: &A) -> Result<(), EmitError>
    where
        F: EncodeCall<A>,
    {
        let _begins_after_this = self.inner().beginning()?;
        self.peer().notice(method, args)
    }
}

/// Refuses new calls of these peers, and waits until none is open and none runs, at most for so long.
/// Then, or when it is dropped, it closes the peers.
pub(crate) async fn finish_calls<F: MessageFormat>(peers: Vec<Peer<F>>, limit: Duration) {
    let closing = Closing(peers);
    // Also of those that have called nothing so far.
    let with_calls = || closing.0.iter().filter(|peer| peer.call_format().is_some());
    with_calls().for_each(|peer| peer.calls().start_closing());
    // A runtime without timers can close what needs none.
    if with_calls().all(|peer| peer.calls().is_idle()) {
        return;
    }
    let idle = async {
        for peer in with_calls() {
            peer.calls().idle().await;
        }
    };
    // Those that take longer end with their connections.
    let _ = tokio::time::timeout(limit, idle).await;
}

/// Peers that are closed when this is dropped.
struct Closing<F: MessageFormat>(Vec<Peer<F>>);

impl<F: MessageFormat> Drop for Closing<F> {
    fn drop(&mut self) {
        self.0.iter().for_each(Peer::close);
    }
}
