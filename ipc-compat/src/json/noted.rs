//! `Noted`: a deserializer that notes whether it failed anywhere, even where the type that is read hides it.
//!
//! What `serde_json` reads to its end is JSON if the type reads each value that it is given once, goes on after no error,
//! asks for a value after each key, reads variants' names as strings and nothing as bytes, in which control characters
//! are allowed. Where nothing else was noted, the text need not be checked.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::json::deserialize_methods::deserialize_methods;

/// A deserializer, a visitor, a seed or what a visitor is given: where it fails, that is noted.
///
/// The note is the thread's: handing a place for it from value to value would take a tenth of the time it takes
/// to read small ones. Reading begins and ends on one thread, and what is read meanwhile, or a panic, can only add
/// doubts: then the text is checked.
// All its methods are inlined, so that reading is compiled as it is without it.
pub(crate) struct Noted<T>(T);

/// How often reading has failed on a thread, or could not tell whether what it read is JSON.
#[derive(PartialEq, Eq)]
pub(crate) struct Doubts(u64);

impl Doubts {
    /// Returns how often that was until now. Equal to what it was before: nothing read meanwhile is in doubt.
    #[inline]
    pub(crate) fn until_now() -> Self {
        Self(DOUBTS.get())
    }
}

thread_local! {
    static DOUBTS: Cell<u64> = const { Cell::new(0) };
}

/// Notes a doubt.
#[cold]
fn doubt() {
    begin_doubt();
}

/// Notes a doubt that may well be removed.
#[inline(always)]
fn begin_doubt() {
    DOUBTS.set(DOUBTS.get().wrapping_add(1));
}

/// Removes a doubt that was begun.
#[inline(always)]
fn end_doubt() {
    DOUBTS.set(DOUBTS.get().wrapping_sub(1));
}

/// Leaves a doubt that was begun.
#[inline(always)]
fn keep_doubt() {}

/// Notes an error.
#[inline(always)]
fn note<T, E>(result: Result<T, E>) -> Result<T, E> {
    if result.is_err() {
        doubt();
    }
    result
}

impl<D> Noted<D> {
    /// Returns the deserializer of a value, which is in doubt until it is read.
    #[inline(always)]
    pub(crate) fn value(deserializer: D) -> Self {
        begin_doubt();
        Self(deserializer)
    }
}

/// Methods that read a value, after which it is in no doubt, or still is.
macro_rules! deserialize {
    ($doubt:ident; $($method:ident($($name:ident: $type:ty),*);)*) => {$(
        #[inline(always)]
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            $doubt();
            note(self.0.$method($($name,)* Noted(visitor)))
        }
    )*};
}

/// Methods after which a value is in no doubt.
macro_rules! certain {
    ($($methods:tt)*) => { deserialize! { end_doubt; $($methods)* } };
}

/// Methods after which a value is still in doubt.
macro_rules! doubtful {
    ($($methods:tt)*) => { deserialize! { keep_doubt; $($methods)* } };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Noted<D> {
    type Error = D::Error;

    deserialize_methods! {
        certain: any bool numbers char text option unit newtype list map enum ignored
    }
    deserialize_methods! { doubtful: bytes }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// The seed or the deserializer of a variant's name, which `serde_json` reads as any type.
struct Name<T>(T);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<S> {
    type Value = S::Value;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        begin_doubt();
        self.0.deserialize(Name(deserializer))
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Name<D> {
    type Error = D::Error;

    deserialize_methods! { certain: text }
    deserialize_methods! {
        doubtful: any bool numbers char bytes option unit newtype list map enum ignored
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident($type:ty);)*) => {$(
        #[inline(always)]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Noted<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visit! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    #[inline(always)]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    #[inline(always)]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    #[inline(always)]
    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Noted::value(some))
    }

    #[inline(always)]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Noted::value(inner))
    }

    #[inline(always)]
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Noted(seq))
    }

    #[inline(always)]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Members { map, is_value_due: false })
    }

    #[inline(always)]
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Noted(data))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Noted<S> {
    type Value = S::Value;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Noted::value(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Noted<A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        note(self.0.next_element_seed(Noted(seed)))
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

/// A map, and whether its last key is still without a value, which is in doubt then.
struct Members<A> {
    map: A,
    is_value_due: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    #[inline(always)]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let key = note(self.map.next_key_seed(Noted(seed)))?;
        if key.is_some() {
            begin_doubt();
            self.is_value_due = true;
        }
        Ok(key)
    }

    #[inline(always)]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if std::mem::replace(&mut self.is_value_due, false) {
            end_doubt();
        } else {
            doubt();
        }
        note(self.map.next_value_seed(Noted(seed)))
    }

    #[inline(always)]
    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Noted<A> {
    type Error = A::Error;
    type Variant = Noted<A::Variant>;

    #[inline(always)]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = note(self.0.variant_seed(Name(seed)))?;
        // Until what the variant holds is read.
        begin_doubt();
        Ok((value, Noted(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Noted<A> {
    type Error = A::Error;

    #[inline(always)]
    fn unit_variant(self) -> Result<(), A::Error> {
        note(self.0.unit_variant())?;
        end_doubt();
        Ok(())
    }

    #[inline(always)]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let value = note(self.0.newtype_variant_seed(Noted(seed)))?;
        end_doubt();
        Ok(value)
    }

    #[inline(always)]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let value = note(self.0.tuple_variant(len, Noted(visitor)))?;
        end_doubt();
        Ok(value)
    }

    #[inline(always)]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let value = note(self.0.struct_variant(fields, Noted(visitor)))?;
        end_doubt();
        Ok(value)
    }
}
