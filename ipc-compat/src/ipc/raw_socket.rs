//! `RawSocket` and `RawTarget`: raw mode for sockets as handlers get them, and for several.

use bytes::Bytes;
use ipc_core::{BroadcastReport, EmitError, Message, Target};

use super::Socket;
use crate::{NodeFormat, RawData};

/// Raw mode for a [`Socket`]: bytes instead of events.
///
/// # Examples
///
/// ```
/// use ipc_compat::{IpcServer, RawSocket};
///
/// fn echo(server: &IpcServer) {
///     server.on_data(|bytes, socket| {
///         // Sending fails only if the socket is gone, which is no news here.
///         let _ = socket.emit_raw(bytes);
///     });
/// }
/// ```
pub trait RawSocket {
    /// Sends bytes as they are, without waiting.
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; else as [`Peer::emit`](ipc_core::Peer::emit).
    fn emit_raw<'a>(&self, data: impl Into<RawData<'a>>) -> Result<(), EmitError>;

    /// Sends bytes as they are; waits while the queue is full. See [`Peer::send`](ipc_core::Peer::send).
    ///
    /// # Errors
    ///
    /// As [`emit_raw`](Self::emit_raw).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is sent.
    fn send_raw<'a>(
        &self,
        data: impl Into<RawData<'a>> + Send,
    ) -> impl Future<Output = Result<(), EmitError>> + Send;
}

impl RawSocket for Socket {
    fn emit_raw<'a>(&self, data: impl Into<RawData<'a>>) -> Result<(), EmitError> {
        self.emit(NodeFormat::RAW_EVENT, &data.into())
    }

    async fn send_raw<'a>(&self, data: impl Into<RawData<'a>> + Send) -> Result<(), EmitError> {
        let data = data.into();
        self.send(NodeFormat::RAW_EVENT, &data).await
    }
}

/// Raw mode for a [`Target`]: bytes to several sockets.
///
/// # Examples
///
/// ```
/// use ipc_compat::{IpcServer, RawTarget};
///
/// # fn example(server: &IpcServer) -> Result<(), Box<dyn std::error::Error>> {
/// server.to("listeners").emit_raw(&b"bytes"[..])?;
/// # Ok(()) }
/// ```
pub trait RawTarget {
    /// Sends bytes as they are, without waiting. See [`Target::emit`].
    ///
    /// # Errors
    ///
    /// [`EmitError::Format`] with [`codes::NOT_RAW_MODE`](crate::codes::NOT_RAW_MODE) if the config
    /// has no `raw_buffer`; what a single client did not take is in the report.
    fn emit_raw<'a>(&self, data: impl Into<RawData<'a>>) -> Result<BroadcastReport, EmitError>;

    /// Sends bytes as they are, and waits for those that read. See [`Target::send`].
    ///
    /// # Errors
    ///
    /// As [`emit_raw`](Self::emit_raw).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some clients have been sent the bytes and some have not.
    fn send_raw<'a>(
        &self,
        data: impl Into<RawData<'a>> + Send,
    ) -> impl Future<Output = Result<BroadcastReport, EmitError>> + Send;
}

impl RawTarget for Target<'_, NodeFormat> {
    fn emit_raw<'a>(&self, data: impl Into<RawData<'a>>) -> Result<BroadcastReport, EmitError> {
        self.emit(NodeFormat::RAW_EVENT, &data.into())
    }

    async fn send_raw<'a>(
        &self,
        data: impl Into<RawData<'a>> + Send,
    ) -> Result<BroadcastReport, EmitError> {
        let data = data.into();
        self.send(NodeFormat::RAW_EVENT, &data).await
    }
}

/// Returns a handler for messages that calls `handler` with the bytes of each chunk, but not for
/// frames, not even for those of an event called `data`.
// Wire rule W92
pub(super) fn on_chunk(
    handler: impl Fn(Bytes, &Socket) + Send + Sync + 'static,
) -> impl Fn(&Message, &Socket) + Send + Sync + 'static {
    move |message, socket| {
        if socket.format().raw().is_none() {
            return;
        }
        if let Some(bytes) = message.clone().into_payload() {
            handler(bytes, socket);
        }
    }
}
