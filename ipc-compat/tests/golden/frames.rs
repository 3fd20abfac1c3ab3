//! Every frame of the golden table against what real node-ipc did with it.
//!
//! Where we differ, the difference is one of [`DEVIATIONS`], each with its reason.

use std::collections::BTreeMap;

use bytes::Bytes;
use ipc_compat::{EventRules, NodeFormat, RawJson, codes};
use ipc_core::{DecodePayload, FormatError, Message, MessageFormat};
use serde_json::Value;

use crate::table::{Described, End, Event, FrameRow, Outcome, Table, allowed};

// Tests W8, W9, W10, W12
#[test]
fn frames_mean_what_they_mean_to_9_2_1() {
    check(&NodeFormat::classic(), |row| &row.classic, &CLASSIC);
}

// Tests W8, W9, W10, W12
#[test]
fn frames_mean_what_they_mean_to_14_fast() {
    check(&NodeFormat::v14(), |row| &row.fast, &FAST);
}

// Tests W16
#[test]
fn frames_mean_what_they_mean_to_14_guarded() {
    let format = NodeFormat::v14().with_event_rules(EventRules::guarded());
    check(&format, |row| &row.guarded, &GUARDED);
}

// Tests W16
#[test]
fn frames_mean_what_they_mean_to_14_assured() {
    let format = NodeFormat::v14().with_event_rules(EventRules::assured(allowed()));
    check(&format, |row| &row.assured, &GUARDED);
}

#[test]
fn the_table_is_large_enough() {
    assert!(Table::read().frames.len() >= 200);
}

/// A reason to differ from node-ipc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// The process dies; ours reports an error of that peer.
    NobodyDies,
    /// The process dies of `data.id` when the peer leaves; ours takes no identity from payloads.
    NoIdentityFromData,
    /// A `type` that is no string is published under the text JavaScript makes of it.
    TypeIsAString,
    /// `null` is JSON, but classic says it is not, since `null.type` throws.
    NullIsJson,
    /// A name is longer than [`EventRules::OPEN_MAX_LENGTH`].
    NamesEnd,
    /// The frame decoder refuses a frame by its length, before the format sees it.
    LengthIsFraming,
    /// The recorder could not print the value it got; there is nothing to compare with.
    TooDeepToPrint,
    /// JavaScript reads infinity; a Rust number is out of range, and [`RawJson`] as it was.
    NoInfinity,
}

/// The deviations of each column, with the number of rows.
const CLASSIC: [(Deviation, usize); 7] = [
    (Deviation::NobodyDies, 3),
    (Deviation::NoIdentityFromData, 1),
    (Deviation::TypeIsAString, 35),
    (Deviation::NullIsJson, 2),
    (Deviation::NamesEnd, 1),
    (Deviation::TooDeepToPrint, 1),
    (Deviation::NoInfinity, 2),
];
const FAST: [(Deviation, usize); 4] = [
    (Deviation::NobodyDies, 40),
    (Deviation::NamesEnd, 1),
    (Deviation::TooDeepToPrint, 1),
    (Deviation::NoInfinity, 2),
];
const GUARDED: [(Deviation, usize); 3] =
    [(Deviation::LengthIsFraming, 3), (Deviation::TooDeepToPrint, 1), (Deviation::NoInfinity, 2)];

#[track_caller]
fn check(
    format: &NodeFormat,
    column: fn(&FrameRow) -> &Outcome,
    deviations: &[(Deviation, usize)],
) {
    let mut found = BTreeMap::new();
    for row in Table::read().frames {
        let bytes = row.frame.bytes();
        let ours = decode_all(format, &bytes);
        match compare(format, column(&row), &ours, bytes.len()) {
            Ok(None) => {}
            Ok(Some(deviation)) => *found.entry(deviation).or_insert(0) += 1,
            Err(why) => {
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
                panic!("{} {shown:?}: {why}\nnode: {:?}\nours: {ours:?}", row.group, column(&row));
            }
        }
    }
    assert_eq!(found, deviations.iter().copied().collect(), "rows per deviation");
}

/// Decodes what the frame decoder would cut `bytes` into.
fn decode_all(format: &NodeFormat, bytes: &[u8]) -> Vec<Result<Message, FormatError>> {
    let frames = bytes.split(|byte| *byte == 0x0c);
    frames.map(|frame| format.decode(Bytes::copy_from_slice(frame))).collect()
}

/// Returns the deviation that explains the difference, or why nothing does.
fn compare(
    format: &NodeFormat,
    node: &Outcome,
    ours: &[Result<Message, FormatError>],
    length: usize,
) -> Result<Option<Deviation>, String> {
    if node.end == End::Died {
        return match ours {
            [Err(_)] => Ok(Some(Deviation::NobodyDies)),
            [Ok(_)] => Ok(Some(Deviation::NoIdentityFromData)),
            _ => Err("one frame has several outcomes".to_owned()),
        };
    }
    let closed = node.end == End::Closed;
    if closed
        != matches!(node.events.last(), Some(Event::Error { error }) if error.starts_with("ERR"))
    {
        return Err("a connection closes on an error of 14 and on nothing else".to_owned());
    }
    // A side that closes the connection on an error does not read the frames after it.
    if node.events.len() != ours.len() && !closed {
        return Err("another number of events".to_owned());
    }
    let mut deviation = None;
    for (node, ours) in node.events.iter().zip(ours) {
        let found = match (node, ours) {
            (Event::Error { error }, Err(ours)) => compare_errors(error, ours)?,
            (Event::Error { error }, Ok(_)) if error == "ERR_IPC_FRAME_TOO_LARGE" => {
                (length > 1 << 20).then_some(Deviation::LengthIsFraming)
            }
            (Event::Wire { r#type, .. }, Err(ours)) => compare_refused(r#type.as_ref(), ours)?,
            (Event::Wire { r#type: Some(name), data }, Ok(ours)) => {
                compare_names(name, ours.event())?;
                compare_data(format, data.as_ref(), ours)?
            }
            _ => return Err("another kind of event".to_owned()),
        };
        deviation = deviation.or(found);
    }
    Ok(deviation)
}

fn compare_errors(node: &str, ours: &FormatError) -> Result<Option<Deviation>, String> {
    match (node, ours.code()) {
        (node, ours) if node == ours => Ok(None),
        ("Invalid JSON response format", codes::INVALID_JSON) => Ok(None),
        ("Invalid JSON response format", codes::INVALID_MESSAGE)
            if ours.message() == "frame is not an object but null" =>
        {
            Ok(Some(Deviation::NullIsJson))
        }
        _ => Err("another error".to_owned()),
    }
}

fn compare_refused(
    name: Option<&Described>,
    ours: &FormatError,
) -> Result<Option<Deviation>, String> {
    let is_string = match name {
        Some(Described::Json(name)) => name.starts_with('"'),
        Some(Described::Long { first, .. }) => *first == '"',
        Some(Described::Unprintable { .. }) | None => false,
    };
    match ours.code() {
        codes::EVENT_TOO_LARGE if is_string => Ok(Some(Deviation::NamesEnd)),
        codes::INVALID_EVENT | codes::INVALID_MESSAGE if !is_string => {
            Ok(Some(Deviation::TypeIsAString))
        }
        _ => Err("refused without a reason".to_owned()),
    }
}

fn compare_names(node: &Described, ours: &str) -> Result<(), String> {
    let equal = match node {
        Described::Json(json) => {
            let name = json.parse::<RawJson>().and_then(|json| json.parse_lossy::<String>());
            name.as_deref() == Ok(ours)
        }
        // The length of the text in its quotes.
        Described::Long { chars, .. } => ours.encode_utf16().count() + 2 == *chars,
        Described::Unprintable { .. } => false,
    };
    if equal { Ok(()) } else { Err("another name".to_owned()) }
}

fn compare_data(
    format: &NodeFormat,
    node: Option<&Described>,
    ours: &Message,
) -> Result<Option<Deviation>, String> {
    let Some(node) = node else {
        let absent = ours.payload().is_none();
        return if absent { Ok(None) } else { Err("data where node has none".to_owned()) };
    };
    let raw: RawJson = format.decode_payload(ours).map_err(|error| error.to_string())?;
    match node {
        Described::Unprintable { unprintable } if unprintable == "RangeError" => {
            Ok(Some(Deviation::TooDeepToPrint))
        }
        Described::Unprintable { unprintable } => Err(format!("unprintable: {unprintable}")),
        Described::Long { chars, .. } if raw.as_str().encode_utf16().count() == *chars => Ok(None),
        Described::Long { chars, .. } => Err(format!("not of {chars} characters")),
        Described::Json(json) if raw.as_str() == json => Ok(None),
        Described::Json(json) => {
            let expected = numbers_as_js(json.parse::<RawJson>().unwrap().parse_lossy().unwrap());
            match format.decode_payload(ours).map(numbers_as_js) {
                Ok(value) if value == expected => Ok(None),
                Err(_) if json == "null" && raw.as_str().contains("e400") => {
                    Ok(Some(Deviation::NoInfinity))
                }
                other => Err(format!("other data: {other:?}")),
            }
        }
    }
}

/// Makes every number the one JavaScript has.
pub(crate) fn numbers_as_js(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            // Adding zero makes minus zero plain zero.
            let number = number.as_f64().unwrap() + 0.0;
            Value::from(number)
        }
        Value::Array(list) => list.into_iter().map(numbers_as_js).collect(),
        Value::Object(map) => map.into_iter().map(|(key, of)| (key, numbers_as_js(of))).collect(),
        other => other,
    }
}
