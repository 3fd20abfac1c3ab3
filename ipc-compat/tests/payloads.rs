//! Which payloads a handler's type accepts.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use ipc_compat::{BrokenText, NodeFormat, RawJson, codes};
use ipc_core::{DecodePayload, FormatError, Message};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn message(data: Option<&str>) -> Message {
    Message::new("m", data.map(|data| Bytes::copy_from_slice(data.as_bytes())))
}

fn decode<T: DeserializeOwned + 'static>(data: Option<&str>) -> Result<T, FormatError> {
    NodeFormat::classic().decode_payload(&message(data))
}

#[track_caller]
fn check<T: DeserializeOwned + PartialEq + Debug + 'static>(
    data: impl Into<Option<&'static str>>,
    value: T,
) {
    assert_eq!(decode::<T>(data.into()), Ok(value));
}

#[track_caller]
fn check_error<T: DeserializeOwned + Debug + 'static>(
    data: impl Into<Option<&'static str>>,
    text: &str,
) {
    let error = decode::<T>(data.into()).unwrap_err();
    assert_eq!((error.code(), error.message()), (codes::INVALID_DATA, text));
}

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: i32,
    #[serde(default)]
    y: i32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(Option<String>);

#[derive(Debug, PartialEq, Deserialize)]
struct Ping;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Dot,
    Circle(f64),
    Box { side: f64 },
}

#[test]
fn types_accept_their_json() {
    check(r#"{"x":1,"y":2,"z":3}"#, Point { x: 1, y: 2 });
    check(r#"{"x":1}"#, Point { x: 1, y: 0 });
    check("[1,2]", (1, 2));
    check(r#""text""#, "text".to_owned());
    check(r#""a""#, 'a');
    check("1.5", 1.5);
    check("-5", -5_i8);
    check("340282366920938463463374607431768211455", u128::MAX);
    check("true", true);
    check(r#"{"a":[1]}"#, BTreeMap::from([("a".to_owned(), vec![1])]));
    check(r#""dot""#, Shape::Dot);
    check(r#"{"circle":1.0}"#, Shape::Circle(1.0));
    check(r#"{"box":{"side":2.0}}"#, Shape::Box { side: 2.0 });
}

#[test]
fn options_accept_absent_data_and_null() {
    check(None, None::<u8>);
    check("null", None::<u8>);
    check("5", Some(5_u8));
    check(None, Wrapped(None));
    check(r#""a""#, Wrapped(Some("a".to_owned())));
}

#[test]
fn unit_accepts_everything() {
    for data in [None, Some("null"), Some("{}"), Some("[1]"), Some("\"x\""), Some("5")] {
        assert_eq!(decode::<()>(data), Ok(()));
        assert_eq!(decode::<Ping>(data), Ok(Ping));
    }
}

#[test]
fn values_accept_everything() {
    check(None, Value::Null);
    check("null", Value::Null);
    check(r#"{"a":[1,"x"]}"#, json!({"a": [1, "x"]}));
}

#[test]
fn raw_json_accepts_all_there_is_and_an_option_of_it_nothing_too() {
    let raw = |json: &str| RawJson::new(json.to_owned()).unwrap();
    for json in ["null", "[1, 2]", "1e400", r#""\ud800""#] {
        assert_eq!(decode::<RawJson>(Some(json)), Ok(raw(json)));
        assert_eq!(decode::<Option<RawJson>>(Some(json)), Ok(Some(raw(json))));
    }
    check_error::<RawJson>(None, "data is absent");
    check::<Option<RawJson>>(None, None);
    // Without a copy.
    let message = message(Some("[1]"));
    let payload = message.payload().unwrap().as_ptr();
    let same: Option<RawJson> = NodeFormat::classic().decode_payload(&message).unwrap();
    assert_eq!(same.unwrap().as_bytes().as_ptr(), payload);
}

#[test]
fn raw_json_may_be_a_part_of_a_payload() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Envelope {
        of: RawJson,
        rest: Vec<RawJson>,
        more: Option<RawJson>,
    }
    let raw = |json: &str| RawJson::new(json.to_owned()).unwrap();
    let json = r#"{"of":{"n": 1e400},"rest":[null,"x"],"more":null}"#;
    let of = raw(r#"{"n": 1e400}"#);
    check(json, Envelope { of, rest: vec![raw("null"), raw("\"x\"")], more: None });
}

#[test]
fn other_types_need_data() {
    check_error::<Point>(None, "data is absent");
    check_error::<String>(None, "data is absent");
    check_error::<Vec<u8>>(None, "data is absent");
    check_error::<bool>(None, "data is absent");
    check_error::<Shape>(None, "data is absent");
    check_error::<Box<RawValue>>(None, "data is absent");
}

#[test]
fn errors_say_what_was_found_and_where() {
    check_error::<Point>(
        r#"{"x":"1"}"#,
        "data is not of the expected type: invalid type: string \"1\", expected i32 at line 1 column 8",
    );
    check_error::<Point>(
        "{}",
        "data is not of the expected type: missing field `x` at line 1 column 2",
    );
    check_error::<u8>(
        "256",
        "data is not of the expected type: invalid value: integer `256`, expected u8 at line 1 column 3",
    );
    check_error::<f64>(
        "1e400",
        "data is not of the expected type: number out of range at line 1 column 5",
    );
}

// Tests W11
#[test]
fn half_surrogate_pairs_are_replaced() {
    check(r#""a\ud800b""#, "a\u{fffd}b".to_owned());
    check(r#"{"\udc00":["\ud83d\ude00"]}"#, json!({"\u{fffd}": ["😀"]}));
    check(r#"["\\ud800"]"#, json!(["\\ud800"]));
}

#[test]
fn half_surrogate_pairs_can_be_refused() {
    let format = NodeFormat::classic().with_broken_text(BrokenText::Refuse);
    let decoded: Result<String, _> = format.decode_payload(&message(Some(r#""\ud800""#)));
    assert_eq!(decoded.unwrap_err().code(), codes::INVALID_DATA);
}

#[test]
fn nesting_is_limited_where_it_is_parsed() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(decode::<Value>(Some(&nested(127))).is_ok());
    let error = decode::<Value>(Some(&nested(128))).unwrap_err();
    assert!(error.message().contains("recursion limit"), "{error}");
    // A type that does not parse the payload accepts it.
    let deep = nested(1_000_000);
    assert_eq!(decode::<()>(Some(&deep)), Ok(()));
    assert_eq!(decode::<Box<RawValue>>(Some(&deep)).unwrap().get(), deep);
}

#[test]
fn raw_json_is_the_payload_itself() {
    let message = message(Some(r#"{"n":1e400,"t":"\ud800"}"#));
    let json: RawJson = NodeFormat::classic().decode_payload(&message).unwrap();
    assert_eq!(json.as_bytes().as_ptr(), message.payload().unwrap().as_ptr());
    assert_eq!(json.as_str(), r#"{"n":1e400,"t":"\ud800"}"#);
    assert_eq!(json.into_bytes(), message.payload().unwrap());
}

#[test]
fn raw_json_needs_data() {
    let decoded: Result<RawJson, _> = NodeFormat::classic().decode_payload(&message(None));
    assert_eq!(decoded.unwrap_err().message(), "data is absent");
    let decoded: Result<RawJson, _> = NodeFormat::classic().decode_payload(&message(Some("null")));
    assert_eq!(decoded.unwrap().as_str(), "null");
}

#[test]
fn raw_json_is_checked_when_it_is_made() {
    assert_eq!(" {\"a\": 1}\n".parse::<RawJson>().unwrap().as_str(), "{\"a\": 1}");
    assert_eq!(RawJson::new(&b"[1]"[..]).unwrap().as_bytes(), b"[1]");
    for json in ["", " ", "{", "1 2", "[1]]", "\u{a0}1"] {
        assert_eq!(json.parse::<RawJson>().unwrap_err().code(), codes::INVALID_JSON, "{json:?}");
    }
    assert_eq!(RawJson::new(&b"\"\xff\""[..]).unwrap_err().code(), codes::INVALID_JSON);
    assert_eq!(RawJson::from_value(&json!({"a": 1})).unwrap().as_str(), r#"{"a":1}"#);
    let unserializable = BTreeMap::from([((1, 2), 3)]);
    assert_eq!(RawJson::from_value(&unserializable).unwrap_err().code(), codes::UNSERIALIZABLE);
}

#[test]
fn raw_json_is_parsed_strictly_or_lossily() {
    let json: RawJson = r#""\ud800""#.parse().unwrap();
    assert_eq!(json.parse::<String>().unwrap_err().code(), codes::INVALID_DATA);
    assert_eq!(json.parse_lossy::<String>().unwrap(), "\u{fffd}");
}

#[test]
fn raw_json_shows_its_length_only() {
    let json: RawJson = "\"secret\"".parse().unwrap();
    assert_eq!(format!("{json:?}"), "RawJson { bytes: 8 }");
    assert_eq!(json.to_string(), "\"secret\"");
}
