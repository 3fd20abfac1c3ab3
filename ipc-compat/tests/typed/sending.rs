//! What each kind of variant is sent as.

use std::fmt;

use bytes::BytesMut;
use ipc_compat::{NodeFormat, RawJson, codes};
use ipc_core::{Content, DecodeEvent, EncodeEvent, EncodePayload, EventNames, Failure, MsgPack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::every::{Every, Inner, Point};

/// Returns the frame that an event is sent as.
fn frame<F: EncodeEvent<Every>>(format: &F, event: &Every) -> BytesMut {
    let mut frame = BytesMut::new();
    format.encode(F::event_name(event).unwrap(), &Content::of(event), &mut frame).unwrap();
    frame
}

fn all() -> Vec<(Every, &'static str)> {
    vec![
        (Every::Unit, r#"{"type":"Unit","data":{}}"#),
        (Every::Renamed, r#"{"type":"app.renamed","data":{}}"#),
        (Every::Text("t\"".to_owned()), r#"{"type":"Text","data":"t\""}"#),
        (Every::Maybe(Some(1)), r#"{"type":"Maybe","data":1}"#),
        (Every::Any(json!([1, null])), r#"{"type":"Any","data":[1,null]}"#),
        (Every::Struct(Point { x: 1, y: 2 }), r#"{"type":"Struct","data":{"x":1,"y":2}}"#),
        (Every::Enum(Inner::A), r#"{"type":"Enum","data":"A"}"#),
        (Every::Enum(Inner::B(1)), r#"{"type":"Enum","data":{"B":1}}"#),
        (Every::Alone((1,)), r#"{"type":"Alone","data":[1]}"#),
        (Every::Pair(1, "a".to_owned()), r#"{"type":"Pair","data":[1,"a"]}"#),
        (Every::EmptyTuple(), r#"{"type":"EmptyTuple","data":[]}"#),
        (Every::Move { x: 1, y: 2 }, r#"{"type":"Move","data":{"x":1,"y":2}}"#),
        (Every::Optional { a: None, b: vec![] }, r#"{"type":"Optional","data":{"a":null}}"#),
        (
            Every::Optional { a: None, b: vec![1] },
            r#"{"type":"Optional","data":{"a":null,"b":[1]}}"#,
        ),
        (Every::EmptyStruct {}, r#"{"type":"EmptyStruct","data":{}}"#),
        (
            Every::Flat { id: 1, rest: [("k".to_owned(), 2)].into() },
            r#"{"type":"Flat","data":{"id":1,"k":2}}"#,
        ),
        // The variant for others is sent under its own name: what it was is not kept.
        (Every::Unknown, r#"{"type":"Unknown","data":{}}"#),
    ]
}

#[test]
fn both_dialects_send_name_and_content() {
    for (event, expected) in all() {
        assert_eq!(frame(&NodeFormat::classic(), &event), expected);
        assert_eq!(frame(&NodeFormat::v14(), &event), expected);
    }
}

/// Wire rule W6 holds for what variants hold as for any data.
#[test]
fn the_classic_dialect_sends_null_and_no_text_as_an_empty_object() {
    for (event, v14) in [
        (Every::Maybe(None), r#"{"type":"Maybe","data":null}"#),
        (Every::Nothing(()), r#"{"type":"Nothing","data":null}"#),
        (Every::Text(String::new()), r#"{"type":"Text","data":""}"#),
    ] {
        assert_eq!(frame(&NodeFormat::v14(), &event), v14);
        let classic = frame(&NodeFormat::classic(), &event);
        assert!(classic.ends_with(br#","data":{}}"#), "{classic:?}");
    }
}

#[test]
fn messagepack_sends_what_the_payload_alone_would_be_and_nil_for_a_unit() {
    for format in [MsgPack::new(), MsgPack::new().with_positional_fields()] {
        for (event, _) in all() {
            let mut expected = BytesMut::new();
            let name = <MsgPack as EncodeEvent<Every>>::event_name(&event).unwrap();
            let out = &mut expected;
            match &event {
                Every::Unit | Every::Renamed | Every::Unknown => format.encode(name, &(), out),
                Every::Text(text) => format.encode(name, text, out),
                Every::Maybe(number) => format.encode(name, number, out),
                Every::Nothing(()) => format.encode(name, &(), out),
                Every::Any(value) => format.encode(name, value, out),
                Every::Struct(point) => format.encode(name, point, out),
                Every::Enum(inner) => format.encode(name, inner, out),
                Every::Alone(alone) => format.encode(name, alone, out),
                Every::Pair(number, text) => format.encode(name, &(number, text), out),
                Every::EmptyTuple() => format.encode(name, &[(); 0], out),
                Every::Move { x, y } => format.encode(name, &Point { x: *x, y: *y }, out),
                Every::Optional { .. } | Every::EmptyStruct {} | Every::Flat { .. } => {
                    continue;
                }
            }
            .unwrap();
            assert_eq!(frame(&format, &event), expected, "{event:?}");
        }
    }
}

#[test]
fn content_alone_has_no_frame() {
    let mut out = BytesMut::from("x");
    let event = Every::Move { x: 1, y: 2 };
    NodeFormat::classic().encode_content(&event, &mut out).unwrap();
    assert_eq!(out, r#"x{"x":1,"y":2}"#);
    // Arguments of calls and data of failures are not changed by the dialect.
    let mut out = BytesMut::new();
    NodeFormat::classic().encode_content(&Every::Maybe(None), &mut out).unwrap();
    assert_eq!(out, "null");
}

#[test]
fn what_is_no_enum_is_refused_as_content_too() {
    let mut out = BytesMut::new();
    let error = NodeFormat::classic().encode_content(&1, &mut out).unwrap_err();
    assert!(
        error.to_string().contains("only an enum has content, and this is a number"),
        "{error}"
    );
    let error = MsgPack::new().encode("n", &Content::of("text"), &mut out).unwrap_err();
    assert_eq!(error.code(), MsgPack::UNSERIALIZABLE);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum StoreError {
    NotFound {
        key: String,
    },
    Full,
    #[serde(skip_serializing)]
    Inside,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { key } => write!(f, "there is no key {key}"),
            Self::Full => f.write_str("the store is full"),
            Self::Inside => f.write_str("inside"),
        }
    }
}

#[test]
fn an_error_is_a_failure_with_code_message_and_data() {
    fn check<F: EncodeEvent<StoreError> + DecodeEvent<StoreError>>(
        format: &F,
        [unknown, unserializable]: [&str; 2],
    ) {
        let error = StoreError::NotFound { key: "a".to_owned() };
        let failure = format.typed_failure(&error);
        assert_eq!((&*failure.code, &*failure.message), ("NotFound", "there is no key a"));
        assert_eq!(format.decode_failure(&failure).unwrap(), error);
        let failure = format.typed_failure(&StoreError::Full);
        assert_eq!((&*failure.code, &*failure.message), ("Full", "the store is full"));
        assert_eq!(format.decode_failure(&failure).unwrap(), StoreError::Full);
        // One of a peer that sends no data with it.
        let read: Result<StoreError, _> = format.decode_failure(&Failure::new("Full", ""));
        assert_eq!(read.unwrap(), StoreError::Full);
        let read: Result<StoreError, _> = format.decode_failure(&Failure::new("busy", ""));
        assert_eq!(read.unwrap_err().code(), unknown);
        let read: Result<StoreError, _> = format.decode_failure(&Failure::new("NotFound", ""));
        assert_ne!(read.unwrap_err().code(), unknown);
        assert_eq!(&*format.typed_failure(&StoreError::Inside).code, unserializable);
    }
    let json = [codes::UNKNOWN_EVENT, codes::UNSERIALIZABLE];
    check(&NodeFormat::classic(), json);
    check(&NodeFormat::v14(), json);
    check(&MsgPack::new(), [EventNames::UNKNOWN_EVENT, MsgPack::UNSERIALIZABLE]);
    let data = NodeFormat::v14().typed_failure(&StoreError::NotFound { key: "a".to_owned() }).data;
    assert_eq!(data.unwrap().payload().unwrap(), br#"{"key":"a"}"#);
}

/// A payload that is JSON already can be what a variant holds.
#[test]
fn raw_json_passes_through_a_variant() {
    #[derive(Deserialize)]
    enum Raw {
        Json(RawJson),
    }
    let format = NodeFormat::classic();
    let message = ipc_core::MessageFormat::decode(
        &format,
        r#"{"type":"Json","data":{"n":1.50,"a":[1, 2]}}"#.into(),
    );
    let Raw::Json(json) = format.decode_event(&message.unwrap()).unwrap();
    assert_eq!(json.as_str(), r#"{"n":1.50,"a":[1, 2]}"#);
    let value: Value = json.parse().unwrap();
    assert_eq!(value, json!({"n": 1.5, "a": [1, 2]}));
}
