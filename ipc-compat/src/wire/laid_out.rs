//! Calls and answers in the frames of a layout.

use bytes::BytesMut;
use ipc_core::FormatError;
use ipc_core::protocol::calls::{CallNumber, Signal};

use super::{NodeFormat, RawJson, encode};
use crate::codes;
use crate::layouts::{Frame, Layout, Outcome};

/// Appends a frame of the layout.
pub(super) fn frame(
    format: &NodeFormat,
    frame: &Frame,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    format.framed()?;
    encode::raw(format, &frame.event, frame.data.as_bytes(), out)
}

/// Appends an answer.
pub(super) fn answer(
    format: &NodeFormat,
    layout: &dyn Layout,
    number: &CallNumber,
    more: bool,
    result: &RawJson,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    if more {
        return Err(unsupported("the layout has no streams"));
    }
    frame(format, &layout.write_answer(number, Outcome::Result(result))?, out)
}

/// Appends a signal that the layout has a form for.
pub(super) fn signal(
    format: &NodeFormat,
    layout: &dyn Layout,
    signal: &Signal<'_>,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    let written = match *signal {
        Signal::End(number) => layout.write_answer(number, Outcome::Nothing)?,
        Signal::Failure(number, failure) => {
            layout.write_answer(number, Outcome::Failure(failure))?
        }
        Signal::Cancel(_) => return Err(unsupported("the layout cannot cancel calls")),
        Signal::Credit(..) => return Err(unsupported("the layout has no streams")),
        _ => return Err(unsupported("the layout has no such signal")),
    };
    frame(format, &written, out)
}

#[cold]
fn unsupported(message: &'static str) -> FormatError {
    FormatError::new(codes::UNSUPPORTED, message)
}
