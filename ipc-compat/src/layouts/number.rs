//! The numbers of calls in layouts: ids of either side, and with them the method where answers repeat it.

use ipc_core::FormatError;
use ipc_core::protocol::calls::CallNumber;
use serde_json::value::RawValue;

use super::{members, unsupported};
use crate::RawJson;

/// Returns the number that a peer's id is: text of 1 to 64 bytes, or an integer from 0 to 2^53 - 1.
pub(super) fn of_id(json: &str) -> Option<CallNumber> {
    match members::text(json) {
        Some(text) => CallNumber::text(&text),
        // Some programs count from 0.
        None if json == "0" => Some(CallNumber::Integer(0)),
        None => CallNumber::integer(json.parse().ok()?),
    }
}

/// Returns the number of a call of this side that its answer has as an id, whether it was written as
/// text or as an integer. Another id is the number of no call.
pub(super) fn of_answer(json: &str) -> Option<CallNumber> {
    match of_id(json)? {
        CallNumber::Text(text) => Some(own(&text).unwrap_or(CallNumber::Text(text))),
        number => Some(number),
    }
}

/// Returns the number of a call of this side that is written as this text.
pub(super) fn own(text: &str) -> Option<CallNumber> {
    let number: u64 = text.parse().ok()?;
    // Not `+7`, and not `07`.
    CallNumber::integer(number).filter(|_| number.to_string() == text)
}

/// Returns an id as it came.
pub(super) fn id(number: &CallNumber) -> Result<RawJson, FormatError> {
    match number {
        CallNumber::Integer(number) => RawJson::from_value(number),
        CallNumber::Text(text) => RawJson::from_value(&**text),
        _ => Err(unsupported("the layout has no such numbers")),
    }
}

/// Returns a number that also holds the method, for the answer.
pub(super) fn with_method(number: &CallNumber, method: &str) -> Option<CallNumber> {
    let id = id(number).ok()?;
    let id: &RawValue = serde_json::from_slice(id.as_bytes()).ok()?;
    let both = serde_json::to_string(&(id, method)).ok()?;
    Some(CallNumber::Text(both.into()))
}

/// Returns what [`with_method`] put together.
pub(super) fn and_method(number: &CallNumber) -> Option<(CallNumber, String)> {
    let CallNumber::Text(both) = number else { return None };
    let (id, method): (&RawValue, String) = serde_json::from_str(both).ok()?;
    Some((of_id(id.get())?, method))
}
