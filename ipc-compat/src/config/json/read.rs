//! What the values of settings are read as.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::Problem;
use crate::Retries;

pub(super) type Read<T> = Result<T, Problem>;

pub(super) fn text(value: &Value) -> Read<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| Problem::allowed("a text"))
}

/// Reads a text; a whole number is the text that JavaScript makes of it.
pub(super) fn id(value: &Value) -> Read<String> {
    match value {
        Value::Number(number) if number.is_i64() => Ok(number.to_string()),
        _ => text(value),
    }
}

pub(super) fn path(value: &Value) -> Read<PathBuf> {
    text(value).map(PathBuf::from)
}

/// Reads the path of a file that there may be.
pub(super) fn file(value: &Value) -> Read<Option<PathBuf>> {
    if is_unset(value) {
        return Ok(None);
    }
    let path = value.as_str().filter(|path| !path.is_empty());
    path.map(|path| Some(path.into())).ok_or_else(|| Problem::allowed("false or a path"))
}

/// Reads a user: a number, or a name that this machine has a number for.
pub(super) fn user(value: &Value) -> Read<Option<u32>> {
    if is_unset(value) {
        return Ok(None);
    }
    let allowed = "false, or the number or name of a user of this machine";
    numbered(value, ipc_transport::user_id, allowed).map(Some)
}

/// Reads a number, or a name that `look_up` has a number for.
pub(super) fn numbered(
    value: &Value,
    look_up: fn(&str) -> io::Result<Option<u32>>,
    allowed: &'static str,
) -> Read<u32> {
    let found = match value {
        Value::String(name) => look_up(name).ok().flatten(),
        value => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    found.ok_or_else(|| Problem::allowed(allowed))
}

pub(super) fn flag(value: &Value) -> Read<bool> {
    value.as_bool().ok_or_else(|| Problem::allowed("true or false"))
}

/// Reads `stopRetrying`, which may be a number.
// Wire rule W52
pub(super) fn flag_or_number(value: &Value) -> Read<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        _ => Err(Problem::allowed("true, false or a number")),
    }
}

pub(super) fn port(value: &Value) -> Read<u16> {
    let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
    port.ok_or_else(|| Problem::allowed("a number from 0 to 65535"))
}

/// Reads a limit; none is the greatest number.
pub(super) fn limit(value: &Value) -> Read<usize> {
    if is_infinity(value) {
        return Ok(usize::MAX);
    }
    let limit = value.as_u64().filter(|limit| *limit > 0);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.ok_or_else(|| Problem::allowed("a whole number from 1, or \"Infinity\""))
}

pub(super) fn limit_to_json(limit: usize) -> Value {
    if limit == usize::MAX { infinity() } else { limit.into() }
}

pub(super) fn depth(value: &Value) -> Read<u32> {
    if is_infinity(value) {
        return Ok(u32::MAX);
    }
    let depth = value.as_u64().and_then(|depth| u32::try_from(depth).ok());
    depth.ok_or_else(|| Problem::allowed("a whole number from 0, or \"Infinity\""))
}

pub(super) fn depth_to_json(depth: u32) -> Value {
    if depth == u32::MAX { infinity() } else { depth.into() }
}

pub(super) fn milliseconds(value: &Value) -> Read<Duration> {
    let milliseconds =
        value.as_f64().ok_or_else(|| Problem::allowed("a number of milliseconds"))?;
    Duration::try_from_secs_f64(milliseconds / 1000.0)
        .map_err(|_| Problem::allowed("a number of milliseconds from 0"))
}

/// Reads a duration; 0 and infinity are `None`.
pub(super) fn timeout(value: &Value) -> Read<Option<Duration>> {
    if is_infinity(value) {
        return Ok(None);
    }
    milliseconds(value).map(|timeout| Some(timeout).filter(|timeout| !timeout.is_zero()))
}

/// Reads a duration; `false`, 0 and infinity are `None`.
pub(super) fn keepalive(value: &Value) -> Read<Option<Duration>> {
    if *value == false {
        return Ok(None);
    }
    timeout(value).map_err(|_| Problem::allowed("false or a number of milliseconds"))
}

pub(super) fn duration_to_json(duration: Duration) -> Value {
    let whole = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if Duration::from_millis(whole) == duration {
        return whole.into();
    }
    (duration.as_secs_f64() * 1000.0).into()
}

/// Reads `maxRetries`: node-ipc compares with 1 and counts down by 1, so that a fraction does not
/// count, nor does what is below 0.
// Wire rule W50
pub(super) fn retries(value: &Value) -> Read<Retries> {
    let times = match value {
        Value::Bool(false) => 0.0,
        value if is_infinity(value) => return Ok(Retries::Forever),
        value => {
            value.as_f64().ok_or_else(|| Problem::allowed("a number, false or \"Infinity\""))?
        }
    };
    // The cast stops at 0 and at the greatest number.
    Ok(Retries::Times(times as u32))
}

pub(super) fn retries_to_json(retries: Retries) -> Value {
    match retries {
        Retries::Forever => infinity(),
        Retries::Times(times) => times.into(),
    }
}

/// Returns whether the value is `false`, or `null`: not set.
pub(super) fn is_unset(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

/// Returns whether the value is infinity, which JSON has no number for: `JSON.stringify` writes
/// `null`.
pub(super) fn is_infinity(value: &Value) -> bool {
    value.is_null() || value == "Infinity"
}

pub(super) fn infinity() -> Value {
    "Infinity".into()
}
