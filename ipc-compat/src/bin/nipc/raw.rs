//! Raw mode: bytes instead of events.

use clap::Args;
use ipc_compat::{Config, Encoding, NodeFormat, RawData, RawSocket, Socket};
use ipc_core::{EmitError, Message};

use crate::commands::{BadCommand, Chunk};
use crate::udp::To;

/// The options of raw mode.
#[derive(Debug, Args)]
pub(crate) struct RawMode {
    /// Send and receive bytes instead of events.
    #[arg(long, conflicts_with_all = ["delimiter", "max_frame"])]
    pub(crate) raw: bool,
    /// How text becomes bytes in raw mode: utf8, ascii, latin1, utf16le, ucs2, base64 or hex
    /// [default: utf8].
    #[arg(long, value_name = "NAME", requires = "raw")]
    pub(crate) encoding: Option<Encoding>,
}

impl RawMode {
    /// Puts the options into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.raw_buffer = self.raw;
        config.encoding = self.encoding.unwrap_or_default();
    }
}

/// Returns the bytes that a line of stdin says to send.
///
/// # Errors
///
/// [`BadCommand`] if it says both or neither, or the digits are none.
pub(crate) fn chunk(
    to: Option<To>,
    hex: Option<String>,
    text: Option<String>,
) -> Result<Chunk, BadCommand> {
    let data = match (hex, text) {
        (Some(hex), None) => {
            let bytes = Encoding::Hex.to_bytes(&hex);
            if bytes.len() * 2 != hex.len() {
                return Err(BadCommand("has `hex` that is not two digits for each byte".into()));
            }
            RawData::from(bytes)
        }
        (None, Some(text)) => RawData::from(text),
        _ => return Err(BadCommand("has `hex` and `text`".into())),
    };
    Ok(Chunk { to, data })
}

/// Returns the bytes of a message, if it is a chunk of raw mode.
pub(crate) fn bytes<'a>(message: &'a Message, format: &NodeFormat) -> Option<&'a [u8]> {
    format.raw()?;
    message.payload()
}

/// Sends a chunk back; `None` if the message is none.
pub(crate) fn echo(message: &Message, client: &Socket) -> Option<Result<(), EmitError>> {
    Some(client.emit_raw(bytes(message, client.format())?))
}
