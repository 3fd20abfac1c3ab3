//! `Lines`: the simplest format there is. The event, a space, the payload; a line each.

use bytes::{BufMut, Bytes, BytesMut};
use ipc_codec::{Delimiter, Framing};
use ipc_core::{DecodePayload, EncodePayload, FormatError, Message, MessageFormat};

/// The event, a space, the payload; a line each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines;

impl MessageFormat for Lines {
    fn framing(&self) -> Framing {
        Framing::Delimited(Delimiter::new("\n").unwrap())
    }

    fn decode(&self, frame: Bytes) -> Result<Message, FormatError> {
        let space = frame.iter().position(|byte| *byte == b' ');
        let space = space.ok_or_else(|| FormatError::new("ERR_LINE", "a line without a space"))?;
        let payload = space + 1..frame.len();
        Message::from_frame(frame, 0..space, Some(payload))
            .ok_or_else(|| FormatError::new("ERR_LINE", "the event is not UTF-8"))
    }
}

impl EncodePayload<str> for Lines {
    fn encode(&self, event: &str, payload: &str, out: &mut BytesMut) -> Result<(), FormatError> {
        out.put_slice(event.as_bytes());
        out.put_u8(b' ');
        match payload {
            "refused" => return Err(FormatError::new("ERR_REFUSED", "this payload is refused")),
            "panic" => panic!("this payload panics"),
            _ => out.put_slice(payload.as_bytes()),
        }
        Ok(())
    }
}

impl DecodePayload<String> for Lines {
    fn decode_payload(&self, message: &Message) -> Result<String, FormatError> {
        String::from_utf8(message.payload().unwrap_or_default().to_vec())
            .map_err(|_| FormatError::new("ERR_UTF8", "the payload is not UTF-8"))
    }
}

impl DecodePayload<u64> for Lines {
    fn decode_payload(&self, message: &Message) -> Result<u64, FormatError> {
        let text: String = self.decode_payload(message)?;
        text.parse().map_err(|_| FormatError::new("ERR_NUMBER", "the payload is no number"))
    }
}
