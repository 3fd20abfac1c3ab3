//! What is within lists, objects and enums.

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::Unread;
use super::{Reader, is_hidden};

/// The elements of a list or the members of an object, whose bracket was read.
pub(super) struct Parts<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'a, 'de> Parts<'a, 'de> {
    #[inline]
    pub(super) fn new(reader: &'a mut Reader<'de>) -> Self {
        Self { reader, first: true }
    }

    /// Passes over the comma before another part, and returns whether there is one before `close`.
    #[inline]
    fn another(&mut self, close: u8) -> Result<bool, Unread> {
        if self.reader.cursor.peek() == close {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.reader.cursor.eat(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = Unread;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unread> {
        if !self.another(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = Unread;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unread> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        seed.deserialize(Key(&mut *self.reader)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unread> {
        self.reader.cursor.eat(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// An object's key: a string, even where a number is asked for.
struct Key<'a, 'de>(&'a mut Reader<'de>);

macro_rules! in_quotes {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
            let key = self.0.cursor.plain_text().ok_or(Unread)?;
            // White space may stand around a number, but not around one in quotes.
            let Some(b'-' | b'0'..=b'9') = key.as_bytes().first() else { return Err(Unread) };
            let mut key = Reader::new(key);
            let value = key.$method(visitor)?;
            if key.cursor.is_at_end() { Ok(value) } else { Err(Unread) }
        }
    )*};
}

macro_rules! not_here {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* _: V) -> Result<V::Value, Unread> {
            Err(Unread)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Unread;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.0.string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        if is_hidden(name) { Err(Unread) } else { visitor.visit_newtype_struct(self) }
    }

    in_quotes! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    not_here! {
        deserialize_bool();
        deserialize_i128();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_enum(_name: &'static str, _variants: &'static [&'static str]);
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A variant with content: the one member of an object whose bracket was read.
pub(super) struct Tagged<'a, 'de>(pub(super) &'a mut Reader<'de>);

impl<'de> EnumAccess<'de> for Tagged<'_, 'de> {
    type Error = Unread;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unread> {
        let variant = seed.deserialize(Key(&mut *self.0))?;
        self.0.cursor.eat(b':')?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_, 'de> {
    type Error = Unread;

    fn unit_variant(self) -> Result<(), Unread> {
        Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unread> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Unread> {
        self.0.list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

/// A variant without content: a string.
pub(super) struct Untagged<'a, 'de>(pub(super) &'a mut Reader<'de>);

impl<'de> EnumAccess<'de> for Untagged<'_, 'de> {
    type Error = Unread;
    type Variant = NoContent;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, NoContent), Unread> {
        Ok((seed.deserialize(self.0)?, NoContent))
    }
}

/// The content of a variant that has none.
pub(super) struct NoContent;

impl<'de> VariantAccess<'de> for NoContent {
    type Error = Unread;

    fn unit_variant(self) -> Result<(), Unread> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Unread> {
        Err(Unread)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _: V) -> Result<V::Value, Unread> {
        Err(Unread)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Unread> {
        Err(Unread)
    }
}
