//! What any bytes are as a call or an answer, and that what is written is read.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_core::protocol::calls::{CallFormat, CallHead, Control, EncodeCall, Failure, Signal};
use ipc_core::{DecodePayload, Message, MsgPack};
use proptest::prelude::*;

use super::calls::{FORMAT, control, frame, number, of_map};

#[test]
fn neither_nesting_nor_a_declared_length_costs_more_than_the_frame() {
    let deep = [&b"\x82\xa4call\xa1m\xa4args"[..], &[0x91; 1_000_000], b"\x90"].concat();
    let Ok(Control::Call { message, .. }) = of_map("$call", &deep) else { panic!("it is a call") };
    assert_eq!(message.payload().map(<[u8]>::len), Some(1_000_001));
    let maps = [&b"\x81\xa4args"[..], &[0xdf; 1_000_000]].concat();
    assert!(of_map("$call", &maps).is_err());
    for huge in [&b"\xdd\xff\xff\xff\xff"[..], b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"] {
        assert!(of_map("$call", huge).is_err());
        assert!(of_map("$call", &[b"\x82\xa4call\xa1m\xa4args", huge].concat()).is_err());
    }
    // Every value in it is announced with as many as can be.
    let bombs = [&b"\x81\xa4args"[..], &b"\xdf\xff\xff\xff\xff".repeat(100_000)].concat();
    assert!(of_map("$call", &bombs).is_err());
}

#[test]
fn data_of_a_failure_is_one_value_or_not_sent() {
    for data in [&b""[..], b"\x01\x02", b"\x92\x01", b"\xc1"] {
        let data = Message::new("", Some(Bytes::copy_from_slice(data)));
        let failure = Failure::new("x", "y").with_data(data);
        let error =
            FORMAT.encode_signal(&Signal::Failure(&number(1), &failure), &mut BytesMut::new());
        assert_eq!(error.unwrap_err().code(), MsgPack::UNSERIALIZABLE);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        n in proptest::option::of(1_u64..(1 << 53)),
        method in "\\PC{1,40}",
        ms in proptest::option::of(0_u64..1_000_000_000),
        credit in proptest::option::of(1_u32..=65_535),
        args in any::<(Option<String>, Vec<i64>, f32, char)>(),
    ) {
        let head = CallHead { number: n, method: &method, left: ms.map(Duration::from_millis), credit };
        let written = frame(|out| FORMAT.encode_call(&head, &args, out).unwrap());
        let Ok(Control::Call { number: m, left, credit: c, message }) = control(written) else {
            panic!("it is a call")
        };
        prop_assert_eq!((m, left, c), (n.map(number), head.left, credit));
        prop_assert_eq!(message.event(), method);
        let read: (Option<String>, Vec<i64>, f32, char) = FORMAT.decode_payload(&message).unwrap();
        prop_assert_eq!(read, args);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        map in proptest::collection::vec(any::<u8>(), 0..80),
        event in "\\$(call|answer)",
    ) {
        if let Err(invalid) = of_map(&event, &map) {
            prop_assert_eq!(invalid.code(), MsgPack::INVALID_CALL);
        }
    }

    /// Maps of the members that calls have, with any bytes as their values.
    #[test]
    fn nearly_calls_are_read_or_refused(
        members in proptest::collection::vec(
            (
                proptest::sample::select(
                    &["n", "call", "args", "ms", "stream", "cancel", "credit", "ok", "error", "more"][..],
                ),
                proptest::collection::vec(any::<u8>(), 1..4),
            ),
            0..6,
        ),
        event in "\\$(call|answer)",
    ) {
        let mut map = vec![0x80 | u8::try_from(members.len()).unwrap()];
        for (key, value) in members {
            map.push(0xa0 | u8::try_from(key.len()).unwrap());
            map.extend_from_slice(key.as_bytes());
            map.extend_from_slice(&value);
        }
        if let Err(invalid) = of_map(&event, &map) {
            prop_assert_eq!(invalid.code(), MsgPack::INVALID_CALL);
        }
    }
}
