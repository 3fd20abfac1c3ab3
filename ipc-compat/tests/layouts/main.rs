//! Layouts: the frames that programs in use write for request and response, in both directions.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[cfg(unix)]
#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod any;
mod done;
#[cfg(unix)]
mod driver;
mod frames;
mod traps;

use bytes::{Bytes, BytesMut};
use ipc_compat::NodeFormat;
use ipc_compat::layouts::Layout;
use ipc_core::protocol::calls::{
    CallFormat, CallHead, CallNumber, Control, EncodeCall, Failure, InvalidControl, Signal,
};
use ipc_core::{FormatError, Message, MessageFormat};
use serde::Serialize;

/// A format with the layout, of the dialect that rewrites payloads.
fn format(layout: impl Layout) -> NodeFormat {
    NodeFormat::classic().with_layout(layout)
}

fn head(number: impl Into<Option<u64>>, method: &str) -> CallHead<'_> {
    CallHead { number: number.into(), method, left: None, credit: None }
}

fn text(frame: BytesMut) -> String {
    String::from_utf8(frame.to_vec()).unwrap()
}

/// Returns the frame of the call `number` of `sum` with these arguments.
fn asks(format: &NodeFormat, number: u64, args: &(impl Serialize + ?Sized)) -> String {
    let mut out = BytesMut::new();
    format.encode_call(&head(number, "sum"), args, &mut out).unwrap();
    text(out)
}

fn answers(format: &NodeFormat, number: &CallNumber, result: &(impl Serialize + ?Sized)) -> String {
    let mut out = BytesMut::new();
    format.encode_answer(number, false, result, &mut out).unwrap();
    text(out)
}

fn signals(format: &NodeFormat, signal: &Signal<'_>) -> Result<String, FormatError> {
    let mut out = BytesMut::new();
    format.encode_signal(signal, &mut out).inspect_err(|_| assert!(out.is_empty()))?;
    Ok(text(out))
}

fn fails(format: &NodeFormat, number: &CallNumber, failure: &Failure) -> String {
    signals(format, &Signal::Failure(number, failure)).unwrap()
}

/// Returns what a frame says about calls; `None` if it is an ordinary event.
fn reads(format: &NodeFormat, frame: &str) -> Option<Result<Control, InvalidControl>> {
    let message = format.decode(Bytes::copy_from_slice(frame.as_bytes())).unwrap();
    format.control(&message)
}

/// Returns the number, method and arguments of the call that a frame is.
fn call(format: &NodeFormat, frame: &str) -> (Option<CallNumber>, String, Option<String>) {
    match reads(format, frame) {
        Some(Ok(Control::Call { number, left: None, credit: None, message })) => {
            (number, message.event().to_owned(), payload(&message))
        }
        other => panic!("{frame} is {other:?}"),
    }
}

/// Returns the number and result of the answer that a frame is.
fn answer(format: &NodeFormat, frame: &str) -> (CallNumber, Option<String>) {
    match reads(format, frame) {
        Some(Ok(Control::Answer { number, more: false, result })) => (number, payload(&result)),
        other => panic!("{frame} is {other:?}"),
    }
}

/// Returns the number, code, message and data of the failure that a frame is.
fn failure(format: &NodeFormat, frame: &str) -> (CallNumber, String, String, Option<String>) {
    match reads(format, frame) {
        Some(Ok(Control::Failure { number, failure })) => {
            let data = failure.data.as_ref().and_then(payload);
            (number, failure.code.into(), failure.message.into(), data)
        }
        other => panic!("{frame} is {other:?}"),
    }
}

fn payload(message: &Message) -> Option<String> {
    message.payload().map(|payload| String::from_utf8(payload.to_vec()).unwrap())
}

fn of_text(number: &str) -> CallNumber {
    CallNumber::text(number).unwrap()
}

fn of_integer(number: u64) -> CallNumber {
    CallNumber::integer(number).unwrap()
}

/// Returns the frame of an event whose data is this object, or with `as_text` its text.
fn event(name: &str, data: &str, as_text: bool) -> String {
    let data = if as_text { serde_json::to_string(data).unwrap() } else { data.to_owned() };
    format!(r#"{{"type":"{name}","data":{data}}}"#)
}
