//! From a name and its content to a value of an enum.

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, IntoDeserializer,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::typed::{EventNames, NotAnEnum};
use crate::{FormatError, Message};

/// Returns the message as an `E`: `read` reads the payload with the seed that it is given.
///
/// # Errors
///
/// What `read` fails with; [`FormatError`] with the code `unknown_event` if `E` has no variant for the
/// event, and with `not_an_enum` if serde does not read `E` as name and content.
pub fn decode_event<E>(
    message: &Message,
    read: impl FnOnce(EventSeed<'_, E>) -> Result<E, FormatError>,
) -> Result<E, FormatError> {
    let blame = Cell::new(Blame::Content);
    let seed = EventSeed { name: message.event(), blame: &blame, event: PhantomData };
    // Inlined, the value is not moved once more.
    read(seed).map_err(|error| explained::<E>(error, blame.get()))
}

#[cold]
fn explained<E>(error: FormatError, blame: Blame) -> FormatError {
    match blame {
        Blame::Content => error,
        Blame::Name => {
            let type_name = std::any::type_name::<E>();
            let message = format!("{type_name} has no variant for an event of this name");
            FormatError::new(EventNames::UNKNOWN_EVENT, message)
        }
        Blame::Type => NotAnEnum::new::<E>("not read as name and content").into(),
    }
}

/// Reads an `E` from the deserializer of its content, the payload. It can be used more than once.
#[derive(Debug)]
pub struct EventSeed<'a, E> {
    name: &'a str,
    blame: &'a Cell<Blame>,
    event: PhantomData<fn() -> E>,
}

impl<E> Clone for EventSeed<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for EventSeed<'_, E> {}

/// What an error is about.
#[derive(Debug, Clone, Copy)]
enum Blame {
    Content,
    Name,
    Type,
}

impl<'de, E: Deserialize<'de>> DeserializeSeed<'de> for EventSeed<'_, E> {
    type Value = E;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, content: D) -> Result<E, D::Error> {
        E::deserialize(Event { name: self.name, blame: self.blame, content })
    }
}

/// A name and the deserializer of its content.
struct Event<'a, D> {
    name: &'a str,
    blame: &'a Cell<Blame>,
    content: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Event<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, D::Error> {
        self.blame.set(Blame::Type);
        Err(D::Error::custom("not an enum"))
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        self.content.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Event<'_, D> {
    type Error = D::Error;
    type Variant = Variant<D>;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Variant<D>), D::Error> {
        let name: StrDeserializer<'_, D::Error> = self.name.into_deserializer();
        match seed.deserialize(name) {
            Ok(variant) => Ok((variant, Variant(self.content))),
            Err(error) => {
                self.blame.set(Blame::Name);
                Err(error)
            }
        }
    }
}

/// What a variant is read from.
struct Variant<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Variant<D> {
    type Error = D::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), D::Error> {
        IgnoredAny::deserialize(self.0).map(drop)
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.0)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
