//! The probe: what serde says of a type before there is a value of it.

use std::cell::Cell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer,
    VariantAccess, Visitor,
};

use crate::typed::{EventNames, NotAnEnum};

/// Returns the names of the events that `E` has variants for, aliases among them.
///
/// `human_readable` is what the format's deserializers say of themselves, since some types differ in
/// that.
///
/// # Errors
///
/// [`NotAnEnum`] if serde does not read `E` as name and content.
pub fn names_of<E: DeserializeOwned>(human_readable: bool) -> Result<EventNames, NotAnEnum> {
    let found = Cell::new(Found::Other("read from nothing"));
    // It always fails; what it asked for before is what counts.
    let _ = E::deserialize(Probe { found: &found, human_readable });
    match found.take() {
        Found::Enum { names, others } => Ok(EventNames::new(names, others)),
        Found::Other(found) => Err(NotAnEnum::new::<E>(found)),
    }
}

/// What a type asked a deserializer for.
enum Found {
    Enum { names: &'static [&'static str], others: bool },
    Other(&'static str),
}

impl Default for Found {
    fn default() -> Self {
        Self::Other("")
    }
}

/// Notes what it is asked for, and has nothing.
struct Probe<'a> {
    found: &'a Cell<Found>,
    human_readable: bool,
}

macro_rules! note {
    ($($method:ident($($name:ident: $type:ty),*): $found:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            _visitor: V,
        ) -> Result<V::Value, Nothing> {
            self.found.set(Found::Other($found));
            Err(Nothing)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Nothing;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        let others = Cell::new(false);
        let _ = visitor.visit_enum(OtherName { variants, others: &others });
        self.found.set(Found::Enum { names: variants, others: others.get() });
        Err(Nothing)
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }

    note! {
        deserialize_any(): "a value of any kind, such as an untagged or internally tagged enum";
        deserialize_bool(): "a boolean";
        deserialize_i8(): "a number";
        deserialize_i16(): "a number";
        deserialize_i32(): "a number";
        deserialize_i64(): "a number";
        deserialize_i128(): "a number";
        deserialize_u8(): "a number";
        deserialize_u16(): "a number";
        deserialize_u32(): "a number";
        deserialize_u64(): "a number";
        deserialize_u128(): "a number";
        deserialize_f32(): "a number";
        deserialize_f64(): "a number";
        deserialize_char(): "a character";
        deserialize_str(): "text";
        deserialize_string(): "text";
        deserialize_bytes(): "bytes";
        deserialize_byte_buf(): "bytes";
        deserialize_option(): "an option";
        deserialize_unit(): "a unit";
        deserialize_unit_struct(_name: &'static str): "a unit";
        deserialize_seq(): "a sequence";
        deserialize_tuple(_len: usize): "a tuple";
        deserialize_tuple_struct(_name: &'static str, _len: usize): "a tuple";
        deserialize_map(): "a map";
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]):
            "a struct, such as an adjacently tagged enum";
        deserialize_identifier(): "text";
        deserialize_ignored_any(): "a value of any kind";
    }
}

/// An enum's variant of a name that none of them has.
struct OtherName<'a> {
    variants: &'static [&'static str],
    others: &'a Cell<bool>,
}

impl<'de> EnumAccess<'de> for OtherName<'_> {
    type Error = Nothing;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Nothing> {
        let longest = self.variants.iter().map(|name| name.len()).max().unwrap_or(0);
        let name = "?".repeat(longest + 1);
        let name: StrDeserializer<'_, Nothing> = name.as_str().into_deserializer();
        self.others.set(seed.deserialize(name).is_ok());
        Err(Nothing)
    }
}

/// There is none: the probe ends before it is asked for content.
impl<'de> VariantAccess<'de> for OtherName<'_> {
    type Error = Nothing;

    fn unit_variant(self) -> Result<(), Nothing> {
        Err(Nothing)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Nothing> {
        Err(Nothing)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }
}

/// The error of a probe, which says nothing.
#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a probe has no value")
    }
}

impl std::error::Error for Nothing {}

impl Error for Nothing {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}
