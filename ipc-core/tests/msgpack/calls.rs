//! Calls and answers in MessagePack: the frames of docs/calls.md, byte by byte, and invalid ones.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_core::protocol::calls::{
    ANSWER, CallFormat, CallHead, CallNumber, Control, EncodeCall, Failure, InvalidControl, Signal,
};
use ipc_core::{DecodePayload, EncodePayload, Message, MessageFormat, MsgPack};
use serde::Serialize;

pub(crate) const FORMAT: MsgPack = MsgPack::new();

pub(crate) fn head(number: Option<u64>, method: &str) -> CallHead<'_> {
    CallHead { number, method, left: None, credit: None }
}

pub(crate) fn number(n: u64) -> CallNumber {
    CallNumber::integer(n).unwrap()
}

pub(crate) fn frame(encode: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut frame = BytesMut::new();
    encode(&mut frame);
    frame.freeze()
}

fn encoded(event: &str, payload: &(impl Serialize + ?Sized)) -> Bytes {
    frame(|out| FORMAT.encode(event, payload, out).unwrap())
}

/// Returns a message with this payload, for the data of a failure.
fn data(value: &(impl Serialize + ?Sized)) -> Message {
    FORMAT.decode(encoded("", value)).unwrap()
}

/// Returns what a frame says about calls.
pub(crate) fn control(frame: Bytes) -> Result<Control, InvalidControl> {
    FORMAT.control(&FORMAT.decode(frame).unwrap()).unwrap()
}

/// Returns what the map of these bytes says as the payload of the event.
pub(crate) fn of_map(event: &str, map: &[u8]) -> Result<Control, InvalidControl> {
    FORMAT.control(&Message::new(event, Some(Bytes::copy_from_slice(map)))).unwrap()
}

fn assert_same(one: &Control, other: &Control) {
    let payload = |message: &Message| message.payload().map(<[u8]>::to_vec);
    match (one, other) {
        (
            Control::Call { number, left, credit, message },
            Control::Call { number: n, left: l, credit: c, message: m },
        ) => {
            assert_eq!((number, left, credit, message.event()), (n, l, c, m.event()));
            assert_eq!(payload(message), payload(m));
        }
        (Control::Cancel(number), Control::Cancel(n)) => assert_eq!(number, n),
        (Control::Credit(number, items), Control::Credit(n, i)) => {
            assert_eq!((number, items), (n, i));
        }
        (
            Control::Answer { number, more, result },
            Control::Answer { number: n, more: m, result: r },
        ) => assert_eq!((number, more, payload(result)), (n, m, payload(r))),
        (Control::Failure { number, failure }, Control::Failure { number: n, failure: f }) => {
            assert_eq!((number, failure), (n, f))
        }
        (one, other) => panic!("{one:?} became {other:?}"),
    }
}

/// The frames of docs/calls.md in its order: what writes them, their bytes, and what they say.
fn table() -> Vec<(Bytes, &'static [u8], Control)> {
    let thirty = Some(Duration::from_secs(30));
    let failure =
        Failure::new("not_found", "no such key").with_data(data(&BTreeMap::from([("key", "a")])));
    let call = |n: Option<u64>, method: &str, args: &[u8], left, credit| Control::Call {
        number: n.map(number),
        left,
        credit,
        message: Message::new(method, Some(Bytes::copy_from_slice(args))),
    };
    let answer = |n, more, ok: Option<&'static [u8]>| Control::Answer {
        number: number(n),
        more,
        result: Message::new(ANSWER, ok.map(Bytes::from_static)),
    };
    vec![
        (
            frame(|out| {
                let head = CallHead { left: thirty, ..head(Some(7), "sum") };
                FORMAT.encode_call(&head, &[1, 2], out).unwrap();
            }),
            b"\x92\xa5$call\x84\xa1n\x07\xa4call\xa3sum\xa4args\x92\x01\x02\xa2ms\xcd\x75\x30",
            call(Some(7), "sum", b"\x92\x01\x02", thirty, None),
        ),
        (
            frame(|out| FORMAT.encode_answer(&number(7), false, &3, out).unwrap()),
            b"\x92\xa7$answer\x82\xa1n\x07\xa2ok\x03",
            answer(7, false, Some(b"\x03")),
        ),
        (
            frame(|out| {
                FORMAT.encode_signal(&Signal::Failure(&number(7), &failure), out).unwrap();
            }),
            b"\x92\xa7$answer\x82\xa1n\x07\xa5error\x83\xa4code\xa9not_found\
              \xa7message\xabno such key\xa4data\x81\xa3key\xa1a",
            Control::Failure { number: number(7), failure: failure.clone() },
        ),
        (
            frame(|out| FORMAT.encode_signal(&Signal::Cancel(7), out).unwrap()),
            b"\x92\xa5$call\x82\xa1n\x07\xa6cancel\xc3",
            Control::Cancel(number(7)),
        ),
        (
            frame(|out| FORMAT.encode_call(&head(None, "log"), "x", out).unwrap()),
            b"\x92\xa5$call\x82\xa4call\xa3log\xa4args\xa1x",
            call(None, "log", b"\xa1x", None, None),
        ),
        (
            frame(|out| {
                let head = CallHead { left: thirty, credit: Some(8), ..head(Some(8), "rows") };
                FORMAT.encode_call(&head, &BTreeMap::<u8, u8>::new(), out).unwrap();
            }),
            b"\x92\xa5$call\x85\xa1n\x08\xa4call\xa4rows\xa4args\x80\xa2ms\xcd\x75\x30\xa6stream\x08",
            call(Some(8), "rows", b"\x80", thirty, Some(8)),
        ),
        (
            frame(|out| FORMAT.encode_answer(&number(8), true, &BTreeMap::from([("id", 1)]), out).unwrap()),
            b"\x92\xa7$answer\x83\xa1n\x08\xa2ok\x81\xa2id\x01\xa4more\xc3",
            answer(8, true, Some(b"\x81\xa2id\x01")),
        ),
        (
            frame(|out| FORMAT.encode_signal(&Signal::Credit(8, 4), out).unwrap()),
            b"\x92\xa5$call\x82\xa1n\x08\xa6credit\x04",
            Control::Credit(number(8), 4),
        ),
        (
            frame(|out| FORMAT.encode_signal(&Signal::End(&number(8)), out).unwrap()),
            b"\x92\xa7$answer\x81\xa1n\x08",
            answer(8, false, None),
        ),
    ]
}

#[test]
fn every_frame_of_the_page_is_written_and_read() {
    for (written, bytes, says) in table() {
        assert_eq!(written, bytes);
        assert_same(&control(written).unwrap(), &says);
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_is_no_call() {
    for (frame, ..) in table() {
        let message = FORMAT.decode(frame).unwrap();
        let map = message.payload().unwrap();
        for end in 0..map.len() {
            let error = of_map(message.event(), &map[..end]).unwrap_err();
            assert_eq!(error.code(), MsgPack::INVALID_CALL, "{:x?}", &map[..end]);
        }
        // Nor is one that goes on.
        assert!(of_map(message.event(), &[map, b"\xc0"].concat()).is_err());
    }
}

#[test]
fn arguments_and_results_are_not_copied() {
    let args = vec![7_u8; 10_000];
    let call = frame(|out| FORMAT.encode_call(&head(Some(1), "m"), &args, out).unwrap());
    let within = call.as_ptr_range();
    let Ok(Control::Call { message, .. }) = control(call.clone()) else { panic!("it is a call") };
    assert_eq!(FORMAT.decode_payload(&message), Ok(args.clone()));
    assert!(within.contains(&message.event().as_ptr()));
    assert!(within.contains(&message.payload().unwrap().as_ptr()));

    let answer = frame(|out| FORMAT.encode_answer(&number(1), false, &args, out).unwrap());
    let within = answer.as_ptr_range();
    let Ok(Control::Answer { result, .. }) = control(answer.clone()) else {
        panic!("it is an answer")
    };
    assert!(within.contains(&result.payload().unwrap().as_ptr()));
    assert_eq!(FORMAT.decode_payload(&result), Ok(args));
}

#[test]
fn structs_of_arguments_are_as_the_format_has_them() {
    #[derive(Serialize)]
    struct Point {
        x: u8,
    }
    let written = |format: MsgPack| {
        frame(|out| format.encode_call(&head(None, "m"), &Point { x: 1 }, out).unwrap())
    };
    assert!(written(FORMAT).ends_with(b"\x82\xa4call\xa1m\xa4args\x81\xa1x\x01"));
    let positional = written(FORMAT.with_positional_fields());
    assert!(positional.ends_with(b"\x82\xa4call\xa1m\xa4args\x91\x01"));
}

#[test]
fn integers_of_any_width_are_numbers_times_and_credit() {
    for seven in [
        &b"\x07"[..],
        b"\xcc\x07",
        b"\xcd\0\x07",
        b"\xce\0\0\0\x07",
        b"\xcf\0\0\0\0\0\0\0\x07",
        b"\xd0\x07",
        b"\xd1\0\x07",
        b"\xd2\0\0\0\x07",
        b"\xd3\0\0\0\0\0\0\0\x07",
    ] {
        let map = [b"\x84\xa1n", seven, b"\xa4call\xa1m\xa2ms", seven, b"\xa6stream", seven];
        let Ok(Control::Call { number: n, left, credit, message }) = of_map("$call", &map.concat())
        else {
            panic!("{seven:x?}");
        };
        assert_eq!((n, credit, message.payload()), (Some(number(7)), Some(7), None));
        assert_eq!(left, Some(Duration::from_millis(7)));
        let map = [b"\x82\xa1n", seven, b"\xa6credit", seven].concat();
        assert!(matches!(of_map("$call", &map), Ok(Control::Credit(n, 7)) if n == number(7)));
    }
    // JavaScript has no other numbers.
    let half = b"\x82\xa4call\xa1m\xa2ms\xcb\x40\x04\0\0\0\0\0\0";
    let Ok(Control::Call { left, .. }) = of_map("$call", half) else { panic!("it is a call") };
    assert_eq!(left, Some(Duration::from_micros(2500)));
}

#[test]
fn other_members_and_keys_are_ignored_and_nil_is_absent() {
    let map = b"\x88\xa1n\x07\xa5other\x81\xa1a\x92\xc0\xd4\x01\x02\x01\x02\xc4\x01n\x03\
                \x90\x80\xa4args\xc0\xa4call\xd9\x01m\xa6cancel\xc0";
    let Ok(Control::Call { number: n, message, .. }) = of_map("$call", map) else {
        panic!("it is a call")
    };
    assert_eq!((n, message.event()), (Some(number(7)), "m"));
    assert_eq!(message.payload(), Some(&b"\xc0"[..]));
    let map = b"\x83\xa1n\xa1x\xa5error\xc0\xa4more\xc2";
    let Ok(Control::Answer { number: n, more, result }) = of_map("$answer", map) else {
        panic!("it is an answer")
    };
    assert_eq!((n, more, result.payload()), (CallNumber::text("x").unwrap(), false, None));
}

#[test]
fn any_error_but_nil_is_a_failure() {
    let (two, list) = (b"\x82\xa4code\x02\xa7message\xa1m", b"\x92\xa4full\xa7no room");
    for (error, code, message, data) in [
        (&b"\x81\xa4code\xa4full"[..], "full", "full", None),
        (b"\x81\xa7message\xa7no room", "error", "no room", None),
        (b"\x82\xa4code\xa4full\xa4data\xc0", "full", "full", Some(&b"\xc0"[..])),
        (b"\x80", "error", "error", None),
        (b"\x00", "error", "error", Some(b"\x00")),
        (two, "error", "error", Some(two)),
        (list, "error", "error", Some(list)),
    ] {
        let map = [b"\x83\xa1n\x01\xa2ok\x01\xa5error", error].concat();
        let Ok(Control::Failure { number: n, failure }) = of_map("$answer", &map) else {
            panic!("{error:x?}")
        };
        assert_eq!((n, &*failure.code, &*failure.message), (number(1), code, message));
        assert_eq!(failure.data.and_then(Message::into_payload).as_deref(), data);
    }
}

#[test]
fn what_is_no_call_says_what_is_wrong_and_whom_to_answer() {
    let long = [&b"\x82\xa1n\x07\xa4call\xda\x01\x01"[..], &[b'x'; 257]].concat();
    let longest = [&b"\x81\xa1n\xd9\x41"[..], &[b'x'; 65]].concat();
    let cases: [(&str, &[u8], Option<u64>); 26] = [
        ("$call", b"", None),
        ("$call", b"\x07", None),
        ("$call", b"\x80", None),
        ("$call", b"\x92\x07\xa1m", None),
        ("$call", b"\xc1", None),
        ("$call", b"\x81\xa1n\x07", Some(7)),
        ("$call", b"\x83\xa1n\x07\xa4call\xa1m\xa6cancel\xc3", Some(7)),
        ("$call", b"\x81\xa6cancel\xc3", None),
        ("$call", b"\x81\xa6credit\x01", None),
        ("$call", b"\x82\xa1n\x00\xa4call\xa1m", None),
        ("$call", b"\x82\xa1n\xff\xa4call\xa1m", None),
        ("$call", b"\x82\xa1n\xcf\0\x20\0\0\0\0\0\0\xa4call\xa1m", None),
        ("$call", b"\x82\xa1n\xca\x3f\x80\0\0\xa4call\xa1m", None),
        ("$call", b"\x82\xa1n\xa0\xa4call\xa1m", None),
        ("$call", b"\x82\xa1n\xa1\xff\xa4call\xa1m", None),
        ("$call", &long, Some(7)),
        ("$call", b"\x82\xa1n\x07\xa4call\xa0", Some(7)),
        ("$call", b"\x82\xa1n\x07\xa4call\xa1\xff", Some(7)),
        ("$call", b"\x83\xa1n\x07\xa4call\xa1m\xa2ms\xff", Some(7)),
        ("$call", b"\x83\xa1n\x07\xa4call\xa1m\xa6stream\x00", Some(7)),
        ("$call", b"\x83\xa1n\x07\xa4call\xa1m\xa6stream\xce\0\x01\0\0", Some(7)),
        ("$call", b"\x83\xa1n\x07\xa4call\xa1m\xa1n\x08", Some(7)),
        ("$answer", b"\x80", None),
        ("$answer", b"\x81\xa2ok\x01", None),
        ("$answer", b"\x82\xa1n\x07\xa4more\x01", Some(7)),
        ("$answer", &longest, None),
    ];
    for (event, map, answered) in cases {
        let invalid = of_map(event, map).unwrap_err();
        assert_eq!(invalid.code(), MsgPack::INVALID_CALL, "{map:x?}");
        assert_eq!(invalid.number, answered.map(number), "{map:x?}");
    }
    // At the limits, and without any payload.
    let longest = "é".repeat(256);
    let head =
        CallHead { number: Some((1 << 53) - 1), credit: Some(65_535), ..head(None, &longest) };
    control(frame(|out| FORMAT.encode_call(&head, &1, out).unwrap())).unwrap();
    let bare = FORMAT.decode(Bytes::from_static(b"\x91\xa5$call")).unwrap();
    assert!(FORMAT.control(&bare).unwrap().is_err());
}

#[test]
fn other_events_are_none() {
    for event in ["call", "$calls", "$", "", "$answer "] {
        let message = FORMAT.decode(encoded(event, &[("n", 1)])).unwrap();
        assert!(FORMAT.control(&message).is_none(), "{event}");
    }
    assert!(FORMAT.calls().is_some());
}
