//! `NodeFormat`: node-ipc's JSON envelope as a message format.

mod builtins;
mod calls;
mod decode;
mod delimiter;
mod encode;
mod laid_out;
mod names;
mod ordinary_calls;
mod payload;
mod quirk;
mod raw_data;
mod raw_json;
#[cfg(any(test, fuzzing))]
mod reading_agrees;
mod typed;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ipc_codec::{Delimiter, Framing};
use ipc_core::protocol::calls::CallFormat;
use ipc_core::{DecodePayload, EncodePayload, FormatError, Message, MessageFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use delimiter::UnsafeDelimiter;
pub use names::EventRules;
pub use raw_data::RawData;
pub use raw_json::{NoData, RawJson};

use delimiter::Hazard;

use crate::layouts::Layout;
use crate::{Encoding, codes};

#[cfg(any(test, fuzzing))]
pub(crate) use decode::{Envelope, Name, by_visitor, ordinary};
#[cfg(any(test, fuzzing))]
pub(crate) use reading_agrees::reading_agrees;

/// node-ipc's wire format: `{"type":<name>,"data":<payload>}` in UTF-8, then a delimiter.
///
/// Any [`Serialize`] type can be sent, and any owned [`Deserialize`](serde::Deserialize) type
/// received. [`RawJson`] passes a payload through as it is, [`NoData`] sends an event without one.
///
/// What a handler gets, by the type of its payload. node-ipc calls it in every case, without data with
/// `undefined`; here a handler whose type needs data is not called without it, which is an error
/// ([`HandlerError::NoPayload`](ipc_core::HandlerError::NoPayload)).
///
/// | type | a frame without `data` | `"data":null` | other data |
/// |---|---|---|---|
/// | `()` | `()` | `()` | `()` |
/// | [`RawJson`] | an error | `null` | any, byte for byte and without a copy |
/// | `Option<RawJson>` | `None` | `Some`, with `null` | `Some`, the same |
/// | [`serde_json::Value`] | `Null` | `Null` | any, nested at most 127 deep |
/// | `Option<T>` | `None` | `None` | as `T` |
/// | every other type | an error | what serde makes of it | the same, nested at most 127 deep |
///
/// # Defaults
///
/// - the form feed as delimiter;
/// - [`BrokenText::Replace`];
/// - [`EventRules::open`];
/// - calls as docs/calls.md has them.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::NodeFormat;
/// use ipc_core::{DecodePayload, EncodePayload, MessageFormat};
///
/// let format = NodeFormat::classic();
/// let mut frame = BytesMut::new();
/// format.encode("app.message", &("hello", 5), &mut frame)?;
/// assert_eq!(frame, r#"{"type":"app.message","data":["hello",5]}"#);
///
/// let message = format.decode(frame.freeze())?;
/// assert_eq!(message.event(), "app.message");
/// let (text, number): (String, u8) = format.decode_payload(&message)?;
/// assert_eq!((text.as_str(), number), ("hello", 5));
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Debug, Clone)]
pub struct NodeFormat {
    dialect: Dialect,
    delimiter: Delimiter,
    /// Invariant: the hazard of `delimiter`.
    hazard: Hazard,
    broken_text: BrokenText,
    rules: EventRules,
    emptied_emitters: bool,
    /// The encoding of text in raw mode; `None` if raw mode is off.
    raw: Option<Encoding>,
    /// The form of calls, if it is not that of docs/calls.md.
    layout: Option<Arc<dyn Layout>>,
}

impl NodeFormat {
    /// Returns the format of node-ipc 8 to 12.
    #[must_use]
    pub fn classic() -> Self {
        Self::new(Dialect::Classic)
    }

    /// Returns the format of node-ipc 14.
    #[must_use]
    pub fn v14() -> Self {
        Self::new(Dialect::V14)
    }

    /// Returns the format of this dialect with the defaults.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            // Wire rule W2
            delimiter: Delimiter::FORM_FEED,
            hazard: Hazard::of(&Delimiter::FORM_FEED),
            broken_text: BrokenText::default(),
            rules: EventRules::open(),
            emptied_emitters: false,
            raw: None,
            layout: None,
        }
    }

    /// Returns the same format with frames that end with `delimiter`.
    ///
    /// # Errors
    ///
    /// [`UnsafeDelimiter`] if the delimiter may occur in a frame where it cannot be escaped, such as
    /// `,` or `"`. A delimiter that can only occur in the text of a string, such as `--END--`, is
    /// allowed: where it occurs, one of its letters is written as an escape. That works for what this
    /// format sends; node-ipc itself does not do it.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::NodeFormat;
    ///
    /// let lines = NodeFormat::classic().with_delimiter("\n".parse()?)?;
    /// assert_eq!(lines.delimiter().as_bytes(), b"\n");
    /// assert!(NodeFormat::classic().with_delimiter(",".parse()?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_delimiter(self, delimiter: Delimiter) -> Result<Self, UnsafeDelimiter> {
        match Hazard::of(&delimiter) {
            Hazard::Anywhere => Err(UnsafeDelimiter::new(delimiter)),
            hazard => Ok(Self { delimiter, hazard, ..self }),
        }
    }

    /// Returns the same format with frames that end with `delimiter`, whatever it is.
    ///
    /// A message whose frame contains the delimiter cannot be sent then: the frame encoder refuses it.
    /// One that a peer sends arrives in pieces. Only for peers that require such a delimiter.
    #[must_use]
    pub fn with_any_delimiter(self, delimiter: Delimiter) -> Self {
        Self { hazard: Hazard::of(&delimiter), delimiter, ..self }
    }

    /// Returns the same format with another treatment of text that is not Unicode.
    ///
    /// By default such text is replaced, as node-ipc does.
    #[must_use]
    pub fn with_broken_text(self, broken_text: BrokenText) -> Self {
        Self { broken_text, ..self }
    }

    /// Returns the same format with other rules for the names of events, sent and received.
    ///
    /// By default every name of at most 4,096 characters is allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::{EventRules, NodeFormat, codes};
    /// use ipc_core::MessageFormat;
    ///
    /// let format = NodeFormat::v14().with_event_rules(EventRules::assured(["app.message"]));
    /// assert!(format.decode(r#"{"type":"app.message","data":{}}"#.into()).is_ok());
    /// let error = format.decode(r#"{"type":"app.other","data":{}}"#.into()).unwrap_err();
    /// assert_eq!(error.code(), codes::EVENT_NOT_ALLOWED);
    /// ```
    #[must_use]
    pub fn with_event_rules(self, rules: EventRules) -> Self {
        Self { rules, ..self }
    }

    /// Returns the same format, except that it sends an object with a truthy `_maxListeners` as `{}`.
    ///
    /// Classic versions do that to keep event emitters off the wire, and empty every other object with
    /// such a member, too. By default such an object is sent unchanged.
    #[must_use]
    pub fn with_emptied_emitters(self) -> Self {
        Self { emptied_emitters: true, ..self }
    }

    /// Returns the same format in raw mode: no frames, no JSON, no events. It sends the bytes of a
    /// [`RawData`], of which `encoding` encodes text, and receives a message
    /// [`RAW_EVENT`](Self::RAW_EVENT) for each chunk, whose payload is the chunk's bytes.
    ///
    /// The chunks need not be those that the peer wrote.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use ipc_compat::{Encoding, NodeFormat, RawData};
    /// use ipc_core::EncodePayload;
    ///
    /// let mut out = BytesMut::new();
    /// let raw = NodeFormat::classic().with_raw(Encoding::Hex);
    /// raw.encode(NodeFormat::RAW_EVENT, &RawData::from("0dee"), &mut out)?;
    /// assert_eq!(out, &b"\x0d\xee"[..]);
    /// # Ok::<(), ipc_core::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_raw(self, encoding: Encoding) -> Self {
        Self { raw: Some(encoding), ..self }
    }

    /// Returns the same format with another form of calls, for programs that have one of their own: see
    /// [`layouts`](crate::layouts). `$call` and `$answer` are ordinary events then.
    #[must_use]
    pub fn with_layout(self, layout: impl Layout) -> Self {
        self.with_shared_layout(Some(Arc::new(layout)))
    }

    pub(crate) fn with_shared_layout(self, layout: Option<Arc<dyn Layout>>) -> Self {
        Self { layout, ..self }
    }

    /// The name of the event of a received chunk in raw mode, as in node-ipc: `data`.
    pub const RAW_EVENT: &'static str = "data";

    /// Returns the encoding of text in raw mode, or `None` if frames are sent.
    #[must_use]
    pub fn raw(&self) -> Option<Encoding> {
        self.raw
    }

    /// # Errors
    ///
    /// [`FormatError`] in raw mode, which has neither events nor typed payloads.
    fn framed(&self) -> Result<(), FormatError> {
        match self.raw {
            None => Ok(()),
            Some(_) => Err(FormatError::new(
                codes::RAW_MODE,
                "raw mode has bytes only: send with `emit_raw`, receive with `on_data`",
            )),
        }
    }

    /// Returns the dialect.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the delimiter.
    #[must_use]
    pub fn delimiter(&self) -> &Delimiter {
        &self.delimiter
    }

    /// Returns the rules for the names of events.
    #[must_use]
    pub fn event_rules(&self) -> &EventRules {
        &self.rules
    }
}

/// The classic format, which most installations of node-ipc speak.
impl Default for NodeFormat {
    fn default() -> Self {
        Self::classic()
    }
}

impl MessageFormat for NodeFormat {
    fn framing(&self) -> Framing {
        match self.raw {
            None => Framing::Delimited(self.delimiter.clone()),
            Some(_) => Framing::Raw,
        }
    }

    // Wire rule W4
    fn decode(&self, frame: Bytes) -> Result<Message, FormatError> {
        // Wire rule W92
        if self.raw.is_some() {
            return Ok(Message::with_static_event(Self::RAW_EVENT, frame));
        }
        decode::decode(frame, self.broken_text, &self.rules)
    }

    #[inline]
    fn presume(&self, frame: &mut Bytes) -> Option<Message> {
        if self.raw.is_some() { None } else { decode::presume(frame, &self.rules) }
    }

    fn is_sound(&self, presumed: &Message) -> bool {
        presumed.payload().is_some_and(payload::is_sound)
    }

    fn calls(&self) -> Option<&dyn CallFormat> {
        if self.raw.is_some() { None } else { Some(self) }
    }

    #[inline]
    fn begins_call(&self, frame: &[u8]) -> bool {
        frame.get(encode::BEFORE_NAME.len()) == Some(&b'$')
    }
}

impl<T: Serialize + ?Sized> EncodePayload<T> for NodeFormat {
    fn encode(&self, event: &str, payload: &T, out: &mut BytesMut) -> Result<(), FormatError> {
        self.framed()?;
        encode::typed(self, event, payload, out)
    }
}

impl EncodePayload<RawJson> for NodeFormat {
    fn encode(
        &self,
        event: &str,
        payload: &RawJson,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.framed()?;
        encode::raw(self, event, payload.as_bytes(), out)
    }
}

/// Sends bytes in raw mode; the event's name is not sent.
impl EncodePayload<RawData<'_>> for NodeFormat {
    fn encode(
        &self,
        _event: &str,
        payload: &RawData<'_>,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        let Some(encoding) = self.raw else {
            let message = "bytes are sent in raw mode only: set `raw_buffer`, or use `emit`";
            return Err(FormatError::new(codes::NOT_RAW_MODE, message));
        };
        payload.append(encoding, out);
        Ok(())
    }
}

impl<T: DeserializeOwned + 'static> DecodePayload<T> for NodeFormat {
    fn decode_payload(&self, message: &Message) -> Result<T, FormatError> {
        self.framed()?;
        if payload::is_raw::<T>() {
            return payload::raw(message);
        }
        payload::typed(message, self.broken_text)
    }

    fn reads_all() -> bool {
        !payload::is_raw::<T>()
    }
}

/// A family of node-ipc versions that agree on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// node-ipc 8.x, 9.x, 10.x and 12.x: `null`, `""` and NaN are sent as `{}`.
    #[default]
    Classic,
    /// node-ipc 14.x: `null` and `""` are sent unchanged.
    V14,
}

/// How to treat text that is not Unicode: bytes that are not UTF-8, and escapes of half a
/// surrogate pair, such as `\ud800`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BrokenText {
    /// Every broken part becomes U+FFFD, as in node-ipc. Escapes in a payload stay unchanged until
    /// a handler asks for a type; [`RawJson`] keeps them.
    #[default]
    Replace,
    /// The frame, or the payload where only the payload has such an escape, is refused.
    Refuse,
}
