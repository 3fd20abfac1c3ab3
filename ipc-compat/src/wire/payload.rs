//! From a payload to the type a handler asks for.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::marker::PhantomData;

use ipc_core::{FormatError, Message};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::{BrokenText, RawJson};
use crate::codes;
use crate::json::long_text;
use crate::json::surrogates::replace_lone_surrogates;

/// Returns the payload as a `T`.
pub(super) fn typed<T: DeserializeOwned>(
    payload: Option<&[u8]>,
    broken_text: BrokenText,
) -> Result<T, FormatError> {
    seeded(payload, broken_text, PhantomData::<T>)
}

/// Returns what the seed makes of the payload.
#[inline]
pub(super) fn seeded<S, T>(
    payload: Option<&[u8]>,
    broken_text: BrokenText,
    seed: S,
) -> Result<T, FormatError>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Copy,
{
    let Some(payload) = payload else {
        return seed.deserialize(Absent).map_err(|_| absent());
    };
    let json = std::str::from_utf8(payload).map_err(|error| invalid(&error))?;
    if let Some(value) = long_text::read(json, seed) {
        return Ok(value);
    }
    match parse(json, seed) {
        Ok(value) => Ok(value),
        // Rare, so it is looked for only after the parser failed.
        Err(error) if broken_text == BrokenText::Replace => match replace_lone_surrogates(json) {
            Cow::Borrowed(_) => Err(invalid(&error)),
            Cow::Owned(json) => parse(&json, seed).map_err(|error| invalid(&error)),
        },
        Err(error) => Err(invalid(&error)),
    }
}

/// Returns whether `T` is [`RawJson`], which needs a payload, or an option of it, which
/// distinguishes no data from `null`. Known at compile time.
#[inline]
pub(super) fn is_raw<T: 'static>() -> bool {
    let asked = TypeId::of::<T>();
    asked == TypeId::of::<RawJson>() || asked == TypeId::of::<Option<RawJson>>()
}

/// Returns the payload unchanged.
pub(super) fn raw<T: 'static>(message: &Message) -> Result<T, FormatError> {
    let mut payload = message.clone().into_payload().map(RawJson::from_payload);
    if let Some(one) = same(&mut payload) {
        return Ok(one);
    }
    same(&mut Some(payload)).ok_or_else(absent)
}

/// Returns the `T` if `Any` is an option of it, else `None`.
fn same<T: 'static>(value: &mut dyn Any) -> Option<T> {
    value.downcast_mut::<Option<T>>().and_then(Option::take)
}

/// Returns the error of a message without data where data is needed.
#[cold]
fn absent() -> FormatError {
    FormatError::new(codes::INVALID_DATA, "data is absent")
}

fn invalid(error: &dyn std::fmt::Display) -> FormatError {
    FormatError::new(codes::INVALID_DATA, format!("data is not of the expected type: {error}"))
}

fn parse<'de, S: DeserializeSeed<'de>>(
    json: &'de str,
    seed: S,
) -> Result<S::Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = seed.deserialize(Present(&mut deserializer))?;
    deserializer.end()?;
    Ok(value)
}

/// A payload that is present: read as JSON, except for `()`, which accepts any.
struct Present<D>(D);

macro_rules! forward_to_json {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.$method($($name,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Present<D> {
    type Error = D::Error;

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        IgnoredAny::deserialize(self.0)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_unit(visitor)
    }

    forward_to_json! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

/// A payload that is absent: read as a unit, as `None` or as any value; an error for all other
/// types.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
