//! Calls and answers on the wire: the frames of docs/calls.md, byte by byte, and invalid ones.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_compat::{EventRules, NodeFormat, RawJson};
use ipc_core::protocol::calls::{
    ANSWER, CallFormat, CallHead, CallNumber, Control, EncodeCall, Failure, Signal,
};
use ipc_core::{DecodePayload, Message, MessageFormat};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORMAT: fn() -> NodeFormat = NodeFormat::v14;

fn head(number: Option<u64>, method: &str) -> CallHead<'_> {
    CallHead { number, method, left: None, credit: None }
}

fn number(n: u64) -> CallNumber {
    CallNumber::integer(n).unwrap()
}

/// Returns the data of the frame that `encode` writes.
fn data(encode: impl FnOnce(&NodeFormat, &mut BytesMut)) -> String {
    let mut frame = BytesMut::new();
    encode(&FORMAT(), &mut frame);
    let frame = String::from_utf8(frame.to_vec()).unwrap();
    let event = if frame.contains("\"$call\"") { "$call" } else { "$answer" };
    let before = format!("{{\"type\":\"{event}\",\"data\":");
    frame.strip_prefix(&before).unwrap().strip_suffix('}').unwrap().to_owned()
}

/// Returns what a frame says about calls.
fn control(event: &str, data: &str) -> Control {
    let frame = format!("{{\"type\":\"{event}\",\"data\":{data}}}");
    let message = FORMAT().decode(Bytes::from(frame)).unwrap();
    FORMAT().control(&message).unwrap().unwrap()
}

#[test]
fn frames_are_as_the_page_has_them() {
    let page = include_str!("../../docs/calls.md");
    let thirty = Some(Duration::from_secs(30));
    let failure = Failure::new("not_found", "no such key");
    let failure = failure.with_data(Message::new("", Some(Bytes::from(r#"{"key":"a"}"#))));
    let frames = [
        data(|f, out| {
            f.encode_call(&CallHead { left: thirty, ..head(Some(7), "sum") }, &[1, 2], out)
                .unwrap();
        }),
        data(|f, out| f.encode_answer(&number(7), false, &3, out).unwrap()),
        data(|f, out| f.encode_signal(&Signal::Failure(&number(7), &failure), out).unwrap()),
        data(|f, out| f.encode_signal(&Signal::Cancel(7), out).unwrap()),
        data(|f, out| f.encode_call(&head(None, "log"), "x", out).unwrap()),
        data(|f, out| {
            let head = CallHead { left: thirty, credit: Some(8), ..head(Some(8), "rows") };
            f.encode_call(&head, &json!({}), out).unwrap();
        }),
        data(|f, out| f.encode_answer(&number(8), true, &json!({"id": 1}), out).unwrap()),
        data(|f, out| f.encode_signal(&Signal::Credit(8, 4), out).unwrap()),
        data(|f, out| f.encode_signal(&Signal::End(&number(8)), out).unwrap()),
    ];
    for frame in frames {
        // A stream's end is a part of the other frames.
        assert!(page.contains(&format!("`{frame}`")), "{frame} is not on the page");
    }
}

#[test]
fn a_call_is_read_with_its_time_and_its_arguments() {
    let Control::Call { number: n, left, credit, message } =
        control("$call", r#" { "ms" : 2500.5, "args":[1,2],"call":"sum", "n": 7, "other": {} } "#)
    else {
        panic!("it is a call");
    };
    assert_eq!((n, credit), (Some(number(7)), None));
    assert_eq!(left, Some(Duration::from_micros(2_500_500)));
    assert_eq!(message.event(), "sum");
    assert_eq!(FORMAT().decode_payload(&message), Ok([1, 2]));
}

#[test]
fn absent_is_not_null() {
    for (args, payload) in [("", None), (r#","args":null"#, Some(&b"null"[..]))] {
        let Control::Call { message, .. } = control("$call", &format!(r#"{{"call":"m"{args}}}"#))
        else {
            panic!("it is a call");
        };
        assert_eq!(message.payload(), payload);
    }
    for (ok, payload) in [("", None), (r#","ok":null"#, Some(&b"null"[..]))] {
        let Control::Answer { result, more, .. } = control("$answer", &format!(r#"{{"n":1{ok}}}"#))
        else {
            panic!("it is an answer");
        };
        assert_eq!((result.payload(), more, result.event()), (payload, false, ANSWER));
    }
}

#[test]
fn any_error_but_null_is_a_failure() {
    for (error, code, message, data) in [
        (r#"{"code":"full","message":"no room","data":null}"#, "full", "no room", Some("null")),
        (r#"{"code":"full"}"#, "full", "full", None),
        (r#"{"message":"no room"}"#, "error", "no room", None),
        ("{}", "error", "error", None),
        ("0", "error", "error", Some("0")),
        (r#"["full","no room"]"#, "error", "error", Some(r#"["full","no room"]"#)),
        (r#""no room""#, "error", "error", Some(r#""no room""#)),
    ] {
        let Control::Failure { number: n, failure } =
            control("$answer", &format!(r#"{{"n":"x","ok":1,"error":{error}}}"#))
        else {
            panic!("{error} is a failure");
        };
        assert_eq!(n, CallNumber::text("x").unwrap());
        assert_eq!((&*failure.code, &*failure.message), (code, message));
        let payload = failure.data.and_then(Message::into_payload);
        assert_eq!(payload.as_deref(), data.map(str::as_bytes));
    }
    assert!(matches!(control("$answer", r#"{"n":1,"error":null}"#), Control::Answer { .. }));
}

#[test]
fn what_is_no_call_says_what_is_wrong_and_whom_to_answer() {
    let long = "x".repeat(257);
    let cases = [
        ("$call", "7".to_owned(), None),
        ("$call", "{}".to_owned(), None),
        ("$call", r#"{"n":7}"#.to_owned(), Some(7)),
        ("$call", r#"{"n":7,"call":"m","cancel":true}"#.to_owned(), Some(7)),
        ("$call", r#"{"cancel":true}"#.to_owned(), None),
        ("$call", r#"{"credit":1}"#.to_owned(), None),
        ("$call", r#"{"n":0,"call":"m"}"#.to_owned(), None),
        ("$call", r#"{"n":9007199254740992,"call":"m"}"#.to_owned(), None),
        ("$call", r#"{"n":1.5,"call":"m"}"#.to_owned(), None),
        ("$call", r#"{"n":"","call":"m"}"#.to_owned(), None),
        ("$call", format!(r#"{{"n":7,"call":"{long}"}}"#), Some(7)),
        ("$call", r#"{"n":7,"call":""}"#.to_owned(), Some(7)),
        ("$call", r#"{"n":7,"call":"m","ms":-1}"#.to_owned(), Some(7)),
        ("$call", r#"{"n":7,"call":"m","stream":0}"#.to_owned(), Some(7)),
        ("$call", r#"{"n":7,"call":"m","stream":65536}"#.to_owned(), Some(7)),
        ("$call", r#"[7,"m"]"#.to_owned(), None),
        ("$answer", "[1,2]".to_owned(), None),
        ("$answer", "{}".to_owned(), None),
        ("$answer", r#"{"ok":1}"#.to_owned(), None),
        ("$answer", "null".to_owned(), None),
    ];
    for (event, data, answered) in cases {
        let frame = format!("{{\"type\":\"{event}\",\"data\":{data}}}");
        let message = FORMAT().decode(Bytes::from(frame)).unwrap();
        let invalid = FORMAT().control(&message).unwrap().unwrap_err();
        assert_eq!(invalid.error.code(), "ERR_IPC_INVALID_CALL", "{data}");
        assert_eq!(invalid.number, answered.map(number), "{data}");
    }
    // At the limits, and without any data.
    let longest = "é".repeat(256);
    control(
        "$call",
        &format!(r#"{{"n":9007199254740991,"call":"{longest}","stream":65535,"ms":1e300}}"#),
    );
    let bare = FORMAT().decode(Bytes::from(r#"{"type":"$call"}"#)).unwrap();
    assert!(FORMAT().control(&bare).unwrap().is_err());
}

#[test]
fn other_events_are_none() {
    for event in ["call", "$calls", "$", "", "$answer "] {
        let message = Message::new(event, Some(Bytes::from(r#"{"n":7,"call":"m"}"#)));
        assert!(FORMAT().control(&message).is_none(), "{event}");
    }
}

#[test]
fn raw_json_passes_through() {
    let args: RawJson = r#"{"n":123456789012345678901234567890}"#.parse().unwrap();
    let sent = data(|f, out| f.encode_call(&head(Some(1), "m"), &args, out).unwrap());
    assert_eq!(sent, r#"{"n":1,"call":"m","args":{"n":123456789012345678901234567890}}"#);
}

#[test]
fn time_that_is_left_is_never_sent_as_none() {
    for (left, ms) in [(1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (0, 0)] {
        let head = CallHead { left: Some(Duration::from_nanos(left)), ..head(Some(1), "m") };
        let sent = data(|f, out| f.encode_call(&head, &1, out).unwrap());
        assert!(sent.ends_with(&format!(r#""ms":{ms}}}"#)), "{left} ns: {sent}");
    }
}

#[test]
fn a_long_message_of_a_failure_is_cut_between_characters() {
    let failure = Failure::new("x", "é".repeat(3000));
    assert_eq!(failure.message.len(), Failure::MAX_MESSAGE);
    let odd = Failure::new("x", format!("a{}", "é".repeat(3000)));
    assert_eq!(odd.message.len(), Failure::MAX_MESSAGE - 1);
}

#[test]
fn a_frame_is_read_without_decoding_only_where_decoding_would_read_it_so() {
    let frame = br#"{"type":"$call","data":{"n":1,"call":"sum","args":[1,2],"ms":100}}"#;
    let taken = |format: NodeFormat, frame: &[u8]| {
        let mut frame = Bytes::copy_from_slice(frame);
        format.begins_call(&frame) && format.take_frame(&mut frame).is_some()
    };
    assert!(taken(FORMAT(), frame));
    let rules = EventRules::assured(["app.message"]);
    assert!(!taken(FORMAT().with_event_rules(rules), frame), "the event is not allowed");
    let events: [&[u8]; 5] = [
        br#"{"type":"$calls","data":{"n":1,"call":"sum"}}"#,
        br#"{"type":"$other","data":{"n":1,"ok":1}}"#,
        br#"{"type":"call","data":{"n":1,"call":"sum"}}"#,
        br#"{"type":"$call"}"#,
        br#"{"type":"$"#,
    ];
    for frame in events {
        assert!(!taken(FORMAT(), frame), "{}", String::from_utf8_lossy(frame));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        n in proptest::option::of(1_u64..(1 << 53)),
        method in "\\PC{1,40}",
        ms in proptest::option::of(0_u64..1_000_000_000),
        credit in proptest::option::of(1_u32..=65_535),
        args in any::<(Option<String>, Vec<i64>)>(),
    ) {
        let left = ms.map(Duration::from_millis);
        let head = CallHead { number: n, method: &method, left, credit };
        let mut frame = BytesMut::new();
        FORMAT().encode_call(&head, &args, &mut frame).unwrap();
        let message = FORMAT().decode(frame.freeze()).unwrap();
        let Control::Call { number: m, left: l, credit: c, message } =
            FORMAT().control(&message).unwrap().unwrap() else { panic!("it is a call") };
        prop_assert_eq!((m, l, c), (n.map(number), left, credit));
        prop_assert_eq!(message.event(), method);
        let read: (Option<String>, Vec<i64>) = FORMAT().decode_payload(&message).unwrap();
        prop_assert_eq!(read, args);
    }

    /// Whatever it is: an answer, or an error that names it, and the same whether the members were
    /// written by a machine or not.
    #[test]
    fn any_json_is_read_or_refused(text in "[{}\\[\\]\",:a-z0-9. ]{0,60}", event in "\\$(call|answer)") {
        let message = Message::new(event, Some(Bytes::from(text.clone())));
        let read = FORMAT().control(&message).unwrap();
        if read.is_ok() {
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok_and(|value| value.is_object()));
        }
    }
}
