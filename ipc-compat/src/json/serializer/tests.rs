//! The serialiser writes what `serde_json` writes.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;

use serde::ser::SerializeSeq;

use super::*;

#[track_caller]
fn check<T: Serialize + ?Sized>(payload: &T) {
    let mut out = BytesMut::new();
    write(payload, &mut out).unwrap();
    assert_eq!(String::from_utf8_lossy(&out), serde_json::to_string(payload).unwrap());
}

#[derive(Serialize)]
enum Kind {
    Unit,
    New(&'static str),
    Tuple(u8, &'static str),
    Struct { a: &'static str, b: Option<u8> },
}

#[derive(Serialize)]
struct New(Option<String>);

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Pair(&'static str, u8);

#[test]
fn texts() {
    check("a\"b");
    check(&'\n');
    check(&Some("a\nb"));
    check(&New(Some("x".to_owned())));
    check(&New(None));
    check(&Ipv4Addr::LOCALHOST);
    check(&json!("é"));
}

#[test]
fn all_that_is_no_text() {
    check(&true);
    check(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    check(&[u128::from(u64::MAX) + 1, 0]);
    check(&i8::MIN);
    check(&i16::MIN);
    check(&i32::MIN);
    check(&i64::MIN);
    check(&i128::MIN);
    check(&u8::MAX);
    check(&u16::MAX);
    check(&u32::MAX);
    check(&u64::MAX);
    check(&u128::MAX);
    check(&1.5_f32);
    check(&-0.0_f64);
    check(&f64::NAN);
    check(&());
    check(&None::<u8>);
    check(&Unit);
    check(&Pair("a", 1));
    check(&[Kind::Unit, Kind::New("x"), Kind::Tuple(1, "y")]);
    check(&Kind::Unit);
    check(&Kind::New("x"));
    check(&Kind::Tuple(1, "y"));
    check(&Kind::Struct { a: "z", b: None });
    check(&BTreeMap::from([(1, ["a", "b"]), (2, ["c", "d"])]));
    check(&json!({"a": [1, {"b": null}], "c": {}}));
}

#[derive(Serialize)]
struct Odd<'a> {
    #[serde(rename = "a\"\\\n")]
    quoted: u8,
    #[serde(rename = "")]
    empty: (),
    #[serde(rename = "a longer one, which goes on for more than thirty-two bytes")]
    long: [u8; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u8>,
    #[serde(flatten)]
    rest: BTreeMap<&'a str, u8>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Holder<'a> {
    #[serde(rename = "é")]
    raw: &'a RawValue,
    number: serde_json::Number,
    kinds: Vec<Ends>,
}

#[derive(Serialize)]
enum Ends {
    #[serde(rename = "\t")]
    Unit,
    #[serde(rename = "\"")]
    New(Option<Box<Self>>),
    Tuple(),
    Pair(Empty, Unit),
    Struct {},
    Full {
        #[serde(rename = "\u{1f}")]
        a: f64,
        b: Vec<Self>,
    },
}

#[test]
fn keys_of_structs() {
    let mut odd =
        Odd { quoted: 1, empty: (), long: [], skipped: None, rest: BTreeMap::from([("\"", 1)]) };
    check(&odd);
    odd.rest.clear();
    odd.skipped = Some(2);
    check(&[odd]);
    check(&Empty {});
    check(&(Empty {}, [(); 0], BTreeMap::<u8, u8>::new(), Vec::<u8>::new()));
}

#[test]
fn ends_within_each_other() {
    let raw = RawValue::from_string("[ 1 ]".to_owned()).unwrap();
    let number = serde_json::Number::from_f64(1.5e300).unwrap();
    let full = Ends::Full { a: f64::INFINITY, b: vec![Ends::Unit, Ends::Tuple(), Ends::Struct {}] };
    let kinds = vec![
        Ends::New(None),
        Ends::New(Some(Box::new(full))),
        Ends::Pair(Empty {}, Unit),
        Ends::New(Some(Box::new(Ends::Full { a: 1e-7, b: vec![] }))),
    ];
    check(&[Holder { raw: &raw, number, kinds }]);
}

#[test]
fn keys_of_maps() {
    check(&BTreeMap::from([(true, 1), (false, 2)]));
    check(&BTreeMap::from([('"', 1), ('é', 2)]));
    check(&BTreeMap::from([(i128::MIN, 1), (0, 2)]));
    check(&BTreeMap::from([(Some("a"), 1), (Some("b"), 2)]));
    check(&BTreeMap::from([(Ipv4Addr::LOCALHOST, BTreeMap::from([(1, ())]))]));
    check(&BTreeMap::from([("", ""), ("a\"\\\u{1}é", "\u{7f}")]));
}

struct Bytes(&'static [u8]);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[test]
fn bytes_are_a_list_of_numbers() {
    check(&Bytes(b""));
    check(&[Bytes(b"\0\"a\xff")]);
    check(&BTreeMap::from([("a", Bytes(b"1"))]));
}

#[test]
fn json_in_json_stays_what_it_is() {
    let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
    check(&raw("\"a\\u0041\""));
    check(&[raw("[1, \"b\"]"), raw("\"\\/\"")]);
    check(&BTreeMap::from([("a", raw("{ \"b\" : 1e400 }"))]));
}

#[test]
fn every_place_of_a_text() {
    let text = "a\"b\\c\nd\u{1}é".repeat(9);
    check(&(&text, [&text], Some(&text), text.chars().collect::<Vec<_>>()));
    check(&BTreeMap::from([(&text, BTreeMap::from([(&text, Some(&text))]))]));
    check(&[New(Some(text.clone())), New(None)]);
    check(&[Kind::New("a\"b"), Kind::Tuple(1, "\n"), Kind::Struct { a: "\\", b: None }]);
    check(&json!({ text.as_str(): [text, { "a": text }] }));
    check(&[Ipv4Addr::LOCALHOST]);
}

proptest! {
    #[test]
    fn any_text_anywhere(texts in prop::collection::vec(any::<String>(), 0..4), n in any::<f64>()) {
        check(&json!({"a": texts, "b": n, "c": [{"d": texts}]}));
        check(&texts);
    }
}

/// Any JSON.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let text = "([a-z é日😀\"\\\\\n\u{1f}]{0,40}|[a-z]{30,140})";
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<Option<bool>>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|all| json!(all)),
            prop::collection::btree_map(text, inner, 0..6).prop_map(|all| json!(all)),
        ]
    })
}

proptest! {
    #[test]
    fn any_value(value in value()) {
        check(&value);
    }
}

struct Broken;

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element("a")?;
        Err(serde::ser::Error::custom("no more"))
    }
}

#[test]
fn errors_are_those_of_serde_json() {
    #[track_caller]
    fn check<T: Serialize>(payload: &T) {
        let error = write(payload, &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.to_string(), serde_json::to_string(payload).unwrap_err().to_string());
    }

    check(&BTreeMap::from([([1], 2)]));
    check(&BTreeMap::from([(None::<u8>, 2)]));
    check(&BTreeMap::from([(vec![1], 2)]));
    check(&[BTreeMap::from([((), 2)])]);
    check(&Broken);
}
