//! `MsgPack`: messages in MessagePack, for programs that both speak it. Opens no sockets.
//!
//! A frame is one MessagePack array, `[event, payload]` or `[event]`, after its length in four
//! bytes, big-endian. Any language with a MessagePack library reads it.

mod calls;
mod reader;

use std::io::ErrorKind;
use std::marker::PhantomData;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use ipc_codec::Framing;
use rmp_serde::decode::{Error, ReadRefReader};
use rmp_serde::{Deserializer, Serializer};
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::protocol::calls::CallFormat;
use crate::{
    Content, DecodeEvent, DecodePayload, EncodeEvent, EncodePayload, EventNames, FormatError,
    LooksLike, Message, MessageFormat, NotAnEnum, serde_events,
};

/// A format in MessagePack: smaller and faster than JSON, with bytes and integers as they are.
///
/// Any [`Serialize`] type can be sent, and any owned [`Deserialize`](serde::Deserialize) type
/// received. Both sides have to use this format; node-ipc does not.
///
/// A payload stays as it was on the wire until a handler asks for a type. A message without a
/// payload (`[event]`, which this format itself never sends) is read as `nil`: `()` and `Option`
/// take it. `Vec<u8>` is sent as an array of numbers, as serde has it; `serde_bytes` sends bytes.
///
/// # Defaults
///
/// Structs are maps of their fields' names, so that two versions of a program understand each other
/// although one has a field more.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_core::{DecodePayload, EncodePayload, MessageFormat, MsgPack};
///
/// let format = MsgPack::new();
/// let mut frame = BytesMut::new();
/// format.encode("add", &(1, 2), &mut frame)?;
/// assert_eq!(frame, &b"\x92\xa3add\x92\x01\x02"[..]);
///
/// let message = format.decode(frame.freeze())?;
/// assert_eq!(message.event(), "add");
/// assert_eq!(format.decode_payload(&message), Ok((1_u8, 2_u64)));
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MsgPack {
    positional: bool,
}

impl MsgPack {
    /// The code of the error of a call or an answer that is not as it has to be.
    pub const INVALID_CALL: &'static str = "invalid_call";
    /// The code of the error of a frame that is no array of an event's name and a payload.
    pub const INVALID_MESSAGE: &'static str = "invalid_message";
    /// The code of the error of a payload that is not what the handler asks for.
    pub const INVALID_PAYLOAD: &'static str = "invalid_payload";
    /// The code of the error of a payload that MessagePack has no form for.
    pub const UNSERIALIZABLE: &'static str = "unserializable";

    /// Returns the format with the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { positional: false }
    }

    /// Returns the same format, but which sends structs as arrays of their fields' values.
    ///
    /// Smaller, and only for two programs that declare the fields alike, in the same order. What it
    /// sends can be read without this setting.
    #[must_use]
    pub const fn with_positional_fields(self) -> Self {
        Self { positional: true }
    }

    /// Appends a value.
    fn append<T: Serialize + ?Sized>(
        self,
        value: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        let serializer = Serializer::new(out.writer());
        if self.positional {
            value.serialize(&mut { serializer })
        } else {
            value.serialize(&mut serializer.with_struct_map())
        }
        .map_err(unserializable)
    }
}

impl MessageFormat for MsgPack {
    fn framing(&self) -> Framing {
        Framing::LengthPrefixed
    }

    fn decode(&self, frame: Bytes) -> Result<Message, FormatError> {
        let (event, payload) = parts(&frame).ok_or_else(|| not_a_message(&frame))?;
        Message::from_frame(frame, event, payload).ok_or_else(|| not_a_message(&[]))
    }

    fn calls(&self) -> Option<&dyn CallFormat> {
        Some(self)
    }
}

impl<T: Serialize + ?Sized> EncodePayload<T> for MsgPack {
    fn encode(&self, event: &str, payload: &T, out: &mut BytesMut) -> Result<(), FormatError> {
        out.put_u8(PAIR);
        event.serialize(&mut Serializer::new(out.writer())).map_err(unserializable)?;
        self.append(payload, out)
    }
}

impl<T: DeserializeOwned> DecodePayload<T> for MsgPack {
    fn decode_payload(&self, message: &Message) -> Result<T, FormatError> {
        read(message.payload(), PhantomData::<T>)
    }
}

impl<E: Serialize + ?Sized> EncodeEvent<E> for MsgPack {
    fn event_name(event: &E) -> Result<&str, FormatError> {
        serde_events::name_of(event, HUMAN_READABLE)
    }

    fn encode_content(&self, event: &E, out: &mut BytesMut) -> Result<(), FormatError> {
        self.append(&Content::of(event), out)
    }
}

impl<E: DeserializeOwned> DecodeEvent<E> for MsgPack {
    fn event_names() -> Result<EventNames, NotAnEnum> {
        serde_events::names_of::<E>(HUMAN_READABLE)
    }

    fn decode_event(&self, message: &Message) -> Result<E, FormatError> {
        serde_events::decode_event(message, |seed| read(message.payload(), seed))
    }
}

/// Returns what the seed makes of the payload.
#[inline]
fn read<'a, S: DeserializeSeed<'a>>(
    payload: Option<&'a [u8]>,
    seed: S,
) -> Result<S::Value, FormatError> {
    let payload = payload.unwrap_or(NIL);
    let mut deserializer: Deserializer<ReadRefReader<'_, [u8]>> =
        Deserializer::from_read_ref(payload);
    deserializer.set_max_depth(MAX_DEPTH);
    let value = seed.deserialize(&mut deserializer).map_err(|error| {
        FormatError::new(MsgPack::INVALID_PAYLOAD, "the payload is not what is asked for")
            .with_source(error)
    })?;
    // The reader does not say how far it came; at the end there is no next value's first byte.
    match IgnoredAny::deserialize(&mut deserializer) {
        Err(Error::InvalidMarkerRead(error)) if error.kind() == ErrorKind::UnexpectedEof => {
            Ok(value)
        }
        _ => Err(FormatError::new(MsgPack::INVALID_PAYLOAD, "more follows the payload")),
    }
}

/// Returns where in a frame the event's name and the payload lie.
fn parts(frame: &[u8]) -> Option<(Range<usize>, Option<Range<usize>>)> {
    let (&array, rest) = frame.split_first()?;
    let (&marker, rest) = rest.split_first()?;
    let (header, length) = match marker {
        0xa0..=0xbf => (2, usize::from(marker & 0x1f)),
        0xd9 => (3, usize::from(*rest.first()?)),
        0xda => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        0xdb => (6, usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?),
        _ => return None,
    };
    let event = header..length.checked_add(header)?;
    let payload = event.end..frame.len();
    match array {
        PAIR if !payload.is_empty() => Some((event, Some(payload))),
        SINGLE if payload.start == frame.len() => Some((event, None)),
        _ => None,
    }
}

fn unserializable(error: rmp_serde::encode::Error) -> FormatError {
    FormatError::new(MsgPack::UNSERIALIZABLE, "the payload cannot be put into MessagePack")
        .with_source(error)
}

#[cold]
fn not_a_message(frame: &[u8]) -> FormatError {
    let message = "the frame is no array of an event and a payload";
    match LooksLike::of(frame) {
        // So it does, and still this format cannot decode it.
        None | Some(LooksLike::MessagePack) => FormatError::new(MsgPack::INVALID_MESSAGE, message),
        Some(looks_like) => {
            let message = format!("{message}: it looks like {looks_like}");
            FormatError::new(MsgPack::INVALID_MESSAGE, message)
        }
    }
}

/// The first byte of an array of two.
const PAIR: u8 = 0x92;
/// The first byte of an array of one.
const SINGLE: u8 = 0x91;
/// What `rmp-serde` says of itself, both ways.
const HUMAN_READABLE: bool = false;

/// What absent data is read as.
const NIL: &[u8] = &[0xc0];

/// How deep a payload may be nested: as `serde_json` has it, and far from the end of a thread's
/// stack.
const MAX_DEPTH: usize = 128;
