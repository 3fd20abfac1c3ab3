//! The same config without a runtime: clients and servers for threads that wait.
//!
//! [`IpcClient`] and [`IpcServer`] take a [`Config`](crate::Config) and the arguments of the calls of
//! [`Ipc`](crate::Ipc), and do what the config says: limits, timeouts, `sync`, the reconnect policy,
//! what follows a malformed frame, `hello` and `same_identity`, the log, the checks of the profile `assured`. They are
//! [`ipc_core::blocking`] with that, so nothing happens between calls, and there are no handlers:
//! [`IpcClient::next`] returns the events.
//!
//! What they cannot do is an error when they are made: TLS, UDP and Windows pipes
//! ([`IpcError::NotBlocking`](crate::IpcError::NotBlocking)), and callbacks among the arguments. A
//! config that is changed later reaches none that exists.
//!
//! # Examples
//!
//! ```no_run
//! use ipc_compat::Config;
//! use ipc_compat::blocking::{Incoming, IpcClient};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut world = IpcClient::connect_to(&Config::classic(), "world")?;
//! world.emit("app.message", "hello")?;
//! while let Some(event) = world.next() {
//!     if let Incoming::Message(message) = event {
//!         let answer: String = world.decode(&message)?;
//!         assert_eq!(answer, "hello world!");
//!         break;
//!     }
//! }
//! world.close();
//! # Ok(()) }
//! ```
//!
//! Calls go both ways, in the frames of docs/calls.md or those of the config's `layout`:
//!
//! ```no_run
//! use ipc_compat::Config;
//! use ipc_compat::blocking::{Incoming, IpcServer};
//! use ipc_core::Failure;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = IpcServer::serve(&Config::classic(), ())?;
//! let mut client = server.accept()?;
//! let name: String = client.call("name", &())?;
//! println!("{name} is here");
//! while let Some(event) = client.next() {
//!     let Incoming::Call(call) = event else { continue };
//!     match (call.method(), client.decode::<Vec<f64>>(call.args())) {
//!         ("sum", Ok(numbers)) => client.answer(call, &numbers.iter().sum::<f64>())?,
//!         ("sum", Err(error)) => client.fail(call, Failure::invalid_args(&error))?,
//!         (other, _) => {
//!             let failure = Failure::unknown_method(other);
//!             client.fail(call, failure)?;
//!         }
//!     }
//! }
//! # Ok(()) }
//! ```

mod client;
mod connection;
mod server;
mod topics;
mod typed;

pub use client::IpcClient;
pub use connection::IpcConnection;
pub use ipc_core::blocking::{CallStream, Incoming, IncomingCall, NextError, NotBlocking};
pub use server::IpcServer;

use super::IpcError;
use super::sorted_args::SortedArgs;

/// Refuses a callback, which would be given an [`Ipc`](crate::Ipc).
fn without_callback(call: SortedArgs) -> Result<SortedArgs, IpcError> {
    if call.has_callback() {
        return Err(IpcError::Unsupported { option: "a callback without a runtime" });
    }
    Ok(call)
}

/// Adds the methods that client and connection share to a type whose field of this name is the
/// core's.
macro_rules! talking {
    ($core:ident) => {
        /// Returns how long the other side took to answer the questions of the
        /// [heartbeat](crate::Config::heartbeat); `None` before the first answer.
        #[must_use]
        pub fn rtt(&self) -> Option<ipc_core::RoundTrip> {
            self.$core.rtt()
        }

        /// Sends an event, without waiting.
        ///
        /// # Errors
        ///
        /// [`EmitError`](ipc_core::EmitError): the data cannot be sent, the queue is full, or
        /// this side is closed.
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::EmitError;
        /// # fn example(world: &mut ipc_compat::blocking::IpcClient) -> Result<(), EmitError> {
        /// world.emit("app.message", "hello")?;
        /// world.emit("app.point", &serde_json::json!({"x": 1, "y": 2}))?;
        /// # Ok(()) }
        /// ```
        pub fn emit<T: ?Sized>(&mut self, event: &str, data: &T) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::EncodePayload<T>,
        {
            self.$core.emit(event, data)
        }

        /// Sends an event; waits while the queue is full, if there is a connection.
        ///
        /// # Errors
        ///
        /// As [`emit`](Self::emit).
        pub fn send<T: ?Sized>(&mut self, event: &str, data: &T) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::EncodePayload<T>,
        {
            self.$core.send(event, data)
        }

        /// Sends bytes in raw mode as they are, without waiting.
        ///
        /// # Errors
        ///
        /// [`EmitError::Format`](ipc_core::EmitError::Format) with
        /// [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config has no `raw_buffer`;
        /// else as [`emit`](Self::emit).
        pub fn emit_raw<'a>(
            &mut self,
            data: impl Into<crate::RawData<'a>>,
        ) -> Result<(), ipc_core::EmitError> {
            self.$core.emit(crate::NodeFormat::RAW_EVENT, &data.into())
        }

        /// Calls a method of the other side and waits for its result, as long as the option
        /// [`deadline`](ipc_core::CallOptions::deadline) says: 30 s by default. A client connects if
        /// need be. What else is received meanwhile, events and calls, is kept for `next`, up to 8 MiB.
        /// Two sides that call each other at the same time, each with one thread, wait for their
        /// deadlines.
        ///
        /// # Errors
        ///
        /// [`CallError`](ipc_core::CallError).
        ///
        /// # Panics
        ///
        /// If it has to connect within an async runtime, which a thread that waits would stop.
        pub fn call<A: ?Sized, R>(
            &mut self,
            method: &str,
            args: &A,
        ) -> Result<R, ipc_core::CallError>
        where
            crate::NodeFormat:
                ipc_core::protocol::calls::EncodeCall<A> + ipc_core::DecodePayload<R>,
        {
            self.$core.call(method, args)
        }

        /// Calls a method of the other side and waits for its result, for `limit` at most. Otherwise as
        /// [`call`](Self::call).
        ///
        /// # Errors
        ///
        /// [`CallError`](ipc_core::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_within<A: ?Sized, R>(
            &mut self,
            limit: std::time::Duration,
            method: &str,
            args: &A,
        ) -> Result<R, ipc_core::CallError>
        where
            crate::NodeFormat:
                ipc_core::protocol::calls::EncodeCall<A> + ipc_core::DecodePayload<R>,
        {
            self.$core.call_within(limit, method, args)
        }

        /// Asks the other side what it is and which methods it answers. One that is node-ipc does not
        /// answer, or with an error.
        ///
        /// # Errors
        ///
        /// [`CallError`](ipc_core::CallError).
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn about(&mut self) -> Result<ipc_core::About, ipc_core::CallError> {
            self.$core.about()
        }

        /// Calls a method of the other side that answers with items, and returns them as an iterator.
        /// Each may take as long as the option [`deadline`](ipc_core::CallOptions::deadline) says, from
        /// when it is waited for.
        ///
        /// # Errors
        ///
        /// [`CallError`](ipc_core::CallError): the call cannot be sent. What happens to it later, the
        /// iterator returns.
        ///
        /// # Panics
        ///
        /// As [`call`](Self::call).
        pub fn call_stream<A: ?Sized, R>(
            &mut self,
            method: &str,
            args: &A,
        ) -> Result<ipc_core::blocking::CallStream<'_, crate::NodeFormat, R>, ipc_core::CallError>
        where
            crate::NodeFormat:
                ipc_core::protocol::calls::EncodeCall<A> + ipc_core::DecodePayload<R>,
        {
            self.$core.call_stream(method, args)
        }

        /// Calls a method of the other side without waiting for it: it is not answered.
        ///
        /// # Errors
        ///
        /// As [`emit`](Self::emit).
        pub fn notice<A: ?Sized>(
            &mut self,
            method: &str,
            args: &A,
        ) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::protocol::calls::EncodeCall<A>,
        {
            self.$core.notice(method, args)
        }

        /// Answers a call of the other side with this result. Does nothing if the answer is not wanted
        /// any more: the call was cancelled or answered, its time is over, its connection is lost, or it
        /// is a notice.
        ///
        /// # Errors
        ///
        /// [`EmitError`](ipc_core::EmitError): the result cannot be sent. The call is answered with a
        /// failure in its place, if there is room for one.
        pub fn answer<R: ?Sized>(
            &mut self,
            call: ipc_core::blocking::IncomingCall,
            result: &R,
        ) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::protocol::calls::EncodeCall<R>,
        {
            self.$core.answer(call, result)
        }

        /// Answers a call of the other side with a failure, such as
        /// [`Failure::unknown_method`](ipc_core::Failure::unknown_method). Otherwise as
        /// [`answer`](Self::answer).
        ///
        /// # Errors
        ///
        /// [`EmitError`](ipc_core::EmitError).
        pub fn fail(
            &mut self,
            call: ipc_core::blocking::IncomingCall,
            failure: impl Into<ipc_core::Failure>,
        ) -> Result<(), ipc_core::EmitError> {
            self.$core.fail(call, failure)
        }

        /// Returns where to put the items of type `R` that answer a call of the other side, if it
        /// [wants a stream](ipc_core::blocking::IncomingCall::wants_stream).
        ///
        /// # Examples
        ///
        /// ```
        /// # use ipc_core::{SinkError, blocking::IncomingCall};
        /// # fn example(world: &mut ipc_compat::blocking::IpcClient, call: &IncomingCall) -> Result<(), SinkError> {
        /// let mut rows = world.sink(call);
        /// for row in ["a", "b", "c"] {
        ///     rows.send(row)?; // Waits for the reader.
        /// }
        /// rows.end()?;
        /// # Ok(()) }
        /// ```
        pub fn sink<R: ?Sized>(
            &mut self,
            call: &ipc_core::blocking::IncomingCall,
        ) -> ipc_core::blocking::Sink<'_, crate::NodeFormat, R> {
            self.$core.sink(call)
        }

        /// Returns the data of a message as a `T`.
        ///
        /// # Errors
        ///
        /// [`FormatError`](ipc_core::FormatError) if the data is not a `T`.
        pub fn decode<T>(&self, message: &ipc_core::Message) -> Result<T, ipc_core::FormatError>
        where
            crate::NodeFormat: ipc_core::DecodePayload<T>,
        {
            self.$core.decode(message)
        }

        /// Waits until everything that was sent is written; `false` if the connection was lost before
        /// that and there is none after it.
        ///
        /// # Examples
        ///
        /// ```
        /// # fn example(world: &mut ipc_compat::blocking::IpcClient) -> Result<(), ipc_core::EmitError> {
        /// world.emit("app.message", "hello")?;
        /// assert!(world.flush(), "the connection is lost");
        /// # Ok(()) }
        /// ```
        pub fn flush(&mut self) -> bool {
            self.$core.flush()
        }

        /// Writes what waits, ends the connection and waits for the other side's end, at most about
        /// 10 s. What the other side still sent can be received afterwards.
        ///
        /// # Examples
        ///
        /// ```
        /// # fn example(mut world: ipc_compat::blocking::IpcClient) {
        /// let report = world.close();
        /// eprintln!("{} messages were not written", report.undelivered.len());
        /// # }
        /// ```
        pub fn close(&mut self) -> ipc_core::CloseReport {
            self.$core.close()
        }
    };
}
use talking;
