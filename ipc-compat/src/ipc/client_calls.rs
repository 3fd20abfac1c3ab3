//! Calls of a client of node-ipc.

#[cfg(doc)]
use ipc_core::Client;
use ipc_core::protocol::calls::EncodeCall;
use ipc_core::{About, CallError, Calling, CallingStream, DecodePayload, EmitError, RoundTrip};

use super::IpcClient;
use crate::NodeFormat;

impl IpcClient {
    /// Calls a method of the server and waits for its result; see [`Client::call`]. A server of node-ipc
    /// answers with five lines of JavaScript (`docs/calls.md`). Starts the client.
    pub fn call<'a, A: ?Sized, R>(
        &'a self,
        method: &'a str,
        args: &'a A,
    ) -> Calling<'a, NodeFormat, A, R>
    where
        NodeFormat: EncodeCall<A> + DecodePayload<R>,
    {
        self.core().call(method, args)
    }

    /// Calls a method of the server that answers with items; see [`Client::call_stream`]. Starts the
    /// client.
    pub fn call_stream<'a, A: ?Sized, R>(
        &'a self,
        method: &'a str,
        args: &'a A,
    ) -> CallingStream<'a, NodeFormat, A, R>
    where
        NodeFormat: EncodeCall<A> + DecodePayload<R>,
    {
        self.core().call_stream(method, args)
    }

    /// Calls a method of the server without waiting for it; see [`Client::notice`]. Starts the client.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn notice<A: ?Sized>(&self, method: &str, args: &A) -> Result<(), EmitError>
    where
        NodeFormat: EncodeCall<A>,
    {
        self.core().notice(method, args)
    }

    /// Returns how long the server took to answer the questions of the
    /// [heartbeat](crate::Config::heartbeat); see [`Client::rtt`].
    #[must_use]
    pub fn rtt(&self) -> Option<RoundTrip> {
        self.core().rtt()
    }

    /// Asks the server what it is and which methods it answers; see [`Client::about`]. Starts the client.
    /// A server that is node-ipc does not answer, and one of Rust tells only its own user unless it is
    /// told otherwise ([`CallOptions::show_info`](ipc_core::CallOptions::show_info)).
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the answer is ignored.
    pub async fn about(&self) -> Result<About, CallError> {
        self.core().about().await
    }
}
