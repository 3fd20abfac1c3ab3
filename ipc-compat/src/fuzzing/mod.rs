//! The bodies of the fuzz targets: what must hold for every frame that a peer can send.

mod control;
mod layouts;
mod presumed;

pub use control::control;
pub use layouts::layouts;

use bytes::{Bytes, BytesMut};
use ipc_codec::Delimiter;
use ipc_core::{DecodePayload, EncodePayload, FormatError, Message, MessageFormat};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::json::scan::{MAX_DEPTH, is_json};
use crate::json::surrogates::replace_lone_surrogates;
use crate::json::{serializer, string};
use crate::wire::{Envelope, Name, by_visitor, ordinary};
use crate::{BrokenText, EventRules, NodeFormat, RawJson, codes};

/// Checks everything that must hold for `frame`.
///
/// # Panics
///
/// If it does not hold.
pub fn envelope(frame: &[u8]) {
    let text = String::from_utf8_lossy(frame);
    let decoded = decode(&open(), frame);
    agrees_with_oracle(&text, &decoded);
    scanners_agree(&text);
    scan_agrees(frame);
    scan_agrees(text.as_bytes());
    writing_agrees(&text);
    strictness_only_refuses(frame, &text, &decoded);
    presumed::presuming_agrees(frame, &decoded);
    if let Ok(message) = &decoded {
        is_written_again(message);
        delimiter_is_averted(message);
    }
}

/// The oracle: `serde_json`'s own tree. It cannot represent half surrogate pairs, so it gets
/// none, and it does not judge deep nesting and numbers out of range, which it cannot represent.
fn agrees_with_oracle(text: &str, decoded: &Result<Message, FormatError>) {
    let expected = match serde_json::from_str::<Value>(&replace_lone_surrogates(text)) {
        Err(error) if error.to_string().contains("recursion limit") => return,
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(_) => Err(codes::INVALID_JSON),
        Ok(Value::Object(mut members)) => match members.remove("type") {
            Some(Value::String(name)) => Ok((name, members.remove("data"))),
            _ => Err(codes::INVALID_EVENT),
        },
        Ok(_) => Err(codes::INVALID_MESSAGE),
    };
    let actual = match decoded {
        Ok(message) => {
            let data = message.payload().map(|_| open().decode_payload(message));
            let data = data.transpose().expect("the oracle could read the payload");
            Ok((message.event().to_owned(), data))
        }
        Err(error) => Err(error.code()),
    };
    assert_eq!(actual, expected);
}

fn scanners_agree(text: &str) {
    if let Some((name, data)) = ordinary(text.as_bytes()) {
        let envelope = Envelope { name: Name::InFrame(name), data: Some(data) };
        assert_eq!(by_visitor(text, BrokenText::Replace).as_ref(), Ok(&envelope));
        assert_eq!(by_visitor(text, BrokenText::Refuse), Ok(envelope));
    }
}

/// The scan over bytes says what `serde_json` says when it skips a value, but for what is nested
/// deep.
pub(crate) fn scan_agrees(bytes: &[u8]) {
    let expected =
        std::str::from_utf8(bytes).is_ok() && serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    let brackets = bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if is_json(bytes) != expected {
        assert!(expected && brackets > MAX_DEPTH, "{}", bytes.escape_ascii());
    }
}

/// Texts and values are written as `serde_json` writes them.
pub(crate) fn writing_agrees(text: &str) {
    let mut out = BytesMut::new();
    string::write(text, &mut out);
    string::write_key(b',', text, &mut out);
    let expected = serde_json::to_string(text).expect("a text has JSON");
    assert_eq!(out, format!("{expected},{expected}:"));
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        out.clear();
        serializer::write(&value, &mut out).expect("a value has JSON");
        assert_eq!(out, value.to_string());
    }
}

fn strictness_only_refuses(frame: &[u8], text: &str, decoded: &Result<Message, FormatError>) {
    let strict_text = decode(&open().with_broken_text(BrokenText::Refuse), frame);
    match (&strict_text, decoded) {
        (Ok(strict), Ok(open)) => assert!(same(strict, open)),
        (Ok(_), Err(_)) => panic!("refusing broken text accepts more"),
        (Err(strict), Err(open)) if std::str::from_utf8(frame).is_ok() => {
            // With broken text in the name, either complaint may come first.
            assert!(strict == open || strict.code() == codes::INVALID_EVENT);
        }
        (Err(_), Err(_)) => {}
        (Err(_), Ok(_)) => {
            let broken =
                std::str::from_utf8(frame).is_err() || replace_lone_surrogates(text) != text;
            assert!(broken, "unbroken text is refused");
        }
    }
    let guarded = decode(&open().with_event_rules(EventRules::guarded()), frame);
    match (&guarded, decoded) {
        (Ok(guarded), Ok(open)) => assert!(same(guarded, open)),
        (Err(guarded), Err(open)) => assert_eq!(guarded, open),
        (Ok(_), Err(_)) => panic!("guarding accepts more"),
        (Err(guarded), Ok(message)) => {
            assert_eq!(EventRules::guarded().check(message.event()).as_ref(), Err(guarded));
        }
    }
}

/// A message that is sent on is the same message.
fn is_written_again(message: &Message) {
    let Ok(data) = DecodePayload::<RawJson>::decode_payload(&open(), message) else {
        return;
    };
    let mut frame = BytesMut::new();
    open().encode(message.event(), &data, &mut frame).expect("a message that came can be sent");
    let again = decode(&open(), &frame).expect("a message that was sent can be received");
    assert!(same(message, &again));
    assert!(!frame.contains(&0x0c) || data.as_bytes().contains(&0x0c));
}

/// No frame holds a delimiter that the format accepted, and it still means the same.
fn delimiter_is_averted(message: &Message) {
    let Ok(data) = DecodePayload::<RawJson>::decode_payload(&open(), message) else {
        return;
    };
    for delimiter in ["\n", "\r\n", "|", "ype", "x", "é", "\u{7f}", "--END--"] {
        let delimiter = Delimiter::new(delimiter).expect("it is short");
        let format = open().with_delimiter(delimiter.clone()).expect("it can be averted");
        let mut frame = BytesMut::new();
        format.encode(message.event(), &data, &mut frame).expect("a message that came can be sent");
        let mut windows = frame.windows(delimiter.as_bytes().len());
        assert!(!windows.any(|window| window == delimiter.as_bytes()), "{delimiter} in {frame:?}");

        let again = decode(&open(), &frame).expect("a message that was sent can be received");
        assert_eq!(again.event(), message.event());
        let values: [Result<Value, _>; 2] = [message, &again].map(|m| open().decode_payload(m));
        if let [Ok(one), Ok(other)] = values {
            assert_eq!(one, other);
        }
    }
}

/// The open format; a frame of the fuzzer's is never too long for it.
fn open() -> NodeFormat {
    let rules = EventRules::open().with_max_length(usize::MAX);
    NodeFormat::classic().with_event_rules(rules)
}

fn decode(format: &NodeFormat, frame: &[u8]) -> Result<Message, FormatError> {
    format.decode(Bytes::copy_from_slice(frame))
}

fn same(one: &Message, other: &Message) -> bool {
    one.event() == other.event() && one.payload() == other.payload()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_seed_and_every_beginning_of_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/envelope");
        let mut seeds = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let seed = fs::read(entry.unwrap().path()).unwrap();
            (0..=seed.len()).for_each(|end| envelope(&seed[..end]));
            seeds += 1;
        }
        assert!(seeds >= 5, "only {seeds} seeds");
    }

    #[test]
    fn every_recorded_frame_and_every_beginning_of_it() {
        let table: Value =
            serde_json::from_str(include_str!("../../testdata/envelopes.json")).unwrap();
        for row in table["frames"].as_array().unwrap() {
            let Some(frame) = row["frame"].as_str() else { continue };
            for end in 0..=frame.len() {
                envelope(&frame.as_bytes()[..end]);
            }
        }
    }

    #[test]
    fn deep_frames() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for depth in [1, 127, 128, 129, 100_000] {
                let inner = if close == "}" { "1" } else { "" };
                let value = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                envelope(format!("{{\"type\":\"m\",\"data\":{value}}}").as_bytes());
                envelope(format!("{{\"x\":{value},\"type\":\"m\",\"data\":1}}").as_bytes());
                envelope(format!("{{\"type\":{value}}}").as_bytes());
                envelope(&value.as_bytes()[..value.len() - 1]);
            }
        }
    }

    /// Members of an envelope, right ones and wrong ones.
    fn frames() -> impl Strategy<Value = String> {
        let key = prop::sample::select(
            &[
                "\"type\"",
                "\"data\"",
                "\"x\"",
                "\"\\u0074ype\"",
                "\"d\\u0061ta\"",
                "\"\\ud800\"",
                "\"\"",
                "type",
                "\"type",
                "5",
            ][..],
        );
        let value = prop::sample::select(
            &[
                "\"m\"",
                "\"\"",
                "\"a|b\"",
                "\"--END--\"",
                "\"é\"",
                "\"\\u00e9|\"",
                "\"\\ud800\"",
                "\"\\ud83d\\ude00\"",
                "\"\\\\|\"",
                "\"a\\",
                "5",
                "-0",
                "1e400",
                "1e5",
                "null",
                "true",
                "{}",
                "[1,\n2]",
                "{\"a\":\r\n[\"x\"]}",
                "{\"type\":\"n\",\"data\":2}",
                "[",
                "}",
                "",
                "{}}",
            ][..],
        );
        let space = prop::sample::select(&["", "", "", " ", "\n", "\r\n\t", "\u{a0}", "\0"][..]);
        let member = (key, space.clone(), value, space)
            .prop_map(|(key, before, value, after)| format!("{key}{before}:{after}{value}"));
        prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
    }

    proptest! {
        #[test]
        fn any_bytes(frame in prop::collection::vec(any::<u8>(), 0..80)) {
            envelope(&frame);
        }

        #[test]
        fn nearly_envelopes(frame in frames()) {
            envelope(frame.as_bytes());
        }

        #[test]
        fn damaged_envelopes(
            frame in frames(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            insert in any::<bool>(),
        ) {
            let mut frame = frame.into_bytes();
            let at = at.index(frame.len());
            if insert { frame.insert(at, byte) } else { frame[at] = byte }
            envelope(&frame);
        }

        #[test]
        fn ordinary_envelopes(name in any::<String>(), text in any::<String>()) {
            let mut frame = BytesMut::new();
            open().encode(&name, &text, &mut frame).unwrap();
            envelope(&frame);
            let message = decode(&open(), &frame).unwrap();
            prop_assert_eq!(message.event(), name);
            let expected = if text.is_empty() { Value::Object(Default::default()) } else { text.into() };
            prop_assert_eq!(open().decode_payload(&message), Ok(expected));
        }
    }
}
