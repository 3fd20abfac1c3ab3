//! Built-in methods on the wire: the frames of docs/calls.md, byte by byte, and that they are the same
//! in JSON and in MessagePack.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_compat::{NodeFormat, codes, layouts};
use ipc_core::protocol::builtin::{About, BuiltinFormat, Value};
use ipc_core::protocol::calls::{CallFormat, CallHead, CallNumber, Control};
use ipc_core::{FormatError, Message, MsgPack};
use proptest::prelude::*;

const FORMAT: fn() -> NodeFormat = NodeFormat::v14;

fn head(n: u64, method: &str) -> CallHead<'_> {
    let left = Some(Duration::from_secs(30));
    CallHead { number: Some(n), method, left, credit: None }
}

fn frame(encode: impl FnOnce(&NodeFormat, &mut BytesMut)) -> String {
    let mut frame = BytesMut::new();
    encode(&FORMAT(), &mut frame);
    String::from_utf8(frame.to_vec()).unwrap()
}

fn read(json: impl Into<Bytes>) -> Result<Value, FormatError> {
    FORMAT().read_value(&Message::new("", Some(json.into())))
}

/// Returns what a value becomes when it is sent as arguments and as a result.
fn sent(format: &impl BuiltinFormat, value: &Value) -> [Value; 2] {
    let control = |out: BytesMut| {
        let message = format.decode(out.freeze()).unwrap();
        format.control(&message).unwrap().unwrap()
    };
    let mut out = BytesMut::new();
    format.encode_builtin_call(&head(1, "$m"), Some("me"), value, &mut out).unwrap();
    let Control::Call { message, .. } = control(out) else { panic!("it is a call") };
    assert_eq!(message.event(), "$m");
    let mut out = BytesMut::new();
    let number = CallNumber::integer(1).unwrap();
    format.encode_builtin_answer(&number, value, &mut out).unwrap();
    let Control::Answer { result, .. } = control(out) else { panic!("it is an answer") };
    [message, result].map(|message| format.read_value(&message).unwrap())
}

#[test]
fn frames_are_as_the_page_has_them() {
    let page = include_str!("../../docs/calls.md");
    let number = CallNumber::integer(7).unwrap();
    let mut about = About::default().with_methods([("rows".into(), true), ("sum".into(), false)]);
    about.name = Some("world".into());
    about.version = Some("0.1.0".into());
    about.pid = Some(4711);
    about.features.extend(["streams".into(), "topics".into()]);
    let frames = [
        frame(|f, out| {
            f.encode_builtin_call(&head(7, "$info"), None, &Value::Null, out).unwrap();
        }),
        frame(|f, out| f.encode_builtin_answer(&number, &about.to_value(), out).unwrap()),
    ];
    for frame in frames {
        let data = frame.split_once(r#""data":"#).unwrap().1.strip_suffix('}').unwrap();
        assert!(page.contains(&format!("`{data}`")), "{data} is not on the page");
    }
    assert_eq!(About::from_value(&about.to_value()), Some(about));
}

#[test]
fn the_sender_is_named_where_classic_servers_look() {
    let args = Value::map([("v", 1.into()), ("half", 0.5.into())]);
    let frame = frame(|f, out| {
        f.encode_builtin_call(&head(1, "$hello"), Some("al\u{e9}"), &args, out).unwrap();
    });
    assert_eq!(
        frame,
        r#"{"type":"$call","data":{"n":1,"call":"$hello","id":"alé","args":{"v":1,"half":0.5},"ms":30000}}"#
    );
}

#[test]
fn a_layout_has_none() {
    assert!(FORMAT().builtins().is_some());
    assert!(NodeFormat::classic().builtins().is_some());
    assert!(FORMAT().with_layout(layouts::requests()).builtins().is_none());
}

#[test]
fn members_are_found_by_name_and_the_last_one_counts() {
    let value = read(r#"{"a":1,"b":[true,"x"],"a":2,"c":null,"__proto__":{"d":-1.5}}"#).unwrap();
    assert_eq!(value.get("a").and_then(Value::as_u64), Some(2));
    let items = value.get("b").unwrap().as_list();
    assert_eq!((items[0].as_bool(), items[1].as_text()), (Some(true), Some("x")));
    assert_eq!((value.get("c"), value.get("d")), (None, None));
    let inner = value.get("__proto__").unwrap();
    assert_eq!(inner.get("d").and_then(Value::as_number), Some(-1.5));
    assert_eq!(FORMAT().read_value(&Message::new("", None)), Ok(Value::Null));
}

#[test]
fn what_a_peer_says_of_itself_may_be_anything() {
    for json in ["null", "7", "[]", r#""x""#] {
        assert_eq!(About::from_value(&read(json).unwrap()), None, "{json}");
    }
    let odd = r#"{"name":7,"pid":-1,"version":null,"methods":[1,{"name":"m"},{"stream":true}],
                  "methods_left":"x","features":["a",2]}"#;
    let about = About::from_value(&read(odd).unwrap()).unwrap();
    let mut expected = About::default().with_methods([("m".into(), false)]);
    expected.features.push("a".into());
    assert_eq!(about, expected);
}

#[test]
fn reading_stops_at_the_limits() {
    let refused = |json: String| {
        let error = read(json).unwrap_err();
        assert_eq!(error.code(), codes::INVALID_DATA);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {}", source.unwrap_or_default())
    };
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(nested(16)).is_ok());
    assert!(refused(nested(17)).contains("17 levels or more, the limit is 16"));
    let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
    assert!(read(list(Value::MAX_VALUES - 1)).is_ok());
    assert!(refused(list(Value::MAX_VALUES)).contains("16385 values or more, the limit is 16384"));
    let text = |length: usize| format!("[\"{}\"]", "x".repeat(length));
    assert!(read(text(Value::MAX_BYTES)).is_ok());
    let found = refused(text(Value::MAX_BYTES + 1));
    assert!(found.contains("1048577 bytes of text or more, the limit is 1048576"), "{found}");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        // serde_json may read a longer fraction with another last digit.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec((".{0,9}".prop_map(String::into), inner), 0..6)
                .prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_the_same_in_both_formats(value in values()) {
        let both = [value.clone(), value.clone()];
        prop_assert_eq!(sent(&NodeFormat::v14(), &value), both.clone());
        prop_assert_eq!(sent(&NodeFormat::classic(), &value), both.clone());
        prop_assert_eq!(sent(&MsgPack::new(), &value), both);
    }

    #[test]
    fn no_payload_panics(json in r#"[\[\]{}",:0-9a-z.\\ -]{0,60}"#) {
        let _ = read(json);
    }
}
