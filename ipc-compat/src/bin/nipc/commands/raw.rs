//! Raw mode: chunks of bytes instead of events.

use ipc_compat::{NodeFormat, RawSocket, Socket};
use ipc_core::{EmitError, Message};

/// Returns the bytes of a message, if it is a chunk of raw mode.
pub(crate) fn bytes<'a>(message: &'a Message, format: &NodeFormat) -> Option<&'a [u8]> {
    format.raw()?;
    message.payload()
}

/// Sends a chunk back; `None` if the message is an event.
pub(crate) fn echo(message: &Message, client: &Socket) -> Option<Result<(), EmitError>> {
    Some(client.write(bytes(message, client.format())?))
}
