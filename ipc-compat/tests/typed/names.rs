//! Which types have events, and which: what is known of them before there is a value.

use std::collections::HashMap;
use std::net::IpAddr;

use ipc_compat::NodeFormat;
use ipc_core::{DecodeEvent, EncodeEvent, EventNames, FormatError, MsgPack, NotAnEnum};
use serde::{Deserialize, Deserializer, Serialize};

use crate::every::{Every, Inner};

fn names<E>() -> Result<EventNames, NotAnEnum>
where
    NodeFormat: DecodeEvent<E>,
    MsgPack: DecodeEvent<E>,
{
    let json = <NodeFormat as DecodeEvent<E>>::event_names();
    assert_eq!(<MsgPack as DecodeEvent<E>>::event_names(), json);
    json
}

#[test]
fn all_names_are_known_with_their_aliases() {
    let names = names::<Every>().unwrap();
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "Alone",
            "Any",
            "EmptyStruct",
            "EmptyTuple",
            "Enum",
            "Flat",
            "Maybe",
            "Move",
            "Nothing",
            "Optional",
            "Pair",
            "Struct",
            "Text",
            "Unit",
            "Unknown",
            "app.alias",
            "app.renamed",
        ]
    );
    assert!(names.takes_others());
    assert!(names.contains("Move"));
    assert!(!names.contains("move") && !names.contains("") && !names.contains("Renamed"));
}

#[test]
fn without_a_variant_for_others_there_are_no_others() {
    let names = names::<Inner>().unwrap();
    assert_eq!(names, EventNames::new(&["B", "A", "B"], false));
    assert_eq!(names.iter().len(), 2);
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only the names are asked for")]
enum Kebab {
    TheFirst(u8),
    #[serde(skip)]
    Hidden,
    #[serde(skip_deserializing)]
    OnlySent,
    TheSecond,
}

#[derive(Debug, Deserialize, Serialize)]
struct Wrapped(Inner);

#[derive(Deserialize)]
#[serde(transparent)]
#[allow(dead_code, reason = "only the names are asked for")]
struct Transparent {
    inner: Inner,
}

#[derive(Deserialize)]
#[serde(from = "Inner")]
struct From_;

impl From<Inner> for From_ {
    fn from(_: Inner) -> Self {
        Self
    }
}

#[derive(Deserialize)]
enum Never {}

/// A name that is kept, which a derived enum cannot do.
enum Named {
    Known,
    Other(String),
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Named;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an event")
            }

            fn visit_enum<A: serde::de::EnumAccess<'de>>(
                self,
                access: A,
            ) -> Result<Named, A::Error> {
                let (name, content): (String, _) = access.variant()?;
                serde::de::VariantAccess::unit_variant(content)?;
                Ok(if name == "known" { Named::Known } else { Named::Other(name) })
            }
        }
        deserializer.deserialize_enum("Named", &["known"], Visitor)
    }
}

#[test]
fn what_serde_reads_as_name_and_content_has_events() {
    let two = EventNames::new(&["the-first", "the-second"], false);
    assert_eq!(names::<Kebab>().unwrap(), two);
    let inner = EventNames::new(&["A", "B"], false);
    assert_eq!(names::<Wrapped>().unwrap(), inner);
    assert_eq!(names::<Transparent>().unwrap(), inner);
    assert_eq!(names::<From_>().unwrap(), inner);
    assert_eq!(names::<Box<Inner>>().unwrap(), inner);
    assert_eq!(names::<Never>().unwrap(), EventNames::new(&[], false));
    assert_eq!(names::<Named>().unwrap(), EventNames::new(&["known"], true));
    let format = NodeFormat::classic();
    let read = |event: &'static str| format.decode_event(&ipc_core::Message::new(event, None));
    assert!(matches!(read("known"), Ok(Named::Known)));
    assert!(matches!(read("else"), Ok(Named::Other(name)) if name == "else"));
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data")]
enum Adjacent {
    A(u8),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type")]
enum Internal {
    A { x: u8 },
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Untagged {
    A(u8),
}

#[derive(Debug, Deserialize, Serialize)]
enum Mixed {
    A(u8),
    #[serde(untagged)]
    B(String),
}

#[derive(Debug, Deserialize, Serialize)]
struct Struct {
    x: u8,
}

#[derive(Debug, Deserialize, Serialize)]
struct Unit;

#[derive(Debug, Deserialize, Serialize)]
struct Tuple(u8, u8);

#[test]
fn what_is_no_plain_enum_is_an_error_that_names_the_type() {
    macro_rules! check {
        ($($type:ty, $name:literal: $found:literal;)*) => {$(
            let error = names::<$type>().unwrap_err();
            assert_eq!(error.code(), "not_an_enum");
            assert!(error.type_name.ends_with($name), "{error:?}");
            assert!(error.found.starts_with($found), "{error:?}");
            let text = error.to_string();
            assert!(text.contains(error.type_name) && text.contains(error.found), "{text}");
        )*};
    }
    check! {
        Adjacent, "names::Adjacent": "a struct, such as an adjacently tagged enum";
        Internal, "names::Internal": "a value of any kind, such as an untagged or internally tagged";
        Untagged, "names::Untagged": "a value of any kind, such as an untagged or internally tagged";
        Mixed, "names::Mixed": "a value of any kind, such as an untagged or internally tagged";
        Option<Inner>, "Option<typed::every::Inner>": "an option";
        Struct, "names::Struct": "a struct";
        Unit, "names::Unit": "a unit";
        Tuple, "names::Tuple": "a tuple";
        u8, "u8": "a number";
        i128, "i128": "a number";
        f64, "f64": "a number";
        bool, "bool": "a boolean";
        char, "char": "a character";
        String, "String": "text";
        (), "()": "a unit";
        (u8, u8), "(u8, u8)": "a tuple";
        Vec<Inner>, "Vec<typed::every::Inner>": "a sequence";
        HashMap<String, Inner>, "HashMap<alloc::string::String, typed::every::Inner>": "a map";
        serde_json::Value, "Value": "a value of any kind";
    }
}

/// An address is an enum in binary formats, and text in others.
#[test]
fn some_types_are_enums_in_one_format_only() {
    assert_eq!(<NodeFormat as DecodeEvent<IpAddr>>::event_names().unwrap_err().found, "text");
    let names = <MsgPack as DecodeEvent<IpAddr>>::event_names().unwrap();
    assert_eq!(names, EventNames::new(&["V4", "V6"], false));
}

fn name<E>(event: &E) -> Result<String, FormatError>
where
    NodeFormat: EncodeEvent<E>,
    MsgPack: EncodeEvent<E>,
{
    let json = <NodeFormat as EncodeEvent<E>>::event_name(event).map(str::to_owned);
    let msgpack = <MsgPack as EncodeEvent<E>>::event_name(event).map(str::to_owned);
    match (&json, &msgpack) {
        (Err(json), Err(msgpack)) => {
            // Each format has its own codes.
            assert_eq!(json.message(), msgpack.message());
            let code = msgpack.code().to_ascii_uppercase();
            assert_eq!(json.code(), format!("ERR_IPC_{code}"));
        }
        _ => assert_eq!(json, msgpack),
    }
    msgpack
}

#[derive(Serialize)]
enum Sent {
    #[serde(rename = "app.sent")]
    Renamed(u8),
    #[serde(skip_serializing)]
    Kept,
    Tuple(u8, u8),
    Struct {
        #[serde(skip_serializing_if = "Option::is_none")]
        x: Option<u8>,
    },
}

#[test]
fn the_name_of_a_value_is_its_variants() {
    assert_eq!(name(&Sent::Renamed(1)).unwrap(), "app.sent");
    assert_eq!(name(&Sent::Tuple(1, 2)).unwrap(), "Tuple");
    assert_eq!(name(&Sent::Struct { x: None }).unwrap(), "Struct");
    assert_eq!(name(&Wrapped(Inner::A)).unwrap(), "A");
    assert_eq!(name(&Every::Unknown).unwrap(), "Unknown");
    let error = name(&Sent::Kept).unwrap_err();
    assert_eq!(error.code(), "unserializable");
    assert!(error.to_string().contains("Kept"), "{error}");
}

#[test]
fn a_value_of_no_plain_enum_has_no_name() {
    macro_rules! check {
        ($($value:expr => $found:literal;)*) => {$(
            let error = name(&$value).unwrap_err();
            assert_eq!(error.code(), "not_an_enum", "{error}");
            assert!(error.to_string().ends_with(concat!("for it is ", $found)), "{error}");
        )*};
    }
    check! {
        Adjacent::A(1) => "a struct";
        Internal::A { x: 1 } => "a struct";
        Untagged::A(1) => "a number";
        Mixed::B("b".to_owned()) => "text";
        Some(Inner::A) => "an option";
        None::<Inner> => "an option";
        Struct { x: 1 } => "a struct";
        Unit => "a unit";
        Tuple(1, 2) => "a tuple";
        1.5_f32 => "a number";
        [1, 2] => "a tuple";
        vec![1, 2] => "a sequence";
        HashMap::from([("a", 1)]) => "a map";
    }
    // This variant is a plain one, but the enum cannot be read.
    assert_eq!(name(&Mixed::A(1)).unwrap(), "A");
}
