//! What one side sends the other reads, whatever the variants hold.

use bytes::BytesMut;
use ipc_compat::NodeFormat;
use ipc_core::{Content, DecodeEvent, EncodeEvent, MessageFormat, MsgPack};
use proptest::prelude::*;
use serde_json::Value;

use crate::every::{Every, Inner, Point};

fn inner() -> impl Strategy<Value = Inner> {
    prop_oneof![Just(Inner::A), any::<u8>().prop_map(Inner::B)]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn every() -> impl Strategy<Value = Every> {
    let point = any::<(i32, i32)>();
    let optional = any::<(Option<u8>, Vec<u8>)>();
    let rest = prop::collection::btree_map("[a-c]", any::<u8>(), 0..3);
    prop_oneof![
        Just(Every::Unit),
        Just(Every::Renamed),
        any::<String>().prop_map(Every::Text),
        any::<Option<u8>>().prop_map(Every::Maybe),
        Just(Every::Nothing(())),
        value().prop_map(Every::Any),
        point.prop_map(|(x, y)| Every::Struct(Point { x, y })),
        inner().prop_map(Every::Enum),
        any::<i32>().prop_map(|number| Every::Alone((number,))),
        any::<(i32, String)>().prop_map(|(number, text)| Every::Pair(number, text)),
        Just(Every::EmptyTuple()),
        point.prop_map(|(x, y)| Every::Move { x, y }),
        optional.prop_map(|(a, b)| Every::Optional { a, b }),
        Just(Every::EmptyStruct {}),
        (any::<u8>(), rest).prop_map(|(id, rest)| Every::Flat { id, rest }),
        Just(Every::Unknown),
    ]
}

/// Returns what the other side reads.
fn there<F: EncodeEvent<Every> + DecodeEvent<Every>>(format: &F, event: &Every) -> Every {
    let mut frame = BytesMut::new();
    format.encode(F::event_name(event).unwrap(), &Content::of(event), &mut frame).unwrap();
    format.decode_event(&format.decode(frame.freeze()).unwrap()).unwrap()
}

/// Returns whether the classic dialect sends another value: wire rule W6.
fn is_emptied(event: &Every) -> bool {
    match event {
        Every::Text(text) => text.is_empty(),
        Every::Maybe(number) => number.is_none(),
        Every::Any(value) => value.is_null() || value == "",
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_sent_is_read(event in every()) {
        prop_assert_eq!(&there(&NodeFormat::v14(), &event), &event);
        prop_assert_eq!(&there(&MsgPack::new(), &event), &event);
        // An array cannot say that a field is left out.
        let skips = matches!(&event, Every::Optional { b, .. } if b.is_empty());
        if !skips {
            let positional = MsgPack::new().with_positional_fields();
            prop_assert_eq!(&there(&positional, &event), &event);
        }
        if !is_emptied(&event) {
            prop_assert_eq!(&there(&NodeFormat::classic(), &event), &event);
        }
    }

    #[test]
    fn whatever_is_received_is_an_event_or_an_error(
        event in prop_oneof![
            prop::sample::select(vec!["Unit", "Text", "Pair", "Move", "Flat", "Enum", "x", ""])
                .prop_map(str::to_owned),
            any::<String>(),
        ],
        value in value(),
    ) {
        let format = NodeFormat::classic();
        let data = serde_json::to_string(&value).unwrap();
        let event = serde_json::to_string(&event).unwrap();
        let frame = format!(r#"{{"type":{event},"data":{data}}}"#);
        let message = format.decode(frame.into()).unwrap();
        let read: Result<Every, _> = format.decode_event(&message);
        let known = <NodeFormat as DecodeEvent<Every>>::event_names().unwrap();
        if !known.contains(message.event()) {
            prop_assert_eq!(read, Ok(Every::Unknown));
        } else if let Ok(event) = read {
            // Written again, it is the same event.
            prop_assert_eq!(&there(&NodeFormat::v14(), &event), &event);
        }
    }

    #[test]
    fn any_bytes_in_messagepack_are_an_event_or_an_error(
        event in prop::sample::select(vec!["Unit", "Text", "Pair", "Move", "Flat", "Enum", "x"]),
        payload in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let message = ipc_core::Message::new(event, Some(payload.into()));
        let read: Result<Every, _> = MsgPack::new().decode_event(&message);
        prop_assert!(read.is_ok() || read.is_err_and(|error| error.code() == MsgPack::INVALID_PAYLOAD));
    }
}
