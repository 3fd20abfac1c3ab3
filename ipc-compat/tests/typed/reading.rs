//! What each kind of variant is read from: the table of `ipc_core::serde_events`.

use std::fmt::Debug;

use ipc_compat::{NodeFormat, codes};
use ipc_core::{DecodeEvent, EventNames, FormatError, MsgPack};
use serde::Deserialize;

use crate::every::{Every, Format};

/// Without payload, `null`, `{}`, a text, an array of two: what each is read as. `-` is an error.
type Row = (&'static str, [&'static str; 5]);

const TABLE: [Row; 18] = [
    ("Unit", ["Unit", "Unit", "Unit", "Unit", "Unit"]),
    ("app.renamed", ["Renamed", "Renamed", "Renamed", "Renamed", "Renamed"]),
    ("app.alias", ["Renamed", "Renamed", "Renamed", "Renamed", "Renamed"]),
    ("Text", ["-", "-", "-", r#"Text("t")"#, "-"]),
    ("Maybe", ["Maybe(None)", "Maybe(None)", "-", "-", "-"]),
    (
        "Any",
        [
            "Any(Null)",
            "Any(Null)",
            "Any(Object {})",
            r#"Any(String("t"))"#,
            "Any(Array [Number(1), Number(2)])",
        ],
    ),
    ("Struct", ["-", "-", "-", "-", "Struct(Point { x: 1, y: 2 })"]),
    ("Enum", ["-", "-", "-", "-", "-"]),
    ("Alone", ["-", "-", "-", "-", "-"]),
    ("Pair", ["-", "-", "-", "-", "-"]),
    ("EmptyTuple", ["-", "-", "-", "-", "-"]),
    ("Move", ["-", "-", "-", "-", "Move { x: 1, y: 2 }"]),
    ("Optional", ["-", "-", "Optional { a: None, b: [] }", "-", "-"]),
    ("EmptyStruct", ["-", "-", "EmptyStruct", "-", "-"]),
    ("Flat", ["-", "-", "-", "-", "-"]),
    ("Unknown", ["Unknown", "Unknown", "Unknown", "Unknown", "Unknown"]),
    ("unit", ["Unknown", "Unknown", "Unknown", "Unknown", "Unknown"]),
    ("", ["Unknown", "Unknown", "Unknown", "Unknown", "Unknown"]),
];

const PAYLOADS: [Option<&str>; 5] = [None, Some("null"), Some("{}"), Some(r#""t""#), Some("[1,2]")];

/// More payloads, and what they are read as.
const MORE: [(&str, &str, &str); 23] = [
    ("Maybe", "7", "Maybe(Some(7))"),
    ("Struct", r#"{"x":1,"y":2}"#, "Struct(Point { x: 1, y: 2 })"),
    ("Struct", r#"{"x":1}"#, "-"),
    ("Enum", r#""A""#, "Enum(A)"),
    ("Enum", r#"{"B":3}"#, "Enum(B(3))"),
    ("Enum", r#""C""#, "-"),
    ("Alone", "[1]", "Alone((1,))"),
    ("Alone", "1", "-"),
    ("Pair", r#"[1,"a"]"#, r#"Pair(1, "a")"#),
    ("Pair", "[1]", "-"),
    ("Pair", r#"[1,"a",3]"#, "-"),
    ("EmptyTuple", "[]", "EmptyTuple"),
    ("EmptyTuple", "[1]", "-"),
    ("Move", r#"{"y":2,"x":1}"#, "Move { x: 1, y: 2 }"),
    ("Move", r#"{"x":1,"y":2,"z":3}"#, "Move { x: 1, y: 2 }"),
    ("Move", r#"{"x":1}"#, "-"),
    ("Move", r#"{"x":1,"y":"2"}"#, "-"),
    ("Move", "[1,2,3]", "-"),
    ("Optional", r#"{"a":null}"#, "Optional { a: None, b: [] }"),
    ("Optional", r#"{"a":1,"b":[2]}"#, "Optional { a: Some(1), b: [2] }"),
    ("EmptyStruct", r#"{"x":1}"#, "EmptyStruct"),
    ("Flat", r#"{"id":1,"k":2}"#, r#"Flat { id: 1, rest: {"k": 2} }"#),
    ("Flat", r#"{"k":2}"#, "-"),
];

/// Returns what a payload is read as, and checks the error's code if it is an error.
fn read<F: Format>(format: &F, event: &str, payload: Option<&str>, code: &str) -> String {
    shown(format.decode_event(&format.message(event, payload)), code)
}

fn shown<E: Debug>(read: Result<E, FormatError>, code: &str) -> String {
    match read {
        Ok(event) => format!("{event:?}"),
        Err(error) => {
            assert_eq!(error.code(), code, "{error}");
            "-".to_owned()
        }
    }
}

fn check<F: Format>(format: &F, code: &str) {
    for (event, row) in TABLE {
        for (payload, expected) in PAYLOADS.into_iter().zip(row) {
            let read = read(format, event, payload, code);
            assert_eq!(read, expected, "{event} of {payload:?} in {format:?}");
        }
    }
    for (event, payload, expected) in MORE {
        let read = read(format, event, Some(payload), code);
        assert_eq!(read, expected, "{event} of {payload} in {format:?}");
    }
}

#[test]
fn every_kind_of_variant_is_read_from_the_same_payloads_in_every_format() {
    check(&NodeFormat::classic(), codes::INVALID_DATA);
    check(&NodeFormat::v14(), codes::INVALID_DATA);
    check(&MsgPack::new(), MsgPack::INVALID_PAYLOAD);
    check(&MsgPack::new().with_positional_fields(), MsgPack::INVALID_PAYLOAD);
}

/// As a handler of `()` does.
#[test]
fn a_newtype_of_nothing_takes_any_data_in_json_and_nil_in_messagepack() {
    for format in [NodeFormat::classic(), NodeFormat::v14()] {
        for payload in PAYLOADS {
            let read = read(&format, "Nothing", payload, codes::INVALID_DATA);
            assert_eq!(read, "Nothing(())", "{payload:?}");
        }
    }
    for (payload, expected) in
        PAYLOADS.into_iter().zip(["Nothing(())", "Nothing(())", "-", "-", "-"])
    {
        let read = read(&MsgPack::new(), "Nothing", payload, MsgPack::INVALID_PAYLOAD);
        assert_eq!(read, expected, "{payload:?}");
    }
}

#[test]
fn a_unit_variant_ignores_what_is_nested_as_deep_as_may_be() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    for event in ["Unit", "anything"] {
        let format = NodeFormat::classic();
        let read = format.decode_event(&format.message(event, Some(&deep(100_000))));
        assert!(matches!(read, Ok(Every::Unit | Every::Unknown)), "{read:?}");
    }
    let format = MsgPack::new();
    let mut payload = vec![0x91; 1000];
    payload.push(1);
    let read: Result<Every, _> =
        format.decode_event(&ipc_core::Message::new("Unit", Some(payload.into())));
    assert_eq!(read.unwrap_err().code(), MsgPack::INVALID_PAYLOAD);
}

#[test]
fn half_a_surrogate_pair_is_replaced_as_in_any_payload() {
    let format = NodeFormat::classic();
    let read = read(&format, "Text", Some(r#""a\ud800""#), codes::INVALID_DATA);
    assert_eq!(read, "Text(\"a\u{fffd}\")");
}

/// Without a variant for others.
#[derive(Debug, Deserialize)]
enum Closed {
    Open,
}

#[test]
fn an_event_without_a_variant_is_told_from_one_that_does_not_fit() {
    fn check<F: Format + DecodeEvent<Closed>>(format: &F, code: &str) {
        for event in ["open", "", "Open2"] {
            let read: Result<Closed, _> = format.decode_event(&format.message(event, Some("1")));
            let error = read.unwrap_err();
            assert_eq!(error.code(), code);
            let text = error.to_string();
            assert!(text.ends_with("Closed has no variant for an event of this name"), "{text}");
        }
        let read: Result<Closed, _> = format.decode_event(&format.message("Open", Some("1")));
        assert!(matches!(read, Ok(Closed::Open)));
    }
    check(&NodeFormat::classic(), codes::UNKNOWN_EVENT);
    check(&MsgPack::new(), EventNames::UNKNOWN_EVENT);
}

#[test]
fn what_is_no_enum_is_not_read() {
    let format = NodeFormat::classic();
    let message = format.message("u8", Some("1"));
    let read: Result<u8, _> = format.decode_event(&message);
    assert_eq!(read.unwrap_err().code(), codes::NOT_AN_ENUM);
    let raw = NodeFormat::classic().with_raw(ipc_compat::Encoding::Utf8);
    let read: Result<Every, _> = raw.decode_event(&message);
    assert_eq!(read.unwrap_err().code(), codes::RAW_MODE);
}
