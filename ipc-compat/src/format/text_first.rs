//! A serialiser to JSON that is quick with payloads that are a text, and `serde_json`'s with others.

use std::fmt;

use bytes::BytesMut;
use serde::{Serialize, Serializer};
use serde_json::Error;

use super::encode::Appender;
use super::string;

/// Appends `payload` as JSON.
pub(super) fn write<T: Serialize + ?Sized>(payload: &T, out: &mut BytesMut) -> Result<(), Error> {
    payload.serialize(TextFirst { out, json: &mut None })
}

/// Looks at the payload's own type only: what is in it is `serde_json`'s business.
struct TextFirst<'s, 'o> {
    out: &'o mut BytesMut,
    /// Where the real serialiser stays while a list or an object is written.
    json: &'s mut Option<Json<'o>>,
}

type Json<'o> = serde_json::Serializer<Appender<'o>>;
type Inner<'s, 'o> = &'s mut Json<'o>;

impl<'s, 'o> TextFirst<'s, 'o> {
    fn json(self) -> Inner<'s, 'o> {
        self.json.insert(serde_json::Serializer::new(Appender(self.out)))
    }
}

macro_rules! forward_to_json {
    ($($method:ident($($name:ident: $type:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<$result, Error> {
            self.json().$method($($name),*)
        }
    )*};
}

impl<'s, 'o> Serializer for TextFirst<'s, 'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = <Inner<'s, 'o> as Serializer>::SerializeSeq;
    type SerializeTuple = <Inner<'s, 'o> as Serializer>::SerializeTuple;
    type SerializeTupleStruct = <Inner<'s, 'o> as Serializer>::SerializeTupleStruct;
    type SerializeTupleVariant = <Inner<'s, 'o> as Serializer>::SerializeTupleVariant;
    type SerializeMap = <Inner<'s, 'o> as Serializer>::SerializeMap;
    type SerializeStruct = <Inner<'s, 'o> as Serializer>::SerializeStruct;
    type SerializeStructVariant = <Inner<'s, 'o> as Serializer>::SerializeStructVariant;

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        string::write(text, self.out);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.json().collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.json().serialize_newtype_variant(name, index, variant, value)
    }

    forward_to_json! {
        serialize_bool(value: bool) -> ();
        serialize_i8(value: i8) -> ();
        serialize_i16(value: i16) -> ();
        serialize_i32(value: i32) -> ();
        serialize_i64(value: i64) -> ();
        serialize_i128(value: i128) -> ();
        serialize_u8(value: u8) -> ();
        serialize_u16(value: u16) -> ();
        serialize_u32(value: u32) -> ();
        serialize_u64(value: u64) -> ();
        serialize_u128(value: u128) -> ();
        serialize_f32(value: f32) -> ();
        serialize_f64(value: f64) -> ();
        serialize_char(value: char) -> ();
        serialize_bytes(value: &[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(name: &'static str) -> ();
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> ();
        serialize_seq(len: Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(len: usize) -> Self::SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            len: usize
        ) -> Self::SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> Self::SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> Self::SerializeStruct;
        serialize_struct_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            len: usize
        ) -> Self::SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    use serde_json::json;

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

    #[test]
    fn errors_are_those_of_serde_json() {
        let error = write(&BTreeMap::from([([1], 2)]), &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.to_string(), "key must be a string");
    }
}
