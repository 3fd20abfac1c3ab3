//! Which bytes a message becomes.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use ipc_codec::{Delimiter, FrameDecoder, FrameEncoder, Limits};
use ipc_compat::{EventRules, NoData, NodeFormat, RawJson, codes};
use ipc_core::{DecodePayload, EncodePayload, FormatError, MessageFormat};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn encode<T: ?Sized>(format: &NodeFormat, event: &str, payload: &T) -> Result<String, FormatError>
where
    NodeFormat: EncodePayload<T>,
{
    let mut frame = BytesMut::from("before");
    format.encode(event, payload, &mut frame)?;
    assert!(frame.starts_with(b"before"));
    Ok(String::from_utf8_lossy(&frame[6..]).into_owned())
}

/// Checks what both dialects send.
#[track_caller]
fn check<T: Serialize + ?Sized>(payload: &T, classic: &str, v14: &str) {
    let frame = |data| format!(r#"{{"type":"m","data":{data}}}"#);
    assert_eq!(encode(&NodeFormat::classic(), "m", payload), Ok(frame(classic)));
    assert_eq!(encode(&NodeFormat::v14(), "m", payload), Ok(frame(v14)));
}

// Tests W5, W6
#[test]
fn nothing_and_nearly_nothing() {
    check(&NoData, "{}", "{}");
    check(&(), "{}", "null");
    check(&None::<u8>, "{}", "null");
    check("", "{}", "\"\"");
    check(&f64::NAN, "{}", "null");
    check(&0, "0", "0");
    check(&false, "false", "false");
    check(&[(); 0], "[]", "[]");
    check(&json!({}), "{}", "{}");
    check(&[None::<u8>], "[null]", "[null]");
}

// Tests W1
#[test]
fn payloads_of_all_kinds() {
    check(
        "a\"b\\c\n\u{c}é\u{2028}/",
        "\"a\\\"b\\\\c\\n\\fé\u{2028}/\"",
        "\"a\\\"b\\\\c\\n\\fé\u{2028}/\"",
    );
    check(&[1.5, -2.0], "[1.5,-2.0]", "[1.5,-2.0]");
    check(&u64::MAX, "18446744073709551615", "18446744073709551615");
    check(&BTreeMap::from([(5, "x")]), r#"{"5":"x"}"#, r#"{"5":"x"}"#);
}

#[test]
fn payloads_without_json_are_refused() {
    let error = encode(&NodeFormat::classic(), "m", &BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!(error.code(), codes::UNSERIALIZABLE);
    assert_eq!(error.message(), "payload has no JSON: key must be a string");
}

// Tests W1
#[test]
fn any_name_can_be_sent() {
    for (name, json) in [
        ("m", "\"m\""),
        ("", "\"\""),
        ("é 😀", "\"é 😀\""),
        ("a\"b\\c\n\u{c}\0", "\"a\\\"b\\\\c\\n\\f\\u0000\""),
        ("error", "\"error\""),
        ("__proto__", "\"__proto__\""),
        ("*", "\"*\""),
    ] {
        let frame = encode(&NodeFormat::classic(), name, &1);
        assert_eq!(frame, Ok(format!(r#"{{"type":{json},"data":1}}"#)));
    }
}

// Tests W16
#[test]
fn names_can_be_refused() {
    let format = NodeFormat::v14().with_event_rules(EventRules::guarded());
    let error = encode(&format, "error", &1).unwrap_err();
    assert_eq!(error.code(), codes::RESERVED_EVENT);
}

#[test]
fn raw_json_is_sent_as_it_is_in_every_dialect() {
    for json in ["null", "\"\"", r#"{"a" : 1e400}"#, r#""\ud800""#, r#"{"_maxListeners":1}"#] {
        let raw: RawJson = json.parse().unwrap();
        let frame = Ok(format!(r#"{{"type":"m","data":{json}}}"#));
        assert_eq!(encode(&NodeFormat::classic().with_emptied_emitters(), "m", &raw), frame);
        assert_eq!(encode(&NodeFormat::v14(), "m", &raw), frame);
    }
}

#[test]
fn raw_values_are_payloads_like_any_other() {
    let value = RawValue::from_string(r#"{"a" : 1e400}"#.to_owned()).unwrap();
    check(&value, r#"{"a" : 1e400}"#, r#"{"a" : 1e400}"#);
    check(&[&*value], r#"[{"a" : 1e400}]"#, r#"[{"a" : 1e400}]"#);
    check(&RawValue::from_string("null".to_owned()).unwrap(), "{}", "null");
}

/// Sends through a frame encoder and a frame decoder, and returns what arrives.
fn travel(format: &NodeFormat, event: &str, json: &RawJson) -> (String, Value) {
    let mut wire = BytesMut::new();
    FrameEncoder::new(format.framing(), Limits::default())
        .encode_with(&mut wire, |out| format.encode(event, json, out))
        .unwrap();
    let mut decoder = FrameDecoder::new(format.framing(), Limits::default());
    decoder.extend(&wire);
    let message = format.decode(decoder.next_frame().unwrap().unwrap()).unwrap();
    assert_eq!(decoder.next_frame(), Ok(None));
    assert_eq!(decoder.buffered(), 0);
    (message.event().to_owned(), format.decode_payload(&message).unwrap())
}

// Tests W2, W3
#[test]
fn delimiters_that_occur_in_text_are_escaped_there() {
    let text = "a--END--|~\u{7f}é😀 N";
    let json = RawJson::from_value(&json!({text: [text, 1.5e300, true, null]})).unwrap();
    for delimiter in ["--END--", "|", "~", "\u{7f}", "é", "😀", "N", "END", "\n", "\r\n", "\u{1e}"]
    {
        let delimiter = Delimiter::new(delimiter).unwrap();
        let format = NodeFormat::classic().with_delimiter(delimiter).unwrap();
        let (event, value) = travel(&format, text, &json);
        assert_eq!(event, text);
        assert_eq!(value, json.parse::<Value>().unwrap());
    }
}

// Tests W3
#[test]
fn indented_json_is_closed_up_where_line_ends_delimit() {
    let json: RawJson = "{\r\n\t\"a b\": [\n1 ,\n2\n]\r\n}".parse().unwrap();
    let format = |delimiter: &str| {
        NodeFormat::classic().with_delimiter(Delimiter::new(delimiter).unwrap()).unwrap()
    };
    assert_eq!(
        encode(&format("\n"), "m", &json).unwrap(),
        r#"{"type":"m","data":{"a b": [1 ,2]}}"#,
    );
    // A frame without the delimiter is not rewritten.
    assert!(encode(&format("\n\n"), "m", &json).unwrap().contains("\r\n\t\"a b\""));
}

// Tests W3
#[test]
fn delimiters_that_json_is_made_of_are_refused() {
    for delimiter in [",", "\"", "}", "{", ":", "0", "e", "null", " ", "\\", "a1"] {
        let delimiter = Delimiter::new(delimiter).unwrap();
        let error = NodeFormat::classic().with_delimiter(delimiter.clone()).unwrap_err();
        assert_eq!(error.delimiter(), &delimiter);
    }
    let error = NodeFormat::classic().with_delimiter(Delimiter::new(",").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "delimiter \",\" can be a part of the JSON it should end");
}

#[test]
fn any_delimiter_can_be_asked_for() {
    let format = NodeFormat::classic().with_any_delimiter(Delimiter::new("}x").unwrap());
    let (event, value) = travel(&format, "m", &"5".parse().unwrap());
    assert_eq!((event.as_str(), value), ("m", json!(5)));
    let delimiter = Delimiter::new(",").unwrap();
    let format = NodeFormat::classic().with_any_delimiter(delimiter.clone());
    assert_eq!(format.delimiter(), &delimiter);
    let mut wire = BytesMut::new();
    let sent = FrameEncoder::new(format.framing(), Limits::default())
        .encode_with(&mut wire, |out| format.encode("m", &1, out));
    assert!(sent.is_err());
    assert!(wire.is_empty());
}

#[test]
fn what_is_sent_can_be_received() {
    let format = NodeFormat::v14();
    let frame = encode(&format, "m", &json!({"a": [1, "x"]})).unwrap();
    let message = format.decode(Bytes::from(frame)).unwrap();
    assert_eq!(format.decode_payload(&message), Ok(json!({"a": [1, "x"]})));
}
