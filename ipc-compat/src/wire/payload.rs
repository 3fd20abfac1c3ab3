//! From a payload to the type a handler asks for.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::marker::PhantomData;

use ipc_core::{FormatError, Message};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;

use super::decode::is_json;
use super::{BrokenText, RawJson};
use crate::codes;
use crate::json::deserialize_methods::deserialize_methods;
use crate::json::long_text;
use crate::json::noted::{Doubts, Noted};
use crate::json::scan;
use crate::json::surrogates::replace_lone_surrogates;

/// Returns the payload of a message as a `T`.
#[inline]
pub(super) fn typed<T: DeserializeOwned + 'static>(
    message: &Message,
    broken_text: BrokenText,
) -> Result<T, FormatError> {
    // `serde_json`'s own type hides no error, and reads no string as bytes. Known at compile time.
    if TypeId::of::<T>() == TypeId::of::<Value>() {
        return seeded(message.payload(), broken_text, PhantomData::<T>);
    }
    of_message(message, broken_text, PhantomData::<T>)
}

/// Returns what the seed makes of the payload of a message. If the message was presumed and there is no error, its
/// payload is JSON.
#[inline]
pub(super) fn of_message<S, T>(
    message: &Message,
    broken_text: BrokenText,
    seed: S,
) -> Result<T, FormatError>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Copy,
{
    if message.is_presumed() {
        read(message.payload(), broken_text, seed, Checked)
    } else {
        seeded(message.payload(), broken_text, seed)
    }
}

/// Returns what the seed makes of a payload that is JSON, or of any if its type hides no error of `serde_json` and
/// reads no string as bytes.
#[inline]
pub(super) fn seeded<S, T>(
    payload: Option<&[u8]>,
    broken_text: BrokenText,
    seed: S,
) -> Result<T, FormatError>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Copy,
{
    read(payload, broken_text, seed, Plain)
}

#[inline]
fn read<S, T>(
    payload: Option<&[u8]>,
    broken_text: BrokenText,
    seed: S,
    parser: impl Parse,
) -> Result<T, FormatError>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Copy,
{
    let Some(payload) = payload else {
        return seed.deserialize(Absent).map_err(|_| absent());
    };
    let json = std::str::from_utf8(payload).map_err(|error| invalid(&error))?;
    // It checks what it reads.
    if let Some(value) = long_text::read(json, seed) {
        return Ok(value);
    }
    match parser.parse(json, seed) {
        Ok(value) => Ok(value),
        // Rare, so it is looked for only after the parser failed.
        Err(error) if broken_text == BrokenText::Replace => match replace_lone_surrogates(json) {
            Cow::Borrowed(_) => Err(invalid(&error)),
            Cow::Owned(json) => parser.parse(&json, seed).map_err(|error| invalid(&error)),
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

/// How a payload is read.
trait Parse: Copy {
    fn parse<'de, S: DeserializeSeed<'de>>(
        self,
        json: &'de str,
        seed: S,
    ) -> Result<S::Value, serde_json::Error>;
}

/// Reads what is JSON.
#[derive(Clone, Copy)]
struct Plain;

/// Reads what may not be JSON: then it is an error, whatever the type makes of it.
#[derive(Clone, Copy)]
struct Checked;

impl Parse for Plain {
    #[inline]
    fn parse<'de, S: DeserializeSeed<'de>>(
        self,
        json: &'de str,
        seed: S,
    ) -> Result<S::Value, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let value = seed.deserialize(Present(&mut deserializer))?;
        deserializer.end()?;
        Ok(value)
    }
}

impl Parse for Checked {
    #[inline]
    fn parse<'de, S: DeserializeSeed<'de>>(
        self,
        json: &'de str,
        seed: S,
    ) -> Result<S::Value, serde_json::Error> {
        let before = Doubts::until_now();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let value = seed.deserialize(Present(Noted::value(&mut deserializer)))?;
        deserializer.end()?;
        if Doubts::until_now() != before {
            check(json)?;
        }
        Ok(value)
    }
}

/// Checks that a payload is JSON, which reading it did not show.
#[cold]
fn check(json: &str) -> serde_json::Result<()> {
    // Faster, and leaves what is nested deep, and every error.
    if scan::is_json(json.as_bytes()) { Ok(()) } else { is_json(json) }
}

/// Returns whether a payload is JSON in UTF-8.
pub(super) fn is_sound(payload: &[u8]) -> bool {
    scan::is_json(payload) || std::str::from_utf8(payload).is_ok_and(|json| is_json(json).is_ok())
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

    deserialize_methods! {
        forward_to_json: any bool numbers char text bytes option newtype list map enum ignored
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
