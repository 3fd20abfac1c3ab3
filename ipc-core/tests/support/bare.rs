//! `Bare`: the plainest format, for tests of framings.

use bytes::{BufMut, Bytes, BytesMut};
use ipc_codec::Framing;
use ipc_core::{EncodePayload, FormatError, Message, MessageFormat};

/// A format without event names: the frame is the payload.
#[derive(Debug, Clone)]
pub(crate) struct Bare(pub(crate) Framing);

impl MessageFormat for Bare {
    fn framing(&self) -> Framing {
        self.0.clone()
    }

    fn decode(&self, frame: Bytes) -> Result<Message, FormatError> {
        Ok(Message::new("data", Some(frame)))
    }
}

impl EncodePayload<[u8]> for Bare {
    fn encode(&self, _: &str, payload: &[u8], out: &mut BytesMut) -> Result<(), FormatError> {
        out.put_slice(payload);
        Ok(())
    }
}
