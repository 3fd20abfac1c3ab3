//! From a message to its frame.

use bytes::BytesMut;
use ipc_core::FormatError;
use serde::Serialize;

use super::{Dialect, NodeFormat, quirk};
use crate::codes;
use crate::json::{append, serializer, string};

/// Appends the frame of an event with a payload to serialise.
#[inline]
pub(super) fn typed<T: Serialize + ?Sized>(
    format: &NodeFormat,
    event: &str,
    payload: &T,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    envelope(format, event, out, |out| {
        let data = out.len();
        self::payload(payload, out)?;
        if is_emptied(format, || out.get(data..).unwrap_or_default()) {
            out.truncate(data);
            out.extend_from_slice(b"{}");
        }
        Ok(())
    })
}

/// Appends the frame of an event whose payload is JSON already, unchanged in every dialect.
pub(super) fn raw(
    format: &NodeFormat,
    event: &str,
    payload: &[u8],
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    out.reserve(BEFORE_NAME.len() + event.len() + BEFORE_DATA.len() + payload.len() + 1);
    envelope(format, event, out, |out| {
        append::append(payload, out);
        Ok(())
    })
}

// Wire rule W1
#[inline]
fn envelope(
    format: &NodeFormat,
    event: &str,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    framed(format, event, out, |out| {
        out.extend_from_slice(BEFORE_NAME);
        string::write_text(event, out);
        out.extend_from_slice(BEFORE_DATA);
        write(out)
    })
}

/// Appends the frame of an event, of which `write` appends all but the last brace.
#[inline]
pub(super) fn framed(
    format: &NodeFormat,
    event: &str,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    if !format.rules.allow_all_of(event.len()) {
        format.rules.check(event)?;
    }
    let start = out.len();
    write(out)?;
    out.extend_from_slice(b"}");
    format.hazard.avert(&format.delimiter, out, start);
    Ok(())
}

/// Appends a payload to serialise.
#[inline]
pub(super) fn payload<T: Serialize + ?Sized>(
    payload: &T,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    serializer::write(payload, out).map_err(|error| {
        FormatError::new(codes::UNSERIALIZABLE, format!("payload has no JSON: {error}"))
    })
}

/// Returns whether the dialect sends `{}` instead of `data`.
// Wire rule W6
#[inline]
fn is_emptied<'a>(format: &NodeFormat, data: impl Fn() -> &'a [u8]) -> bool {
    let falsy = format.dialect == Dialect::Classic && matches!(data(), b"null" | b"\"\"");
    falsy || (format.emptied_emitters && quirk::is_emitter(data()))
}

/// The text before an event's name in a frame, and between it and the payload.
pub(super) const BEFORE_NAME: &[u8] = br#"{"type":""#;
pub(super) const BEFORE_DATA: &[u8] = br#"","data":"#;
