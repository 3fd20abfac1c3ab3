//! The fuzz target `control`: what must hold for every payload of a call or an answer.

use bytes::{Bytes, BytesMut};
use ipc_core::protocol::calls::{
    ANSWER, CALL, CallFormat, CallHead, CallNumber, Control, EncodeCall, Signal,
};
use ipc_core::{Message, MessageFormat};
use serde_json::Value;

use super::presumed::presuming_calls_agrees;
use crate::wire::reading_agrees;
use crate::{NodeFormat, RawJson, codes};

/// Checks everything that must hold for `payload`, as that of a call and as that of an answer.
///
/// # Panics
///
/// If it does not hold.
pub fn control(payload: &[u8]) {
    reading_agrees(&Bytes::copy_from_slice(payload));
    presuming_calls_agrees(payload);
    for event in [CALL, ANSWER] {
        let read = read(event, payload).expect("it is one of the two events");
        match read {
            Ok(control) => {
                let tree = serde_json::from_slice::<Value>(payload);
                // The oracle cannot represent half surrogate pairs and numbers out of range.
                assert!(tree.is_err() || tree.is_ok_and(|tree| tree.is_object()));
                is_written_again(&control);
            }
            Err(invalid) => assert_eq!(invalid.code(), codes::INVALID_CALL),
        }
    }
}

type Read = Option<Result<Control, ipc_core::protocol::calls::InvalidControl>>;

fn read(event: &str, payload: &[u8]) -> Read {
    NodeFormat::v14().control(&Message::new(event, Some(Bytes::copy_from_slice(payload))))
}

/// What was read can be written, and is then read as the same.
fn is_written_again(control: &Control) {
    let format = NodeFormat::v14();
    let mut out = BytesMut::new();
    let raw = |message: &Message| {
        message.clone().into_payload().map(|payload| RawJson::new(payload).expect("it is JSON"))
    };
    let written = match control {
        Control::Call { number, left, credit, message } => {
            let integer = match number {
                Some(CallNumber::Integer(number)) => Some(*number),
                None => None,
                // This side asks with integers only.
                Some(_) => return,
            };
            let Some(args) = raw(message) else { return };
            let (method, credit) = (message.event(), *credit);
            let head = CallHead { number: integer, method, left: *left, credit };
            format.encode_call(&head, &args, &mut out)
        }
        Control::Cancel(CallNumber::Integer(number)) => {
            format.encode_signal(&Signal::Cancel(*number), &mut out)
        }
        Control::Credit(CallNumber::Integer(number), items) => {
            format.encode_signal(&Signal::Credit(*number, *items), &mut out)
        }
        Control::Answer { number, more, result } => match raw(result) {
            Some(result) => format.encode_answer(number, *more, &result, &mut out),
            None if !more => format.encode_signal(&Signal::End(number), &mut out),
            None => return,
        },
        Control::Failure { number, failure } => {
            format.encode_signal(&Signal::Failure(number, failure), &mut out)
        }
        _ => return,
    };
    written.expect("what was read can be written");
    let message = format.decode(out.freeze()).expect("it is a frame of node-ipc");
    let again = format.control(&message).expect("it is one of the two events");
    assert_same(control, &again.expect("it is as it has to be"));
}

fn assert_same(one: &Control, other: &Control) {
    let payload = |message: &Message| message.payload().map(<[u8]>::to_vec);
    match (one, other) {
        (
            Control::Call { number, left, credit, message },
            Control::Call { number: n, left: l, credit: c, message: m },
        ) => {
            assert_eq!((number, credit, message.event()), (n, c, m.event()));
            assert_eq!(payload(message), payload(m));
            // Whole milliseconds are sent, and never fewer than there are. A year is the most.
            match (left, l) {
                (Some(left), Some(l)) => {
                    let more = l.checked_sub(*left).expect("no less time");
                    assert!(more.as_micros() < 1000, "{left:?} became {l:?}");
                }
                (left, l) => assert_eq!(left, l),
            }
        }
        (Control::Cancel(number), Control::Cancel(n)) => assert_eq!(number, n),
        (Control::Credit(number, items), Control::Credit(n, i)) => {
            assert_eq!((number, items), (n, i));
        }
        (
            Control::Answer { number, more, result },
            Control::Answer { number: n, more: m, result: r },
        ) => {
            assert_eq!((number, more, payload(result)), (n, m, payload(r)));
        }
        (Control::Failure { number, failure }, Control::Failure { number: n, failure: f }) => {
            assert_eq!((number, failure), (n, f))
        }
        (one, other) => panic!("{one:?} became {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::control;

    #[test]
    fn every_prefix_of_every_seed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/control");
        let mut seeds = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let seed = fs::read(entry.unwrap().path()).unwrap();
            for end in 0..=seed.len() {
                control(&seed[..end]);
            }
            seeds += 1;
        }
        assert!(seeds >= 5, "{seeds}");
    }

    /// Objects of the members that calls and answers have, with values that fit and that do not.
    fn payloads() -> impl Strategy<Value = String> {
        let key = prop::sample::select(
            &["n", "call", "args", "ms", "stream", "cancel", "credit", "ok", "error", "more", "x"]
                [..],
        );
        let value = prop::sample::select(
            &[
                "1",
                "7",
                "0",
                "9007199254740991",
                "9007199254740992",
                "1.5",
                "2500.25",
                "1e300",
                "-1",
                "65535",
                "65536",
                "true",
                "false",
                "null",
                "\"m\"",
                "\"\"",
                "\"\\ud800\"",
                "\"\\u00e9\"",
                "[1, 2]",
                "{ }",
                "{\"code\":\"x\",\"message\":\"y\",\"data\":[1]}",
                "{\"code\":5}",
                "[",
            ][..],
        );
        let member = (key, value).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
    }

    /// Payloads in the form in which this format writes them, and nearly so.
    fn ordinary() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            "[1-9][0-9]{0,17}",
            "0|00|01|1\\.0|1e3|-1|9007199254740991|9007199254740992|\"a\"|\"1\"|null",
        ];
        let value = prop_oneof![
            "[0-9]{1,3}",
            " ?(1|-0|1\\.5e3|true|null|\"\"|\"é\\\\u12aF\"|\\[1, 2\\]|\\{\"n\":[0-9]\\}|\\{\\}|\\[) ?",
        ];
        let small = prop_oneof![
            "[0-9]{1,6}",
            "31536000000|31536000001|65535|65536|0|00|1\\.5|-1|null|9999999999999999|10000000000000000",
        ];
        let method = "\"([a-zé\\\\\"]{0,4}|a{255,258}|é{127,130})\"";
        let head = prop_oneof![
            4 => (number, method).prop_map(|(n, m)| format!("\"n\":{n},\"call\":{m}")),
            1 => method.prop_map(|m| format!("\"call\":{m}")),
            3 => "\"n\":[0-9]{1,3}",
        ];
        let more = "(,\"more\":(true|false|1|null))?( |\\}|,)?";
        let rest = (
            prop::option::of(("args|ok", value)),
            prop::option::weighted(0.4, ("ms|stream", small.clone())),
            prop::option::weighted(0.3, ("stream|ms|n|credit", small)),
            more,
        );
        (head, rest).prop_map(|(head, (one, two, three, more))| {
            let mut json = format!("{{{head}");
            for (key, value) in [one, two, three].into_iter().flatten() {
                json += &format!(",\"{key}\":{value}");
            }
            json + &more + "}"
        })
    }

    proptest! {
        #[test]
        fn ordinary_calls_and_answers(payload in ordinary()) {
            control(payload.as_bytes());
        }

        #[test]
        fn any_bytes(payload in prop::collection::vec(any::<u8>(), 0..80)) {
            control(&payload);
        }

        #[test]
        fn nearly_calls(payload in payloads()) {
            control(payload.as_bytes());
        }
    }
}
