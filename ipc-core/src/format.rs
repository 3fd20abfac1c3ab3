//! `MessageFormat`: how a message becomes a frame and a frame a message.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ipc_codec::Framing;

use crate::Message;
use crate::protocol::calls::CallFormat;

/// A translation between messages and frames.
///
/// The core knows no encoding: a format brings one. What types a payload may have is the format's
/// business too, said by the traits [`EncodePayload`] and [`DecodePayload`], usually in one blanket
/// implementation each (`impl<T: Serialize + ?Sized> EncodePayload<T> for MyFormat`).
pub trait MessageFormat: fmt::Debug + Send + Sync + 'static {
    /// Returns the framing this format's frames travel in.
    fn framing(&self) -> Framing;

    /// Returns the message in `frame`, a whole frame without its delimiter or length.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the frame is not one of this format. A peer can send anything, so an
    /// implementation must neither panic nor recurse without bound.
    fn decode(&self, frame: Bytes) -> Result<Message, FormatError>;

    /// Takes the message that `frame` holds if its payload is sound, as one that is
    /// [presumed](Message::presumed), or leaves the frame. Asked before [`decode`](Self::decode), so that a
    /// payload which a type reads is not checked twice.
    ///
    /// Of such a message the core uses the event and nothing else, until its payload was read as a type
    /// that [reads all](DecodePayload::reads_all) of it, or [`is_sound`](Self::is_sound). Where neither is
    /// the case the whole frame is decoded with [`decode`](Self::decode), which has the last word: for a
    /// frame that it refuses, no handler is called. Default: `None`.
    fn presume(&self, _frame: &mut Bytes) -> Option<Message> {
        None
    }

    /// Returns whether a message that was [presumed](Self::presume) is what [`decode`](Self::decode)
    /// returns of its frame. `false` if that would take more than a check of its payload, but never for one
    /// that a type which [reads all](DecodePayload::reads_all) of it could read: its handler has run then, and
    /// would run once more. Default: `false`.
    fn is_sound(&self, _presumed: &Message) -> bool {
        false
    }

    /// Returns this format's form of calls, if it has one. Default: `None`, and every message is an
    /// ordinary event.
    fn calls(&self) -> Option<&dyn CallFormat> {
        None
    }

    /// Returns whether a frame is worth asking [`CallFormat::take_frame`] for, before it is decoded: it
    /// begins as this format writes calls and answers. Asked for every frame, so it should cost no more
    /// than a comparison. Default: `false`.
    fn begins_call(&self, _frame: &[u8]) -> bool {
        false
    }
}

/// A format that can send payloads of type `T`.
pub trait EncodePayload<T: ?Sized>: MessageFormat {
    /// Appends the frame of this event and payload to `out`, without delimiter or length.
    ///
    /// `out` is the send queue's own buffer: an implementation may only append to it, and must
    /// not send to the same peer meanwhile, which would wait for itself.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the payload cannot be put into this format. The caller removes what was
    /// appended to `out` by then.
    fn encode(&self, event: &str, payload: &T, out: &mut BytesMut) -> Result<(), FormatError>;
}

/// A format that can read payloads as type `T`.
pub trait DecodePayload<T>: MessageFormat {
    /// Returns the payload of `message` as a `T`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the payload is absent and `T` needs one, or is not a `T`.
    fn decode_payload(&self, message: &Message) -> Result<T, FormatError>;

    /// Returns whether reading a `T` looks at all of the payload, so that one which can be read is sound:
    /// [`MessageFormat::is_sound`] is true for a message that was presumed. Default: `false`.
    #[must_use]
    fn reads_all() -> bool {
        false
    }
}

/// Why a message could not be translated.
///
/// Two are equal if their codes and messages are; their sources do not count.
#[derive(Debug, Clone)]
pub struct FormatError {
    code: &'static str,
    message: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl FormatError {
    /// Returns an error with a stable code, for programs, and a message, for people: lower case
    /// and without a full stop.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// Returns the error with what caused it, such as the error of a library. The message should not
    /// repeat it.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Returns the stable code, such as `invalid_json`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the message for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for FormatError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl PartialEq for FormatError {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.message == other.message
    }
}

impl Eq for FormatError {}
