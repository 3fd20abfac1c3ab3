//! What is read is what `serde_json` reads; what it is not sure of it leaves alone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{LONG, SHORT};

fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    super::read(json, PhantomData::<T>)
}

/// Compares what is read with what `serde_json` reads, and returns whether anything was.
#[track_caller]
fn agrees<T: DeserializeOwned + PartialEq + Debug>(json: &str) -> bool {
    let expected = serde_json::from_str::<T>(json);
    let read = read::<T>(json);
    let is_read = read.is_some();
    if let Some(read) = read {
        assert_eq!(read, expected.unwrap_or_else(|error| panic!("{error}: {json}")));
    }
    is_read
}

fn long() -> String {
    "The quick brown fox; ".repeat(40)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    number: u64,
    text: String,
    title: Option<String>,
    kind: Kind,
    author: Name,
    #[serde(default)]
    marks: Vec<f64>,
    parent: Option<Box<Self>>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Other(u8),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Name(String);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Tagged {
    Text { text: String },
}

fn page(text: &str) -> Value {
    json!({
        "number": 7, "text": text, "title": "a title", "kind": "Plain", "author": "somebody",
        "marks": [0.1, -2e10], "parent": null, "more": {"a": [true, null]}, "last": false,
    })
}

/// A value in the object is one deeper than by itself.
#[test]
fn what_is_too_deep_for_serde_json_is_left_alone() {
    let read = |depth| {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        agrees::<Value>(&format!(r#"{{"text":"{}","deep":{deep}}}"#, long()))
    };
    assert!(read(60) && !read(127) && !read(128));
    for depth in 61..127 {
        read(depth);
    }
}

#[test]
fn an_object_with_long_text_is_read_as_any_type() {
    let json = page(&long()).to_string();
    assert!(agrees::<Value>(&json));
    assert!(agrees::<Page>(&json));
    assert!(agrees::<Option<Page>>(&json));
    assert!(agrees::<BTreeMap<String, Value>>(&json));
    let tagged = json!({"kind": "Text", "of": {"text": "short"}, "ignored": long()}).to_string();
    assert!(agrees::<Tagged>(&tagged));
    let texts = json!({"a": long(), "b": "ä€", "c": ""}).to_string();
    assert!(agrees::<BTreeMap<String, String>>(&texts));
    assert!(agrees::<BTreeMap<String, Cow<'static, str>>>(&texts));
}

#[test]
fn white_space_is_read() {
    let json = format!(" {{ \"a\" : \"{}\" ,\n\"b\":\t[ 1 ] \r}} ", long());
    assert!(agrees::<Value>(&json));
}

/// Asserts that `json` is left alone, whatever `serde_json` says.
#[track_caller]
fn is_left_alone<T: DeserializeOwned>(json: &str) {
    assert!(json.len() >= LONG, "{json}");
    assert!(read::<T>(json).is_none(), "{json}");
}

#[test]
fn what_is_not_ordinary_is_left_alone() {
    let text = long();
    // Escapes, in a text or a name.
    is_left_alone::<Value>(&format!(r#"{{"a":"{text}\n"}}"#));
    is_left_alone::<Value>(&format!(r#"{{"\u0061":"{text}"}}"#));
    // No object, or no type that is one.
    is_left_alone::<Value>(&format!(r#"["{text}"]"#));
    is_left_alone::<String>(&format!(r#""{text}""#));
    is_left_alone::<Vec<String>>(&format!(r#"{{"a":"{text}"}}"#));
    is_left_alone::<()>(&format!(r#"{{"a":"{text}"}}"#));
    // `serde_json` hides in it what it is made of.
    is_left_alone::<Box<RawValue>>(&format!(r#"{{"a":"{text}"}}"#));
    is_left_alone::<BTreeMap<String, Box<RawValue>>>(&format!(r#"{{"a":"{text}"}}"#));
    // Names that `serde_json` reads as numbers.
    is_left_alone::<BTreeMap<u32, String>>(&format!(r#"{{"1":"{text}"}}"#));
    // Long lists and objects.
    let list = vec![1; SHORT];
    is_left_alone::<Value>(&json!({"a": list, "b": text}).to_string());
    // A text where another type is expected.
    is_left_alone::<BTreeMap<String, u32>>(&format!(r#"{{"a":"{text}"}}"#));
    is_left_alone::<BTreeMap<String, Vec<u8>>>(&format!(r#"{{"a":"{text}"}}"#));
}

#[test]
fn what_is_not_json_is_left_alone() {
    let text = long();
    for wrong in [
        r#"{"a":"T""#,
        r#"{"a":"T"}}"#,
        r#"{"a":"T",}"#,
        r#"{,"a":"T"}"#,
        r#"{"a":"T" "b":1}"#,
        r#"{"a":"T","b"}"#,
        r#"{"a":"T","b":}"#,
        r#"{"a":"T","b":01}"#,
        r#"{"a":"T","b":1 2}"#,
        r#"{"a":"T","b":[1}"#,
        r#"{"a":"T","b":tru}"#,
        r#"{"a":"T
"}"#,
        r#"{"a":"T"} x"#,
        r#"{"a" "T"}"#,
        r#"{a:"T"}"#,
        r#"{"a":"T",1:2}"#,
    ] {
        let json = wrong.replace('T', &text);
        assert!(serde_json::from_str::<Value>(&json).is_err(), "{json}");
        is_left_alone::<Value>(&json);
        is_left_alone::<BTreeMap<String, serde::de::IgnoredAny>>(&json);
    }
}

#[test]
fn a_short_object_is_left_alone() {
    let with = |len: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(len - r#"{"a":""}"#.len()));
    assert!(read::<Value>(&with(LONG - 1)).is_none());
    assert!(agrees::<Value>(&with(LONG)));
    assert!(agrees::<Value>(&with(LONG + 1)));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~äß€\u{1f600}]{0,300}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,9}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_object_is_read_as_serde_json_reads_it(
        members in prop::collection::btree_map("[a-zä ]{0,9}", value(), 0..6),
        pretty in any::<bool>(),
    ) {
        let mut members: serde_json::Map<_, _> = members.into_iter().collect();
        members.insert("text".to_owned(), long().into());
        let value = Value::Object(members);
        let json = if pretty { format!("{value:#}") } else { value.to_string() };
        agrees::<Value>(&json);
        agrees::<Page>(&json);
        agrees::<BTreeMap<String, Value>>(&json);
    }

    #[test]
    fn what_is_read_of_broken_json_is_what_serde_json_reads(
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"\"\\{}[]:,0eE+-. \n\x01atn"[..]),
        removed in 0..2_usize,
    ) {
        let mut bytes = page(&long()).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..at + removed, [byte]);
        let json = String::from_utf8(bytes).unwrap();
        agrees::<Value>(&json);
        agrees::<Page>(&json);
        agrees::<BTreeMap<String, Value>>(&json);
    }
}
