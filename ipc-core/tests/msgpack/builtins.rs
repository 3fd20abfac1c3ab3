//! Built-in methods in MessagePack: their frames byte by byte, and how large their values may be.

use std::time::Duration;

use bytes::Bytes;
use ipc_core::protocol::builtin::{About, BuiltinFormat, Value};
use ipc_core::protocol::calls::{CallFormat, CallHead, Control};
use ipc_core::{FormatError, Message};
use proptest::prelude::*;

use crate::calls::{FORMAT, control, frame, head, number};

fn read(payload: &[u8]) -> Result<Value, FormatError> {
    FORMAT.read_value(&Message::new("", Some(Bytes::copy_from_slice(payload))))
}

/// Returns what is wrong with a payload.
fn refused(payload: &[u8]) -> String {
    let error = read(payload).unwrap_err();
    assert_eq!(error.code(), "invalid_payload");
    std::error::Error::source(&error).unwrap().to_string()
}

/// Returns what a value becomes when it is sent as arguments and as a result.
fn sent(value: &Value) -> [Value; 2] {
    let call = frame(|out| {
        FORMAT.encode_builtin_call(&head(Some(1), "$m"), Some("me"), value, out).unwrap();
    });
    let Ok(Control::Call { message, .. }) = control(call) else { panic!("it is a call") };
    let answer = frame(|out| FORMAT.encode_builtin_answer(&number(1), value, out).unwrap());
    let Ok(Control::Answer { result, more: false, .. }) = control(answer) else {
        panic!("it is an answer");
    };
    [message, result].map(|message| FORMAT.read_value(&message).unwrap())
}

#[test]
fn frames_are_those_of_calls_with_the_sender_between_method_and_arguments() {
    let left = Some(Duration::from_millis(30));
    let written = frame(|out| {
        let head = CallHead { left, ..head(Some(1), "$hello") };
        let args = Value::map([("v", 1.into()), ("half", 0.5.into()), ("none", Value::Null)]);
        FORMAT.encode_builtin_call(&head, Some("alice"), &args, out).unwrap();
    });
    assert_eq!(
        written,
        &b"\x92\xa5$call\x85\xa1n\x01\xa4call\xa6$hello\xa2id\xa5alice\
           \xa4args\x82\xa1v\x01\xa4half\xcb\x3f\xe0\0\0\0\0\0\0\xa2ms\x1e"[..]
    );
    let written = frame(|out| {
        FORMAT.encode_builtin_call(&head(Some(7), "$info"), None, &Value::Null, out).unwrap();
    });
    assert_eq!(written, &b"\x92\xa5$call\x83\xa1n\x07\xa4call\xa5$info\xa4args\xc0"[..]);
    let written = frame(|out| {
        let about = About::default().with_methods([("sum".into(), false)]).to_value();
        FORMAT.encode_builtin_answer(&number(7), &about, out).unwrap();
    });
    assert_eq!(
        written,
        &b"\x92\xa7$answer\x82\xa1n\x07\xa2ok\x82\xa7methods\x91\
           \x82\xa4name\xa3sum\xa6stream\xc2\xa8features\x90"[..]
    );
    assert!(FORMAT.builtins().is_some());
}

proptest! {
    #[test]
    fn no_payload_panics(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&payload);
    }
}

#[test]
fn arguments_and_results_come_back() {
    let items = Value::list([Value::Null, true.into(), 7.into(), (-0.5).into(), "é".into()]);
    let value = Value::map([("items", items), ("map", Value::map([]))]);
    assert_eq!(sent(&value), [value.clone(), value]);
}

#[test]
fn numbers_are_what_they_are_in_javascript() {
    let whole = |payload: &[u8]| read(payload).unwrap().as_u64();
    assert_eq!(whole(b"\x07"), Some(7));
    assert_eq!(whole(b"\xcb\x40\x1c\0\0\0\0\0\0"), Some(7));
    assert_eq!(whole(b"\xcf\0\x1f\xff\xff\xff\xff\xff\xff"), Some((1 << 53) - 1));
    assert_eq!(whole(b"\xcf\0\x20\0\0\0\0\0\0"), None);
    assert_eq!(whole(b"\xff"), None);
    assert_eq!(read(b"\xff").unwrap().as_number(), Some(-1.0));
    assert_eq!(read(b"\xca\x3f\0\0\0").unwrap().as_number(), Some(0.5));
}

#[test]
fn what_json_does_not_have_is_refused() {
    // Bytes, an extension, a key that is no text, text that is not Unicode, and what is cut off.
    for payload in
        [&b"\xc4\x01x"[..], b"\xd4\x01x", b"\x81\x01\x02", b"\xa1\xff", b"\x92\x01", b"\xc1"]
    {
        assert_eq!(read(payload).unwrap_err().code(), "invalid_payload", "{payload:?}");
    }
    assert_eq!(FORMAT.read_value(&Message::new("", None)), Ok(Value::Null));
}

#[test]
fn reading_stops_at_the_limits() {
    let nested = |levels: usize| [vec![0x91; levels], vec![0xc0]].concat();
    assert!(read(&nested(Value::MAX_DEPTH)).is_ok());
    assert_eq!(
        refused(&nested(Value::MAX_DEPTH + 1)),
        "the value has 17 levels or more, the limit is 16"
    );
    assert!(refused(&nested(100_000)).contains("the limit is 16"));

    let list = |items: u16| [&[0xdc][..], &items.to_be_bytes(), &vec![0; items.into()]].concat();
    // The list is a value itself.
    let most = u16::try_from(Value::MAX_VALUES).unwrap() - 1;
    assert_eq!(read(&list(most)).unwrap().as_list().len(), most.into());
    assert_eq!(refused(&list(most + 1)), "the value has 16385 values or more, the limit is 16384");
    // What is only declared costs nothing.
    assert!(read(b"\xdd\xff\xff\xff\xff\x01").is_err());
    assert!(read(b"\xdf\xff\xff\xff\xff\xa1a\x01").is_err());

    let text = |length: usize| {
        [&[0xdb][..], &u32::try_from(length).unwrap().to_be_bytes(), &vec![b'x'; length]].concat()
    };
    assert!(read(&text(Value::MAX_BYTES)).is_ok());
    assert_eq!(
        refused(&text(Value::MAX_BYTES + 1)),
        "the value has 1048577 bytes of text or more, the limit is 1048576"
    );
    // All texts count together, and keys too.
    let half = text(Value::MAX_BYTES / 2 + 1);
    assert!(refused(&[&[0x92], &half[..], &half].concat()).contains("1048578 bytes"));
    assert!(refused(&[&[0x81], &half[..], &half].concat()).contains("1048578 bytes"));
}
