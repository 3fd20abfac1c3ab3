//! What must hold for any text: the reader returns what `serde_json` does, or nothing.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;

use super::read;

/// Checks that `json` reads the same as the types below.
///
/// # Panics
///
/// If it does not.
pub(crate) fn reader_agrees(json: &str) {
    as_type::<Value>(json);
    as_type::<IgnoredAny>(json);
    as_type::<Box<RawValue>>(json);
    as_type::<BTreeMap<String, Box<RawValue>>>(json);
    as_type::<(bool, Option<bool>)>(json);
    as_type::<(i8, i16, i32, i64)>(json);
    as_type::<[u8; 4]>(json);
    as_type::<Vec<i64>>(json);
    as_type::<Vec<u64>>(json);
    as_type::<Vec<(u16, u32)>>(json);
    as_type::<Vec<f64>>(json);
    as_type::<Vec<f32>>(json);
    as_type::<Vec<i128>>(json);
    as_type::<u128>(json);
    as_type::<f64>(json);
    as_type::<String>(json);
    as_type::<char>(json);
    as_type::<Option<Value>>(json);
    as_type::<Vec<Option<()>>>(json);
    as_type::<BTreeMap<String, Value>>(json);
    as_type::<BTreeMap<Option<String>, Option<Value>>>(json);
    as_type::<BTreeMap<i8, Value>>(json);
    as_type::<BTreeMap<u64, Value>>(json);
    as_type::<BTreeMap<bool, Value>>(json);
    as_type::<BTreeMap<char, Value>>(json);
    as_type::<BTreeMap<New<u16>, Value>>(json);
    as_type::<BTreeMap<Tagged, Value>>(json);
    as_type::<Struct>(json);
    as_type::<Vec<Struct>>(json);
    as_type::<Strict>(json);
    as_type::<Flat>(json);
    as_type::<New<New<Option<Struct>>>>(json);
    as_type::<Pair>(json);
    as_type::<Vec<Tagged>>(json);
    as_type::<Tagged>(json);
    as_type::<Untagged>(json);
    as_type::<Vec<Untagged>>(json);
    as_type::<InternallyTagged>(json);
    as_type::<Text>(json);
}

fn as_type<T: DeserializeOwned + Debug>(json: &str) {
    if let Some(value) = read::<T>(json) {
        let expected = serde_json::from_str::<T>(json);
        let same =
            matches!(&expected, Ok(expected) if format!("{value:?}") == format!("{expected:?}"));
        assert!(same, "{json} is {value:?}, not {expected:?}");
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct New<T>(pub(super) T);

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Pair(pub(super) u8, pub(super) String);

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Struct {
    pub(super) a: i32,
    #[serde(default)]
    pub(super) b: Option<String>,
    #[serde(default)]
    pub(super) c: Vec<Self>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strict {
    #[expect(dead_code, reason = "Debug shows it")]
    a: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Flat {
    #[expect(dead_code, reason = "Debug shows it")]
    a: Option<u8>,
    #[serde(flatten)]
    #[expect(dead_code, reason = "Debug shows it")]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tagged {
    A,
    B(u8),
    C(u8, String),
    X { a: Option<i32> },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "Debug shows it")]
enum Untagged {
    Number(i16),
    Float(f64),
    Struct(Struct),
    List(Vec<Self>),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "a")]
#[expect(dead_code, reason = "Debug shows it")]
enum InternallyTagged {
    A,
    B { b: HashMap<u8, u8> },
}

/// What takes bytes as well as text.
#[derive(Debug)]
struct Text(#[expect(dead_code, reason = "Debug shows it")] Vec<u8>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Text;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(bytes.to_vec()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Text(bytes))
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}
