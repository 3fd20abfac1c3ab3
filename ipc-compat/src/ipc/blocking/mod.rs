//! The same config without a runtime: clients and servers for threads that wait.
//!
//! [`IpcClient`] and [`IpcServer`] take a [`Config`](crate::Config) and the arguments of the calls of
//! [`Ipc`](crate::Ipc), and do what the config says: limits, timeouts, `sync`, the reconnect policy,
//! what follows a malformed frame, the log, the checks of the profile `assured`. They are
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

mod client;
mod connection;
mod server;

pub use client::IpcClient;
pub use connection::IpcConnection;
pub use ipc_core::blocking::{Incoming, NextError, NotBlocking};
pub use server::IpcServer;

use super::IpcError;
use super::sorted_args::Call;

/// Refuses a callback, which would be given an [`Ipc`](crate::Ipc).
fn without_callback(call: Call) -> Result<Call, IpcError> {
    if call.has_callback() {
        return Err(IpcError::Unsupported { option: "a callback without a runtime" });
    }
    Ok(call)
}

/// Adds the methods that client and connection share to a type whose field of this name is the
/// core's.
macro_rules! talking {
    ($core:ident) => {
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
