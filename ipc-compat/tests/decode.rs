//! Decoding a frame: the message, its errors, and what is not copied.

use bytes::{BufMut, Bytes, BytesMut};
use ipc_compat::{BrokenText, NodeFormat, codes};
use ipc_core::MessageFormat;

#[track_caller]
fn check(frame: impl AsRef<[u8]>, event: &str, payload: Option<&str>) {
    let frame = Bytes::copy_from_slice(frame.as_ref());
    let message = NodeFormat::classic().decode(frame).map_err(|error| error.to_string());
    let found = message.as_ref().map(|message| (message.event(), message.payload()));
    assert_eq!(found, Ok((event, payload.map(str::as_bytes))));
}

#[track_caller]
fn check_error(frame: impl AsRef<[u8]>, code: &str, text: &str) {
    let frame = Bytes::copy_from_slice(frame.as_ref());
    let error = NodeFormat::classic().decode(frame).err();
    let found = error.as_ref().map(|error| (error.code(), error.message()));
    assert_eq!(found, Some((code, text)));
}

// Tests W9
#[test]
fn payloads_stay_as_they_are() {
    check(r#"{"type":"m","data":{"a" : 1.0e0}}"#, "m", Some(r#"{"a" : 1.0e0}"#));
    check(r#"{"type":"m","data": [1 ] }"#, "m", Some("[1 ]"));
    check(r#"{"type":"m","data":"\ud800\/"}"#, "m", Some(r#""\ud800\/""#));
    check(r#"{"type":"m","data":1e400}"#, "m", Some("1e400"));
    check(r#"{"type":"m","data":18446744073709551617}"#, "m", Some("18446744073709551617"));
    check(r#"{"type":"m","data":{"a":1,"a":2}}"#, "m", Some(r#"{"a":1,"a":2}"#));
}

// Tests W9
#[test]
fn absent_data_differs_from_null() {
    check(r#"{"type":"m"}"#, "m", None);
    check(r#"{"type":"m","data":null}"#, "m", Some("null"));
}

// Tests W10
#[test]
fn the_last_member_of_a_name_counts() {
    check(r#"{"data":1,"type":"a","data":2,"type":"b"}"#, "b", Some("2"));
    check(r#"{"type":"a","\u0074ype":"b"}"#, "b", None);
    check(r#"{"type":5,"type":"m"}"#, "m", None);
    check_error(
        r#"{"type":"m","type":5}"#,
        codes::INVALID_EVENT,
        "type is not a string but a number",
    );
}

// Tests W10
#[test]
fn other_members_are_ignored() {
    check(r#"{"x":{"type":"n"},"type":"m","\ud800":[],"data":1,"y":0}"#, "m", Some("1"));
}

// Tests W9
#[test]
fn names_may_be_anything() {
    check(r#"{"type":"","data":1}"#, "", Some("1"));
    check(r#"{"type":"a\"b\\c\u0000","data":1}"#, "a\"b\\c\0", Some("1"));
    check(r#"{"type":"\ud83d\ude00","data":1}"#, "😀", Some("1"));
    check(r#"{"type":"😀","data":1}"#, "😀", Some("1"));
    check(r#"{"type":"error","data":1}"#, "error", Some("1"));
    check(r#"{"type":"__proto__","data":1}"#, "__proto__", Some("1"));
}

// Tests W11
#[test]
fn broken_text_is_replaced() {
    check(b"{\"type\":\"m\",\"data\":\"\xff\"}", "m", Some("\"\u{fffd}\""));
    check(b"{\"type\":\"\xc3\",\"data\":1}", "\u{fffd}", Some("1"));
    check(b"{\"type\":\"m\",\"data\":\"\xed\xa0\x80\"}", "m", Some("\"\u{fffd}\u{fffd}\u{fffd}\""));
    check(r#"{"type":"a\ud800b","data":1}"#, "a\u{fffd}b", Some("1"));
}

#[test]
fn broken_text_can_be_refused() {
    let format = NodeFormat::classic().with_broken_text(BrokenText::Refuse);
    let code = |frame: &'static [u8]| format.decode(frame.into()).map_err(|error| error.code());
    assert_eq!(code(b"{\"type\":\"m\",\"data\":\"\xff\"}").err(), Some(codes::INVALID_JSON));
    assert_eq!(code(br#"{"type":"\udc00"}"#).err(), Some(codes::INVALID_EVENT));
    // A payload may still be passed through; parsing it fails.
    assert!(code(br#"{"type":"m","data":"\udc00"}"#).is_ok());
    assert!(code(br#"{"type":"\ud83d\ude00"}"#).is_ok());
}

// Tests W12
#[test]
fn errors_say_what_was_found() {
    check_error(
        "",
        codes::INVALID_JSON,
        "frame is not JSON: EOF while parsing a value at line 1 column 0",
    );
    check_error("m", codes::INVALID_JSON, "frame is not JSON: expected value at line 1 column 1");
    check_error(
        r#"{"type":"m","data":1}x"#,
        codes::INVALID_JSON,
        "frame is not JSON: trailing characters at line 1 column 22",
    );
    check_error(
        b"{\"type\":\"m\",\"data\":\"\n\"}",
        codes::INVALID_JSON,
        "frame is not JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 20",
    );
    check_error(
        "[1,",
        codes::INVALID_JSON,
        "frame is not JSON: EOF while parsing a value at line 1 column 3",
    );
    check_error(" [1]", codes::INVALID_MESSAGE, "frame is not an object but an array");
    check_error("null", codes::INVALID_MESSAGE, "frame is not an object but null");
    check_error("true", codes::INVALID_MESSAGE, "frame is not an object but a boolean");
    check_error("-5", codes::INVALID_MESSAGE, "frame is not an object but a number");
    check_error("\"m\"", codes::INVALID_MESSAGE, "frame is not an object but a string");
    check_error("{}", codes::INVALID_EVENT, "frame has no type");
    check_error(r#"{"data":1}"#, codes::INVALID_EVENT, "frame has no type");
    check_error(r#"{"type":null}"#, codes::INVALID_EVENT, "type is not a string but null");
    check_error(r#"{"type":["m"]}"#, codes::INVALID_EVENT, "type is not a string but an array");
    check_error(
        r#"{"type":{"toString":1}}"#,
        codes::INVALID_EVENT,
        "type is not a string but an object",
    );
}

#[test]
fn nesting_a_million_deep_is_survived() {
    let depth = 1_000_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(format!(r#"{{"type":"m","data":{deep}}}"#), "m", Some(&deep));
    check(format!(r#"{{"x":{deep},"type":"m"}}"#), "m", None);
    check_error(&deep, codes::INVALID_MESSAGE, "frame is not an object but an array");
    let unclosed = NodeFormat::classic().decode("{\"type\":".repeat(depth).into());
    assert_eq!(unclosed.err().map(|error| error.code()), Some(codes::INVALID_JSON));
}

#[test]
fn a_payload_is_not_copied() {
    let big = "x".repeat(1 << 20);
    for frame in [
        format!(r#"{{"type":"m","data":"{big}"}}"#),
        format!(r#"{{"data":"{big}","type":"\u006d"}}"#),
    ] {
        let frame = Bytes::from(frame);
        let within = frame.as_ptr_range();
        let message = NodeFormat::classic().decode(frame).unwrap();
        let payload = message.into_payload().unwrap();
        assert!(within.contains(&payload.as_ptr()));
        assert_eq!(payload.len(), big.len() + 2);
    }
}

#[test]
fn a_frame_may_be_a_part_of_a_larger_buffer() {
    let mut buffer = BytesMut::new();
    buffer.put_slice(b"{\"type\":\"a\",\"data\":1}\x0c{\"type\":\"b\",\"data\":2}\x0c");
    let mut frames = buffer.freeze();
    let first = frames.split_to(21);
    let second = frames.slice(1..22);
    check(first, "a", Some("1"));
    check(second, "b", Some("2"));
}
