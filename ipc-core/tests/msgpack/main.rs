//! MessagePack messages: what is on the wire, what is no message, and that nothing a peer sends
//! does harm.
#![cfg(feature = "msgpack")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod any_calls;
mod builtins;
mod calls;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use ipc_core::{DecodePayload, EncodePayload, FormatError, Message, MessageFormat, MsgPack};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
    #[serde(default)]
    label: Option<String>,
}

fn encoded<T: Serialize + ?Sized>(format: MsgPack, event: &str, payload: &T) -> Bytes {
    let mut frame = BytesMut::new();
    format.encode(event, payload, &mut frame).unwrap();
    frame.freeze()
}

fn decoded(frame: &[u8]) -> Result<Message, FormatError> {
    MsgPack::new().decode(Bytes::copy_from_slice(frame))
}

fn payload<T>(message: &Message) -> Result<T, FormatError>
where
    MsgPack: DecodePayload<T>,
{
    MsgPack::new().decode_payload(message)
}

#[test]
fn structs_are_maps_and_on_request_arrays() {
    let point = Point { x: 1, y: -1, label: None };
    let named = encoded(MsgPack::new(), "p", &point);
    assert_eq!(named, &b"\x92\xa1p\x83\xa1x\x01\xa1y\xff\xa5label\xc0"[..]);
    let positional = encoded(MsgPack::new().with_positional_fields(), "p", &point);
    assert_eq!(positional, &b"\x92\xa1p\x93\x01\xff\xc0"[..]);
    for frame in [named, positional] {
        assert_eq!(payload(&decoded(&frame).unwrap()), Ok(point.clone()));
    }
}

#[test]
fn a_field_that_is_missing_or_new_does_no_harm() {
    let more = BTreeMap::from([("x", 1), ("y", 2), ("z", 3)]);
    let message = decoded(&encoded(MsgPack::new(), "p", &more)).unwrap();
    assert_eq!(payload(&message), Ok(Point { x: 1, y: 2, label: None }));
}

#[test]
fn names_of_every_length_come_back() {
    for length in [0, 1, 31, 32, 255, 256, 65_535, 65_536] {
        let event = "é".repeat(length);
        let message = decoded(&encoded(MsgPack::new(), &event, &7)).unwrap();
        assert_eq!(message.event(), event);
        assert_eq!(payload(&message), Ok(7));
    }
}

#[test]
fn no_payload_is_taken_by_who_asks_for_none() {
    let message = decoded(b"\x91\xa1e").unwrap();
    assert_eq!(message.payload(), None);
    assert_eq!(payload::<()>(&message), Ok(()));
    assert_eq!(payload::<Option<u8>>(&message), Ok(None));
    let error = payload::<u8>(&message).unwrap_err();
    assert_eq!(error.code(), MsgPack::INVALID_PAYLOAD);
    // What the library says comes with it, and is not said twice.
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(!source.is_empty() && !error.to_string().contains(&source), "{error}: {source}");
}

#[test]
fn what_is_no_message_is_refused() {
    let cases: [&[u8]; 10] = [
        b"",
        b"\x92",
        b"\x92\xa1",
        b"\x92\xa1e",
        b"\x91\xa1e\x01",
        b"\x93\xa1e\x01\x02",
        b"\x92\x01\x02",
        b"\x92\xa2\xff\xfe\x01",
        b"\x92\xdb\xff\xff\xff\xff\x01",
        b"{\"type\":\"e\"}",
    ];
    for frame in cases {
        let error = decoded(frame).map(|message| message.event().to_owned()).unwrap_err();
        assert_eq!(error.code(), MsgPack::INVALID_MESSAGE, "{frame:x?}");
    }
}

#[test]
fn what_follows_the_payload_is_an_error() {
    for tail in [&b"\x02"[..], b"\xc1", b"\xa5ab"] {
        let frame = [b"\x92\xa1e\x01", tail].concat();
        let error = payload::<u8>(&decoded(&frame).unwrap()).unwrap_err();
        assert_eq!(error.code(), MsgPack::INVALID_PAYLOAD);
    }
}

#[test]
fn nesting_without_end_is_an_error_and_no_overflow() {
    /// As deep as the wire says.
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only built up")]
    struct Deep(Vec<Self>);

    let mut frame = b"\x92\xa1e".to_vec();
    frame.extend_from_slice(&[0x91; 1_000_000]);
    frame.push(0x90);
    assert!(payload::<Deep>(&decoded(&frame).unwrap()).is_err());
    // Nor does it hurt who does not look.
    assert!(payload::<()>(&decoded(&frame).unwrap()).is_err());
}

#[test]
fn an_announced_length_is_not_believed() {
    for huge in [&b"\xdd\xff\xff\xff\xff"[..], b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"] {
        let message = decoded(&[b"\x92\xa1e", huge].concat()).unwrap();
        assert!(payload::<Vec<u64>>(&message).is_err());
        assert!(payload::<BTreeMap<String, u8>>(&message).is_err());
        assert!(payload::<String>(&message).is_err());
    }
}

proptest! {
    #[test]
    fn what_is_sent_comes_back(
        event in ".{0,40}",
        list in proptest::collection::vec((any::<i64>(), ".{0,20}", any::<Option<f64>>()), 0..10),
        positional: bool,
    ) {
        let format =
            if positional { MsgPack::new().with_positional_fields() } else { MsgPack::new() };
        let message = decoded(&encoded(format, &event, &list)).unwrap();
        prop_assert_eq!(message.event(), event);
        prop_assert_eq!(payload(&message), Ok(list));
    }

    #[test]
    fn no_bytes_make_it_panic(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = decoded(&frame) {
            let _ = payload::<Vec<(String, u32)>>(&message);
            let _ = payload::<Point>(&message);
            let _ = payload::<()>(&message);
        }
    }
}
