//! A serialiser to JSON that is `serde_json`'s but for texts, which it writes several times faster.

use std::{fmt, io};

use bytes::BytesMut;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::encode::Appender;
use super::string;

/// Appends `payload` as JSON, exactly as `serde_json` writes it.
pub(super) fn write<T: Serialize + ?Sized>(
    payload: &T,
    out: &mut BytesMut,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Serializer::with_formatter(Appender(out), Texts);
    payload.serialize(Quick(&mut json))
}

/// Compact JSON, in which what is given as bytes is a text: how a text comes past `serde_json`'s own
/// way of writing it.
struct Texts;

impl Formatter for Texts {
    #[inline]
    fn write_byte_array<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        text: &[u8],
    ) -> io::Result<()> {
        string::write_to(text, writer)
    }
}

/// A serialiser that gives texts on as bytes, and bytes as the list they would have been.
struct Quick<S>(S);

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method(self, $($name: $type),*) -> Result<S::Ok, S::Error> {
            self.0.$method($($name),*)
        }
    )*};
}

macro_rules! forward_parts {
    ($($method:ident($($name:ident: $type:ty),*) -> $parts:ident;)*) => {$(
        #[inline]
        fn $method(self, $($name: $type),*) -> Result<Self::$parts, S::Error> {
            Ok(Parts { inner: self.0.$method($($name),*)?, quick: true })
        }
    )*};
}

impl<S: Serializer> Serializer for Quick<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Parts<S::SerializeSeq>;
    type SerializeTuple = Parts<S::SerializeTuple>;
    type SerializeTupleStruct = Parts<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Parts<S::SerializeTupleVariant>;
    type SerializeMap = Parts<S::SerializeMap>;
    type SerializeStruct = Parts<S::SerializeStruct>;
    type SerializeStructVariant = Parts<S::SerializeStructVariant>;

    #[inline]
    fn serialize_str(self, text: &str) -> Result<S::Ok, S::Error> {
        self.0.serialize_bytes(text.as_bytes())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<S::Ok, S::Error> {
        self.0.collect_seq(bytes)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Part(value))
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Part(value))
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Part(value))
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        // Under such names `serde_json` hides what is no struct, and looks at its text itself.
        let quick = !name.starts_with("$serde_json::private::");
        Ok(Parts { inner: self.0.serialize_struct(name, len)?, quick })
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    forward! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_f32(value: f32);
        serialize_f64(value: f64);
        serialize_char(value: char);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    forward_parts! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            len: usize
        ) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            len: usize
        ) -> SerializeStructVariant;
    }
}

/// A value within another one.
struct Part<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Part<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Quick(serializer))
    }
}

/// A list or an object that is being written. Keys are `serde_json`'s business.
struct Parts<C> {
    inner: C,
    quick: bool,
}

macro_rules! forward_elements {
    ($($kind:ident::$method:ident;)*) => {$(
        impl<C: $kind> $kind for Parts<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                self.inner.$method(&Part(value))
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )*};
}

forward_elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! forward_fields {
    ($($kind:ident)*) => {$(
        impl<C: $kind> $kind for Parts<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                if self.quick {
                    self.inner.serialize_field(key, &Part(value))
                } else {
                    self.inner.serialize_field(key, value)
                }
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )*};
}

forward_fields! { SerializeStruct SerializeStructVariant }

impl<C: SerializeMap> SerializeMap for Parts<C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.inner.serialize_value(&Part(value))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        self.inner.serialize_entry(key, &Part(value))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use serde_json::json;
    use serde_json::value::RawValue;

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

    #[test]
    fn errors_are_those_of_serde_json() {
        let error = write(&BTreeMap::from([([1], 2)]), &mut BytesMut::new()).unwrap_err();
        assert_eq!(error.to_string(), "key must be a string");
    }
}
