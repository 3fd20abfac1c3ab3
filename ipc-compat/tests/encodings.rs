//! Text, lists and bytes under every encoding: what Node's `Buffer` made of them, recorded, against
//! what we make of them.
#![expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")]

use std::collections::BTreeMap;
use std::fmt;

use ipc_compat::{Encoding, RawData};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Text as JavaScript has it: with half surrogate pairs, if there are any.
#[derive(Debug, PartialEq, Eq)]
struct Units(Vec<u16>);

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A string that is asked for as bytes may have them, as UTF-8 would write them.
        deserializer.deserialize_bytes(UnitsVisitor)
    }
}

struct UnitsVisitor;

impl Visitor<'_> for UnitsVisitor {
    type Value = Units;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, mut bytes: &[u8]) -> Result<Units, E> {
        let mut units = Vec::new();
        while let Some((&first, rest)) = bytes.split_first() {
            let length = match first {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            let bits = [0, 0x7f, 0x1f, 0x0f, 0x07][length];
            let begin = u32::from(first & bits);
            let letter =
                rest[..length - 1].iter().fold(begin, |n, byte| n << 6 | u32::from(byte & 0x3f));
            match char::from_u32(letter) {
                Some(letter) => units.extend_from_slice(letter.encode_utf16(&mut [0; 2])),
                None => units.push(u16::try_from(letter).expect("half a pair")),
            }
            bytes = &bytes[length..];
        }
        Ok(Units(units))
    }
}

#[derive(Debug, Default)]
struct Seen(BTreeMap<String, usize>);

impl Seen {
    fn add(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

// Tests W90 and W91
#[test]
fn recorded_bytes_and_texts_are_ours() {
    let recorded = include_str!("../testdata/encodings.jsonl");
    let mut seen = Seen::default();
    for line in recorded.lines() {
        let parts: Vec<&RawValue> = serde_json::from_str(line).expect("a list");
        let text = |at: usize| -> String { serde_json::from_str(parts[at].get()).expect("text") };
        let kind = text(0);
        if kind == "list" {
            let list: Value = serde_json::from_str(parts[1].get()).expect("a list");
            let data = RawData::try_from(&list).expect("a list is bytes");
            assert_eq!(hex(&data.to_bytes(Encoding::Utf8)), text(2), "{line}");
            seen.add("list");
            continue;
        }
        let encoding: Encoding = text(1).parse().expect("an encoding");
        seen.add(&format!("{kind} {encoding}"));
        if kind == "from" {
            let Units(units) = serde_json::from_str(parts[2].get()).expect("text");
            assert_eq!(hex(&encoding.to_bytes_utf16(&units)), text(3), "{line}");
            if let Ok(text_of) = String::from_utf16(&units) {
                assert_eq!(hex(&encoding.to_bytes(&text_of)), text(3), "{line}");
                let data = RawData::from(&text_of);
                assert_eq!(hex(&data.to_bytes(encoding)), text(3), "{line}");
            }
        } else {
            let Units(units) = serde_json::from_str(parts[3].get()).expect("text");
            let expected = String::from_utf16_lossy(&units);
            assert_eq!(encoding.to_text(&unhex(&text(2))), expected, "{line}");
        }
    }
    // Every kind is there in numbers.
    assert_eq!(seen.0.len(), 15, "{seen:?}");
    assert!(seen.0.values().all(|count| *count >= 200), "{seen:?}");
}

// Tests W91
#[test]
fn every_kind_of_list_is_bytes() {
    #[track_caller]
    fn check<'a>(data: impl Into<RawData<'a>>, expected: &[u8]) {
        assert_eq!(*data.into().to_bytes(Encoding::Hex), *expected);
    }
    check([10, 300, -1], b"\x0a\x2c\xff");
    check([0x0d, 0xee].as_slice(), b"\x0d\xee");
    check([10.0, 300.0, -1.0, 1.9, f64::NAN], b"\x0a\x2c\xff\x01\x00");
    check([1_i64 << 40, -(1_i64 << 40) - 2], b"\x00\xfe");
    check(b"abc", b"abc");
    check(vec![1_u8, 2], b"\x01\x02");
    check([1_u8, 2], b"\x01\x02");
    check(bytes::Bytes::from_static(b"x"), b"x");
    check("0a0b0", b"\x0a\x0b");
    check(String::from("0a"), b"\x0a");
}

#[test]
fn json_that_no_buffer_is_made_of_is_refused() {
    let buffer = serde_json::json!({"type": "Buffer", "data": [1, 300]});
    assert_eq!(RawData::try_from(&buffer), Ok(RawData::from([1, 300])));
    for value in ["5", "null", "true", "{}", r#"{"data":[1]}"#, r#"{"type":"Buffer","data":"x"}"#] {
        let value: Value = serde_json::from_str(value).expect("JSON");
        let error = RawData::try_from(&value).expect_err("not bytes");
        assert_eq!(error.code(), ipc_compat::codes::INVALID_DATA);
    }
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Utf8),
        Just(Encoding::Ascii),
        Just(Encoding::Latin1),
        Just(Encoding::Utf16Le),
        Just(Encoding::Base64),
        Just(Encoding::Base64Url),
        Just(Encoding::Hex),
    ]
}

proptest! {
    // Tests W93
    #[test]
    fn bytes_survive_the_encodings_that_can_hold_them(
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        for encoding in [Encoding::Latin1, Encoding::Base64, Encoding::Base64Url, Encoding::Hex] {
            prop_assert_eq!(encoding.to_bytes(&encoding.to_text(&bytes)), &bytes[..]);
        }
    }

    #[test]
    fn text_survives_the_encodings_that_can_hold_it(text in any::<String>()) {
        for encoding in [Encoding::Utf8, Encoding::Utf16Le] {
            prop_assert_eq!(encoding.to_text(&encoding.to_bytes(&text)), &text[..]);
        }
    }

    #[test]
    fn text_and_its_units_are_the_same(encoding in any_encoding(), text in any::<String>()) {
        let units: Vec<u16> = text.encode_utf16().collect();
        prop_assert_eq!(encoding.to_bytes(&text), encoding.to_bytes_utf16(&units));
    }

    #[test]
    fn no_more_bytes_come_out_than_the_text_has_room_for(
        encoding in any_encoding(),
        units in proptest::collection::vec(any::<u16>(), 0..200),
    ) {
        let most = match encoding {
            Encoding::Hex => units.len() / 2,
            Encoding::Base64 | Encoding::Base64Url => units.len() * 3 / 4,
            Encoding::Utf8 => units.len() * 3,
            Encoding::Utf16Le => units.len() * 2,
            _ => units.len(),
        };
        prop_assert!(encoding.to_bytes_utf16(&units).len() <= most);
    }
}
