//! From a frame to its message.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use ipc_core::{FormatError, LooksLike, Message};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::encode::{BEFORE_DATA, BEFORE_NAME};
use super::{BrokenText, EventRules};
use crate::codes;
use crate::json::scan::Scan;
use crate::json::surrogates::{has_lone_surrogate, replace_lone_surrogates};

/// Returns the message in `frame`.
#[inline]
pub(super) fn decode(
    frame: Bytes,
    broken_text: BrokenText,
    rules: &EventRules,
) -> Result<Message, FormatError> {
    let Some((name, data)) = ordinary(&frame) else {
        let message = any(frame, broken_text)?;
        rules.check(message.event())?;
        return Ok(message);
    };
    if !rules.allow_all_of(name.len()) {
        check(rules, frame.get(name.clone()).unwrap_or_default())?;
    }
    Message::from_frame(frame, name, Some(data)).ok_or_else(too_short)
}

/// Takes the message in a frame that is ordinary if its payload is JSON.
#[inline]
pub(super) fn presume(frame: &mut Bytes, rules: &EventRules) -> Option<Message> {
    let mut scan = Scan::new(frame);
    scan.expect(BEFORE_NAME)?;
    let name = scan.plain_text(BEFORE_DATA)?;
    let data = scan.rest_before(b"}")?;
    // The name is ASCII, so it is in the message.
    if rules.allow_all_of(name.len()) {
        Message::from_frame(std::mem::take(frame), name, Some(data)).map(Message::presumed)
    } else {
        None
    }
}

/// Checks a name that is UTF-8.
#[inline(never)]
fn check(rules: &EventRules, name: &[u8]) -> Result<(), FormatError> {
    rules.check(std::str::from_utf8(name).unwrap_or_default())
}

/// Returns the message in any frame.
#[cold]
fn any(frame: Bytes, broken_text: BrokenText) -> Result<Message, FormatError> {
    let invalid = match std::str::from_utf8(&frame) {
        Ok(text) => {
            let envelope = by_visitor(text, broken_text);
            let envelope = envelope.map_err(|error| explained(error, &frame))?;
            return message(frame, envelope);
        }
        Err(error) => error,
    };
    // Wire rule W11
    match broken_text {
        BrokenText::Replace => {
            let text = String::from_utf8_lossy(&frame).into_owned();
            let envelope = by_visitor(&text, broken_text);
            let envelope = envelope.map_err(|error| explained(error, &frame))?;
            message(text.into(), envelope)
        }
        BrokenText::Refuse => {
            let error =
                FormatError::new(codes::INVALID_JSON, format!("frame is not UTF-8: {invalid}"));
            Err(explained(error, &frame))
        }
    }
}

/// Adds to the error of a frame that is not JSON what the frame looks like, if that is known. The
/// frame itself is not shown: it may be secret.
fn explained(error: FormatError, frame: &[u8]) -> FormatError {
    use LooksLike::{Json, JsonEndedBy, JsonUndelimited};
    match LooksLike::of(frame) {
        None | Some(Json | JsonEndedBy(_) | JsonUndelimited) => error,
        Some(_) if error.code() != codes::INVALID_JSON => error,
        Some(looks_like) => {
            let message = format!("{}: it looks like {looks_like}", error.message());
            FormatError::new(error.code(), message)
        }
    }
}

fn message(frame: Bytes, envelope: Envelope) -> Result<Message, FormatError> {
    match envelope.name {
        Name::InFrame(name) => Message::from_frame(frame, name, envelope.data),
        Name::Own(name) => {
            // The empty range, which every frame has, is the name until the message is renamed.
            Message::from_frame(frame, 0..0, envelope.data).map(|message| message.renamed(name))
        }
    }
    .ok_or_else(too_short)
}

#[cold]
fn too_short() -> FormatError {
    FormatError::new(codes::INVALID_MESSAGE, "frame is shorter than its message")
}

/// Where name and payload are in a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) name: Name,
    pub(crate) data: Option<Range<usize>>,
}

/// An event's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Literally in the frame.
    InFrame(Range<usize>),
    /// Written with escapes there, and decoded here.
    Own(Box<str>),
}

/// Returns where name and payload are if the frame is UTF-8 and has the shape that every node-ipc
/// writes: `type` first and without escapes, then `data`, and no other member.
///
/// One pass over the frame, and several times as fast as [`by_visitor`].
#[inline]
pub(crate) fn ordinary(frame: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let mut scan = Scan::new(frame);
    scan.expect(BEFORE_NAME)?;
    let name = scan.plain_text(BEFORE_DATA)?;
    let data = scan.value()?;
    scan.ends_with(b"}").then_some((name, data))
}

/// Returns the envelope of any frame, or why it is not a message.
// Wire rule W8, W9, W12
pub(crate) fn by_visitor(text: &str, broken_text: BrokenText) -> Result<Envelope, FormatError> {
    if !trim(text).starts_with('{') {
        is_json(text).map_err(invalid_json)?;
        let found = kind(trim(text));
        let message = format!("frame is not an object but {found}");
        return Err(FormatError::new(codes::INVALID_MESSAGE, message));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(MembersVisitor).map_err(invalid_json)?;
    deserializer.end().map_err(invalid_json)?;
    let Some(name) = members.name else {
        return Err(FormatError::new(codes::INVALID_EVENT, "frame has no type"));
    };
    let data = members.data.and_then(|data| range_in(text, data.get()));
    Ok(Envelope { name: event_name(text, name.get(), broken_text)?, data })
}

fn event_name(text: &str, json: &str, broken_text: BrokenText) -> Result<Name, FormatError> {
    let Some(name) = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) else {
        let message = format!("type is not a string but {}", kind(json));
        return Err(FormatError::new(codes::INVALID_EVENT, message));
    };
    if !name.contains('\\') {
        return Ok(Name::InFrame(range_in(text, name).unwrap_or_default()));
    }
    if broken_text == BrokenText::Refuse && has_lone_surrogate(json) {
        let message = "type has an escape of half a surrogate pair";
        return Err(FormatError::new(codes::INVALID_EVENT, message));
    }
    let name = unescape(json).map_err(invalid_json)?;
    Ok(Name::Own(name.into()))
}

/// The members of an envelope; of several with the same name the last one.
struct Members<'de> {
    name: Option<&'de RawValue>,
    data: Option<&'de RawValue>,
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    // Wire rule W10
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members { name: None, data: None };
        // A key is read raw: it may contain an escape that Rust's strings cannot represent.
        while let Some(key) = map.next_key::<&RawValue>()? {
            match member(key.get()) {
                Member::Name => members.name = Some(map.next_value()?),
                Member::Data => members.data = Some(map.next_value()?),
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

enum Member {
    Name,
    Data,
    Other,
}

fn member(key: &str) -> Member {
    match key {
        "\"type\"" => Member::Name,
        "\"data\"" => Member::Data,
        _ if key.contains('\\') => match unescape(key).as_deref() {
            Ok("type") => Member::Name,
            Ok("data") => Member::Data,
            _ => Member::Other,
        },
        _ => Member::Other,
    }
}

/// Returns the text of a JSON string, with U+FFFD for each half of a surrogate pair.
fn unescape(json: &str) -> serde_json::Result<String> {
    match replace_lone_surrogates(json) {
        Cow::Borrowed(json) => serde_json::from_str(json),
        Cow::Owned(json) => serde_json::from_str(&json),
    }
}

/// Checks that `text` is one JSON value, without recursion.
pub(super) fn is_json(text: &str) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut deserializer)?;
    deserializer.end()
}

/// Returns a description of the kind of value that `json` is.
fn kind(json: &str) -> &'static str {
    match json.bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn invalid_json(error: serde_json::Error) -> FormatError {
    FormatError::new(codes::INVALID_JSON, format!("frame is not JSON: {error}"))
}

/// Returns `text` without the white space JSON allows around it.
fn trim(text: &str) -> &str {
    text.trim_matches(['\t', '\n', '\r', ' '])
}

/// Returns where `part` lies in `text`.
fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    text.get(start..end)?;
    Some(start..end)
}
