//! `Content` as serde writes it: what a variant holds, in the place of the variant.

use serde::ser::{
    Error, SerializeMap, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

use super::refuse::refuse_all_but_variants;
use crate::typed::Content;

impl<E: Serialize + ?Sized> Serialize for Content<'_, E> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event().serialize(Held(serializer))
    }
}

/// A serializer of what a variant holds.
struct Held<S>(S);

impl<S: Serializer> Serializer for Held<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeTupleVariant = Fields<S::SerializeTuple>;
    type SerializeStructVariant = Fields<S::SerializeStruct>;

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        if self.0.is_human_readable() {
            // As node-ipc sends an event without data: a handler in JavaScript may take it apart.
            self.0.serialize_map(Some(0))?.end()
        } else {
            self.0.serialize_unit()
        }
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self.0)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0.serialize_tuple(len).map(Fields)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0.serialize_struct(name, len).map(Fields)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    refuse_all_but_variants!(refused);
}

/// Formats ask for the name first, so that this is a value of another kind within the program's own.
#[cold]
fn refused<X: Error>(found: &'static str) -> X {
    X::custom(format_args!("only an enum has content, and this is {found}"))
}

/// The fields of a variant.
struct Fields<P>(P);

impl<P: SerializeTuple> SerializeTupleVariant for Fields<P> {
    type Ok = P::Ok;
    type Error = P::Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), P::Error> {
        self.0.serialize_element(value)
    }

    #[inline]
    fn end(self) -> Result<P::Ok, P::Error> {
        self.0.end()
    }
}

impl<P: SerializeStruct> SerializeStructVariant for Fields<P> {
    type Ok = P::Ok;
    type Error = P::Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), P::Error> {
        self.0.serialize_field(key, value)
    }

    #[inline]
    fn skip_field(&mut self, key: &'static str) -> Result<(), P::Error> {
        self.0.skip_field(key)
    }

    #[inline]
    fn end(self) -> Result<P::Ok, P::Error> {
        self.0.end()
    }
}
