//! Lists and objects that are being written.

use std::io;

use bytes::BytesMut;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};
use serde_json::Error;
use serde_json::ser::Formatter;

use super::Json;
use crate::json::append::Appender;
use crate::json::string;

/// A list or an object that is being written.
pub(super) struct Parts<'a> {
    out: &'a mut BytesMut,
    /// What is written before the next part: the opening bracket, later a comma.
    before: u8,
    close: Close,
}

/// How parts end.
#[derive(Clone, Copy)]
pub(super) enum Close {
    List,
    ListInObject,
    Object,
    ObjectInObject,
    /// As `serde_json` ends a struct with this name.
    Hidden(&'static str),
}

impl<'a> Parts<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut BytesMut, open: u8, close: Close) -> Self {
        Self { out, before: open, close }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.extend_from_slice(&[self.before]);
        self.before = b',';
        value.serialize(Json(self.out))
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        if let Close::Hidden(name) = self.close {
            let mut json = serde_json::Serializer::new(Appender(self.out));
            let mut hidden = json.serialize_struct(name, 1)?;
            SerializeStruct::serialize_field(&mut hidden, key, value)?;
            return SerializeStruct::end(hidden);
        }
        string::write_key(self.before, key, self.out);
        self.before = b',';
        value.serialize(Json(self.out))
    }

    #[inline]
    fn close(self) -> Result<(), Error> {
        if let Close::Hidden(_) = self.close {
            return Ok(());
        }
        if self.before != b',' {
            self.out.extend_from_slice(&[self.before]);
        }
        let bracket = match self.close {
            Close::List | Close::ListInObject => b']',
            _ => b'}',
        };
        self.out.extend_from_slice(&[bracket]);
        if let Close::ListInObject | Close::ObjectInObject = self.close {
            self.out.extend_from_slice(b"}");
        }
        Ok(())
    }
}

macro_rules! elements {
    ($($kind:ident::$method:ident;)*) => {$(
        impl $kind for Parts<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! fields {
    ($($kind:ident)*) => {$(
        impl $kind for Parts<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(key, value)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.out.extend_from_slice(&[self.before]);
        self.before = b',';
        let mut json = serde_json::Serializer::with_formatter(Appender(self.out), KeyOnly);
        json.serialize_map(None)?.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.extend_from_slice(b":");
        value.serialize(Json(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// Drops the bracket before an object's first key, so that `serde_json` writes the key alone: it
/// decides what may be a key, and how a number becomes one.
struct KeyOnly;

impl Formatter for KeyOnly {
    fn begin_object<W: io::Write + ?Sized>(&mut self, _writer: &mut W) -> io::Result<()> {
        Ok(())
    }
}
