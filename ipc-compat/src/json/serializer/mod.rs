//! A serialiser to JSON that writes what `serde_json` writes, in fewer and larger pieces.

mod parts;

use std::fmt;

use bytes::BytesMut;
use serde::{Serialize, Serializer};
use serde_json::Error;

use super::append::Appender;
use super::{is_hidden, string};
use parts::{Close, Parts};

/// Appends `payload` as JSON, exactly as `serde_json` writes it.
#[inline]
pub(crate) fn write<T: Serialize + ?Sized>(payload: &T, out: &mut BytesMut) -> Result<(), Error> {
    payload.serialize(Json(out))
}

/// A serialiser of one value. It leaves to `serde_json` whatever is neither a text nor made of parts.
struct Json<'a>(&'a mut BytesMut);

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method(self, $($name: $type),*) -> Result<(), Error> {
            serde_json::Serializer::new(Appender(self.0)).$method($($name),*)
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

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
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        string::write(text, self.0);
        Ok(())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        serde_json::Serializer::new(Appender(self.0)).collect_str(value)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        string::write_key(b'{', variant, self.0);
        value.serialize(Json(self.0))?;
        self.0.extend_from_slice(b"}");
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<Parts<'a>, Error> {
        Ok(Parts::new(self.0, b'[', Close::List))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Parts<'a>, Error> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Parts<'a>, Error> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'a>, Error> {
        string::write_key(b'{', variant, self.0);
        Ok(Parts::new(self.0, b'[', Close::ListInObject))
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Parts<'a>, Error> {
        Ok(Parts::new(self.0, b'{', Close::Object))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Parts<'a>, Error> {
        let close = if is_hidden(name) { Close::Hidden(name) } else { Close::Object };
        Ok(Parts::new(self.0, b'{', close))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'a>, Error> {
        string::write_key(b'{', variant, self.0);
        Ok(Parts::new(self.0, b'{', Close::ObjectInObject))
    }
}

#[cfg(test)]
mod tests;
