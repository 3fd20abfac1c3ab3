//! The name of the event that a value of an enum is.

use std::fmt;

use serde::ser::{Error, SerializeStructVariant, SerializeTupleVariant};
use serde::{Serialize, Serializer};

use super::refuse::refuse_all_but_variants;
use crate::FormatError;
use crate::typed::NotAnEnum;

/// Returns the name of the event that this is: its variant's. What the variant holds is not looked at.
///
/// `human_readable` is what the format's serializers say of themselves, since some types differ in
/// that.
///
/// # Errors
///
/// [`FormatError`] with the code `not_an_enum` if serde does not write `E` as name and content, and with
/// `unserializable` if it does not write this variant.
#[inline]
pub fn name_of<E: Serialize + ?Sized>(
    event: &E,
    human_readable: bool,
) -> Result<&'static str, FormatError> {
    event.serialize(Name { human_readable }).map_err(explained::<E>)
}

#[cold]
fn explained<E: ?Sized>(error: NoName) -> FormatError {
    match error {
        NoName::NotAnEnum(found) => NotAnEnum::new::<E>(found).into(),
        NoName::Other(message) => FormatError::new("unserializable", message),
    }
}

/// A serializer of the variant's name alone.
struct Name {
    human_readable: bool,
}

impl Serializer for Name {
    type Ok = &'static str;
    type Error = NoName;
    type SerializeTupleVariant = Skip;
    type SerializeStructVariant = Skip;

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<&'static str, NoName> {
        Ok(variant)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _value: &T,
    ) -> Result<&'static str, NoName> {
        Ok(variant)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Skip, NoName> {
        Ok(Skip(variant))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Skip, NoName> {
        Ok(Skip(variant))
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }

    refuse_all_but_variants!(NoName::NotAnEnum);
}

/// The fields of a variant of this name, which are not looked at.
struct Skip(&'static str);

impl SerializeTupleVariant for Skip {
    type Ok = &'static str;
    type Error = NoName;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, _value: &T) -> Result<(), NoName> {
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<&'static str, NoName> {
        Ok(self.0)
    }
}

impl SerializeStructVariant for Skip {
    type Ok = &'static str;
    type Error = NoName;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _key: &'static str,
        _value: &T,
    ) -> Result<(), NoName> {
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<&'static str, NoName> {
        Ok(self.0)
    }
}

/// Why a value has no name.
#[derive(Debug)]
enum NoName {
    NotAnEnum(&'static str),
    Other(String),
}

impl fmt::Display for NoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnEnum(found) => f.write_str(found),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for NoName {}

impl Error for NoName {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}
