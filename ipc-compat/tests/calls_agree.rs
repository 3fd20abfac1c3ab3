//! Calls mean the same in JSON and in MessagePack: what one format reads as a call, the other does.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use bytes::BytesMut;
use ipc_compat::NodeFormat;
use ipc_core::protocol::calls::{CallFormat, Control, Failure, InvalidControl};
use ipc_core::{DecodePayload, EncodePayload, Message, MsgPack};
use proptest::prelude::*;
use serde_json::Value;

/// Returns what the format makes of a payload of the event.
fn read<F>(format: &F, event: &str, payload: &Value) -> Result<Control, InvalidControl>
where
    F: CallFormat + EncodePayload<Value>,
{
    let mut frame = BytesMut::new();
    format.encode(event, payload, &mut frame).unwrap();
    format.control(&format.decode(frame.freeze()).unwrap()).unwrap()
}

/// Returns all that a control says, with its payloads as values.
fn says<F: DecodePayload<Option<Value>>>(format: &F, control: &Control) -> (String, Option<Value>) {
    let value = |message: &Message| {
        let read = |_| format.decode_payload(message).unwrap().unwrap_or(Value::Null);
        message.payload().map(read)
    };
    match control {
        Control::Call { number, left, credit, message } => {
            (format!("{number:?} {left:?} {credit:?} {}", message.event()), value(message))
        }
        Control::Answer { number, more, result } => (format!("{number:?} {more}"), value(result)),
        Control::Failure { number, failure: Failure { code, message, data, .. } } => {
            (format!("{number:?} {code} {message}"), data.as_ref().and_then(value))
        }
        other => (format!("{other:?}"), None),
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(&["", "m", "é", "sum"][..]).prop_map(Value::from);
    let number = prop::sample::select(
        &[0_i64, 1, 7, -1, 255, 65_535, 65_536, 4_294_967_296, (1 << 53) - 1, 1 << 53][..],
    );
    let float = prop::sample::select(&[0.5, 7.0, 2500.25, -1.5, 1e300][..]).prop_map(Value::from);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        text,
        number.prop_map(Value::from),
        float,
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(
        &[
            "n", "call", "args", "ms", "stream", "cancel", "credit", "ok", "error", "more", "code",
            "message", "data", "x",
        ][..],
    );
    let object =
        |value| prop::collection::btree_map(key.clone().prop_map(String::from), value, 0..6);
    let error =
        object(scalar().boxed()).prop_map(|members| Value::Object(members.into_iter().collect()));
    let list = prop::collection::vec(scalar(), 0..3).prop_map(Value::Array);
    let member = prop_oneof![4 => scalar(), 1 => error, 1 => list];
    prop_oneof![
        8 => object(member.boxed()).prop_map(|members| Value::Object(members.into_iter().collect())),
        1 => scalar(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn both_formats_read_the_same(payload in value(), event in "\\$(call|answer)") {
        let (node, pack) = (NodeFormat::v14(), MsgPack::new());
        match (read(&node, &event, &payload), read(&pack, &event, &payload)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(says(&node, &one), says(&pack, &other)),
            // MessagePack finds the number in more of what is invalid.
            (Err(one), Err(other)) => {
                prop_assert!(one.number.is_none() || one.number == other.number);
            }
            (one, other) => panic!("{payload}: {one:?} but {other:?}"),
        }
    }
}
