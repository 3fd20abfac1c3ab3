//! The reader says what `serde_json` says, and knows what people send.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::agrees::{New, Pair, Struct, Tagged, reader_agrees};
use super::*;
use crate::json::scan::any_json;

/// It is read here, without `serde_json`'s having to be asked as a whole.
#[track_caller]
fn check<T: DeserializeOwned + PartialEq + std::fmt::Debug>(json: &str, value: T) {
    assert_eq!(read::<T>(json), Some(value), "{json}");
    assert_eq!(serde_json::from_str::<T>(json).ok(), read::<T>(json), "{json}");
    reader_agrees(json);
}

#[track_caller]
fn check_unread<T: DeserializeOwned + std::fmt::Debug>(json: &str) {
    assert!(read::<T>(json).is_none(), "{json}");
    reader_agrees(json);
}

#[test]
fn structs() {
    let c = vec![Struct { a: 2, b: Some("é".to_owned()), c: vec![] }];
    let json = r#"{"z":[{"y":"\n"},1e400],"c":[{"b":"é","a":2}],"a":-1,"b":null}"#;
    check(json, Struct { a: -1, b: None, c });
    check(r#" { "a" : 7 } "#, Struct { a: 7, b: None, c: vec![] });
    check(r#"[7,"x",[]]"#, Struct { a: 7, b: Some("x".to_owned()), c: vec![] });
    check(r#"{"\u0061":5}"#, Struct { a: 5, b: None, c: vec![] });
    check(r#"[5,"x"]"#, Pair(5, "x".to_owned()));
    check("[[3]]", [New(vec![3_u8])]);
}

#[test]
fn numbers() {
    check("0", 0_u8);
    check("-5", -5_i8);
    check("-9223372036854775808", i64::MIN);
    check("18446744073709551615", u64::MAX);
    check("999999999999999999", 999_999_999_999_999_999_i64);
    check(
        "[1,2.5,-1e3,123456789012345678901234567890]",
        vec![1.0, 2.5, -1e3, 1.234_567_890_123_456_8e29],
    );
    check("-0", Value::from(-0.0));
    check(" [ 1 , -2 ] ", json!([1, -2]));
    check("340282366920938463463374607431768211455", u128::MAX);
    for json in ["", "-", "01", "1.", "1e", "--1", "1 2", "+1", "0x1", "1,", "256"] {
        check_unread::<u8>(json);
    }
}

#[test]
fn texts_with_escapes() {
    check(r#""a\n\u00e9\ud83d\ude00""#, "a\né😀".to_owned());
    check(r#"{"a\tb":"\\"}"#, json!({"a\tb": "\\"}));
    check("\"x\"", 'x');
    check_unread::<String>(r#""\ud800""#);
    check_unread::<String>("\"a\nb\"");
    check_unread::<String>("\"a");
    check_unread::<String>("\"");
}

#[test]
fn enums() {
    check(r#""a""#, Tagged::A);
    check(r#"{"a":null}"#, Tagged::A);
    check(r#"{"b":5}"#, Tagged::B(5));
    check(r#"{ "c" : [5,"x"] }"#, Tagged::C(5, "x".to_owned()));
    check(r#"[{"x":{"a":1}},"a"]"#, vec![Tagged::X { a: Some(1) }, Tagged::A]);
    for json in [r#""b""#, r#"{"b":5,"a":null}"#, "{}", r#"{"d":1}"#, r#"{"b"}"#, "5"] {
        check_unread::<Tagged>(json);
    }
}

#[test]
fn maps_of_numbers() {
    check(r#"{"5":1,"-6":2}"#, std::collections::BTreeMap::from([(5_i8, 1), (-6, 2)]));
    for json in [r#"{" 5":1}"#, r#"{"5 ":1}"#, r#"{"":1}"#, r#"{"5.0":1}"#, r#"{"05":1}"#, "{5:1}"]
    {
        check_unread::<std::collections::BTreeMap<i8, u8>>(json);
    }
}

#[test]
fn depths_around_the_limit() {
    for depth in [1, 60, 61, 62, 63, 64, 126, 127, 128, 1000] {
        let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        reader_agrees(&json);
        reader_agrees(&format!("{{\"a\":{json}}}"));
        reader_agrees(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    }
    assert!(read::<Value>(&format!("{}{}", "[".repeat(62), "]".repeat(62))).is_some());
    assert!(read::<Value>(&format!("{}{}", "[".repeat(63), "]".repeat(63))).is_none());
}

/// JSON with names and values the types ask for.
fn likely() -> impl Strategy<Value = String> {
    let key = "\"(a|b|c|x|5|-6|true|é|\\\\u0061)\"";
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,2})(\\.5)?",
        key,
        "true|false|null|\"\"|\"[a-z]{0,40}\"|256|65536|4294967296|1e400",
    ];
    leaf.prop_recursive(4, 20, 4, move |inner| {
        let member = (key, inner.clone()).prop_map(|(key, json)| format!("{key}: {json}"));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn likely_json(json in likely()) {
        reader_agrees(&json);
        prop_assert_eq!(read::<Value>(&json), serde_json::from_str(&json).ok());
    }

    #[test]
    fn any_json_there_is(json in any_json()) {
        reader_agrees(&json);
        prop_assert_eq!(read::<Value>(&json), serde_json::from_str(&json).ok());
    }

    #[test]
    fn damaged_json(json in likely(), at in any::<prop::sample::Index>(), damage in "[\\[\\]{}:,\"\\\\ 0-]?") {
        let at = at.index(json.len());
        let behind = json.get(at + 1..).unwrap_or_default();
        reader_agrees(&format!("{}{damage}{behind}", json.get(..at).unwrap_or_default()));
    }

    #[test]
    fn any_text(text in any::<String>(), words in "([\\[\\]{}:,\"\\\\ ]|\"a\"|1|-0|2e5|true|null|é){0,20}") {
        reader_agrees(&text);
        reader_agrees(&words);
    }
}
