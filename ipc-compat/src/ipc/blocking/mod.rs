//! The same config without a runtime: clients and servers for threads that wait.
//!
//! [`IpcClient`] and [`IpcServer`] take a [`Config`](crate::Config) and the arguments of the calls of
//! [`Ipc`](crate::Ipc), and do what the config says: limits, timeouts, `sync`, the reconnect policy,
//! what follows a malformed frame, the log, the checks of the profile `assured`. They are
//! [`ipc_core::blocking`] with that, so nothing happens between calls, and there are no handlers:
//! [`IpcClient::recv`] returns what comes.
//!
//! What they cannot do is an error when they are made: TLS, UDP and Windows pipes
//! ([`IpcError::NotBlocking`](crate::IpcError::NotBlocking)), and callbacks among the arguments. A
//! config that is changed later reaches none that exists.
//!
//! # Examples
//!
//! ```no_run
//! use ipc_compat::Config;
//! use ipc_compat::blocking::{Event, IpcClient};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut world = IpcClient::connect_to(&Config::classic(), "world")?;
//! world.emit("app.message", "hello")?;
//! while let Some(event) = world.recv() {
//!     if let Event::Message(message) = event {
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
pub use ipc_core::blocking::{Event, NotBlocking, RecvError};
pub use server::IpcServer;

use super::IpcError;
use super::call::Call;

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
        /// [`EmitError`](ipc_core::EmitError): the data cannot be sent, too much waits already, or
        /// this side is closed.
        pub fn emit<T: ?Sized>(&mut self, event: &str, data: &T) -> Result<(), ipc_core::EmitError>
        where
            crate::NodeFormat: ipc_core::EncodePayload<T>,
        {
            self.$core.emit(event, data)
        }

        /// Sends an event; waits while too much waits already, if there is a connection.
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

        /// Sends bytes in raw mode, without adding anything.
        ///
        /// # Errors
        ///
        /// [`EmitError::Format`](ipc_core::EmitError::Format) with
        /// [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config has no `raw_buffer`;
        /// else as [`emit`](Self::emit).
        pub fn write<'a>(
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
        pub fn flush(&mut self) -> bool {
            self.$core.flush()
        }

        /// Writes what waits, ends the connection and waits for the other side's end, at most about
        /// 10 s. What the other side still sent can be received afterwards.
        pub fn close(&mut self) -> ipc_core::CloseReport {
            self.$core.close()
        }
    };
}
use talking;
