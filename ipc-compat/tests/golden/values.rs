//! Every recorded call of `emit` against what we send for the same value.

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use ipc_compat::{EventRules, NoData, NodeFormat, RawJson};
use ipc_core::{DecodePayload, EncodePayload, FormatError, MessageFormat};
use serde_json::Value;

use crate::frames::numbers_as_js;
use crate::table::{Sent, Table, ValueRow, allowed};

// Tests W1, W5, W6
#[test]
fn values_are_sent_as_9_2_1_sends_them() {
    check(
        &NodeFormat::classic().with_emptied_emitters(),
        |row| &row.classic,
        &["\"m\", Infinity", "\"m\", -Infinity"],
    );
}

// Tests W1, W5
#[test]
fn values_are_sent_as_14_fast_sends_them() {
    check(&NodeFormat::v14(), |row| &row.fast, &[]);
}

// Tests W16
#[test]
fn values_are_sent_as_14_guarded_sends_them() {
    let format = NodeFormat::v14().with_event_rules(EventRules::guarded());
    check(&format, |row| &row.guarded, &[]);
}

// Tests W16
#[test]
fn values_are_sent_as_14_assured_sends_them() {
    let format = NodeFormat::v14().with_event_rules(EventRules::assured(allowed()));
    check(&format, |row| &row.assured, &[]);
}

// Tests W6
#[test]
fn by_default_no_object_is_emptied() {
    let mut kept = Vec::new();
    for row in Table::read().values {
        let (Sent::Frame { sent }, Some(value)) = (&row.classic, Call::parse(&row.call)) else {
            continue;
        };
        let format = NodeFormat::classic();
        if value.encode(&format).unwrap() != value.encode(&format.with_emptied_emitters()).unwrap()
        {
            assert_eq!(sent, r#"{"type":"m","data":{}}"#);
            kept.push(row.call);
        }
    }
    assert_eq!(
        kept,
        [
            "\"m\", {\"_maxListeners\":10}",
            "\"m\", {\"_maxListeners\":{},\"a\":1}",
            "\"m\", {\"_maxListeners\":\"0\",\"a\":1}",
            "\"m\", {\"_maxListeners\":true,\"a\":1}",
        ]
    );
}

// Tests W1
#[test]
fn frames_of_node_are_written_again_byte_by_byte() {
    let mut rows = 0;
    for row in Table::read().values {
        for (format, sent) in [(NodeFormat::classic(), row.classic), (NodeFormat::v14(), row.fast)]
        {
            let Sent::Frame { sent } = sent else { continue };
            let Ok(message) = format.decode(Bytes::from(sent.clone())) else { continue };
            let Ok(data) = DecodePayload::<RawJson>::decode_payload(&format, &message) else {
                continue;
            };
            if sent.starts_with(r#"{"type":"\ud800""#) {
                // A name is text; half a surrogate pair is none, and became U+FFFD.
                continue;
            }
            let mut frame = BytesMut::new();
            format.encode(message.event(), &data, &mut frame).unwrap();
            assert_eq!(String::from_utf8_lossy(&frame), sent);
            rows += 1;
        }
    }
    assert!(rows >= 120, "only {rows} frames");
}

/// The calls no Rust value corresponds to.
const NOT_IN_RUST: [(&str, &str); 18] = [
    ("\"m\", [null, undefined, NaN, \"\"]", "undefined in a list"),
    ("\"m\", {a: null, b: undefined, c: NaN, d: \"\"}", "undefined in an object"),
    ("\"m\", () => 1", "a function; node sends no data"),
    ("\"m\", Symbol(\"s\")", "a symbol; node sends no data"),
    ("\"m\", 10n", "a number that JSON.stringify refuses"),
    ("\"m\", \"\\ud800\"", "half a surrogate pair is no text"),
    ("\"m\", \"\\udc00x\"", "half a surrogate pair is no text"),
    ("\"m\", Buffer.from([1, 2])", "a class of Node's"),
    ("\"m\", new Uint8Array([1, 2])", "a class of JavaScript's"),
    ("\"m\", new Date(0)", "a class of JavaScript's"),
    ("\"m\", new Map([[1, 2]])", "a class of JavaScript's"),
    ("\"m\", new (require(\"events\"))()", "a class of Node's"),
    ("\"m\", (() => { const a = {}; a.a = a; return a; })()", "values cannot hold themselves"),
    ("\"\\ud800\", 1", "half a surrogate pair is no text"),
    ("5, 1", "a name is text"),
    ("null, 1", "a name is text"),
    ("undefined, 1", "a name is text"),
    ("[\"m\"], 1", "a name is text"),
];

#[track_caller]
fn check(format: &NodeFormat, column: fn(&ValueRow) -> &Sent, different: &[&str]) {
    let mut skipped = BTreeSet::new();
    let mut found = Vec::new();
    for row in Table::read().values {
        let Some(value) = Call::parse(&row.call) else {
            skipped.insert(row.call);
            continue;
        };
        match (column(&row), value.encode(format)) {
            (Sent::Frame { sent }, Ok(ours)) if json_equal(sent, &ours) => {}
            (Sent::Threw { throws }, Err(ours)) if throws == ours.code() => {}
            (Sent::Frame { sent }, Ok(ours)) => found.push((row.call.clone(), sent.clone(), ours)),
            (node, ours) => panic!("{}: node {node:?}, ours {ours:?}", row.call),
        }
    }
    let calls: Vec<_> = found.iter().map(|(call, ..)| call.as_str()).collect();
    assert_eq!(calls, different, "{found:#?}");
    let known: BTreeSet<_> = NOT_IN_RUST.iter().map(|(call, _)| (*call).to_owned()).collect();
    assert_eq!(skipped, known, "calls without a Rust value");
}

/// The arguments of a call.
struct Call {
    name: String,
    value: Argument,
}

enum Argument {
    Nothing,
    Float(f64),
    Json(Value),
}

impl Call {
    /// Returns the arguments of a call, or `None` if they have no counterpart in Rust.
    fn parse(call: &str) -> Option<Self> {
        if let Some(rest) = call.strip_prefix("\"n\".repeat(257), ") {
            return Some(Self { name: "n".repeat(257), value: Argument::parse(rest)? });
        }
        let mut values = serde_json::Deserializer::from_str(call).into_iter();
        let name = values.next()?.ok()?;
        let rest = &call[values.byte_offset()..];
        Some(Self { name, value: Argument::parse(rest.trim_start_matches(", "))? })
    }

    fn encode(&self, format: &NodeFormat) -> Result<String, FormatError> {
        let mut frame = BytesMut::new();
        match &self.value {
            Argument::Nothing => format.encode(&self.name, &NoData, &mut frame),
            Argument::Float(float) => format.encode(&self.name, float, &mut frame),
            Argument::Json(json) => format.encode(&self.name, json, &mut frame),
        }?;
        Ok(String::from_utf8(frame.to_vec()).unwrap())
    }
}

impl Argument {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "undefined" => Self::Nothing,
            "NaN" => Self::Float(f64::NAN),
            "Infinity" => Self::Float(f64::INFINITY),
            "-Infinity" => Self::Float(f64::NEG_INFINITY),
            // Not by serde_json, which may miss a number by its last bit.
            number if number.contains(['.', 'e']) || number.len() > 18 => match number.parse() {
                Ok(float) => Self::Float(float),
                Err(_) => Self::Json(serde_json::from_str(number).ok()?),
            },
            json => Self::Json(serde_json::from_str(json).ok()?),
        })
    }
}

/// Returns whether both frames are the same to a JavaScript program.
fn json_equal(left: &str, right: &str) -> bool {
    let number = |frame: &str| {
        frame.strip_prefix(r#"{"type":"m","data":"#)?.strip_suffix('}')?.parse::<f64>().ok()
    };
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left == right;
    }
    let parse = |text| numbers_as_js(serde_json::from_str(text).unwrap());
    parse(left) == parse(right)
}
