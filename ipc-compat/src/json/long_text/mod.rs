//! Reads an object in which there is long text, for which `serde_json` takes a quarter of a message's time: it looks at
//! eight bytes at a time, a scan at a hundred.
//!
//! It reads the members in order, gives text without escapes to the visitor where it lies, and every other value to
//! `serde_json`. Whatever is not ordinary it gives up, and the caller has `serde_json` read all: so there is one
//! meaning, and one wording of errors. It has scanned all that it reads, and gives up after any error, also one that
//! the type hides: so what it reads is JSON.

use std::cell::Cell;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::deserialize_methods::deserialize_methods;
use super::is_hidden;
use super::scan::Scan;
use super::words::{any_byte, is_special};

/// Returns what the seed makes of `json`, if that is an object with long text and all of it is ordinary.
#[inline(always)]
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(json: &'de str, seed: S) -> Option<S::Value> {
    if json.len() < LONG { None } else { read_long(json, seed) }
}

#[inline(never)]
fn read_long<'de, S: DeserializeSeed<'de>>(json: &'de str, seed: S) -> Option<S::Value> {
    if !has_long_text(json.as_bytes()) {
        return None;
    }
    let is_read = Cell::new(false);
    let value = seed.deserialize(Object { json, is_read: &is_read }).ok()?;
    // Not so if the type asked for nothing.
    is_read.get().then_some(value)
}

/// Returns whether there is text without escapes in the middle, as there is if one text is longer than all else.
fn has_long_text(json: &[u8]) -> bool {
    let middle = json.get(json.len() / 2..).and_then(|rest| rest.first_chunk::<MIDDLE>());
    middle.is_some_and(|middle| !any_byte(middle, is_special))
}

/// Said of what is left to `serde_json`.
#[derive(Debug)]
pub(crate) struct LeftAlone;

impl fmt::Display for LeftAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not ordinary")
    }
}

impl std::error::Error for LeftAlone {}

impl serde::de::Error for LeftAlone {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl From<serde_json::Error> for LeftAlone {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

macro_rules! leave_alone {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $(_: $type,)* _: V) -> Result<V::Value, LeftAlone> {
            Err(LeftAlone)
        }
    )*};
}

/// The whole object. What is not asked for as one is left alone.
struct Object<'a, 'de> {
    json: &'de str,
    /// Set when all of it has been read.
    is_read: &'a Cell<bool>,
}

impl<'de> Deserializer<'de> for Object<'_, 'de> {
    type Error = LeftAlone;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftAlone> {
        let mut scan = Scan::new(self.json.as_bytes());
        scan.pass(b'{').ok_or(LeftAlone)?;
        let mut members = Members { json: self.json, scan, next: Next::Key };
        let value = visitor.visit_map(&mut members)?;
        self.is_read.set(members.next == Next::Nothing && members.scan.ends_with(b""));
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, LeftAlone> {
        if is_hidden(name) { Err(LeftAlone) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftAlone> {
        visitor.visit_some(self)
    }

    deserialize_methods! { leave_alone: bool numbers char text bytes unit list enum ignored }

    forward_to_deserialize_any! { map struct }
}

struct Members<'de> {
    json: &'de str,
    scan: Scan<'de>,
    next: Next,
}

/// What is read next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first key.
    Key,
    Value,
    /// A comma and a key.
    Comma,
    /// The object has ended.
    Nothing,
    /// There was an error.
    Unknown,
}

impl<'de> Members<'de> {
    /// Passes over a text without escapes, and returns it.
    fn text(&mut self) -> Option<&'de str> {
        self.scan.pass(b'"')?;
        self.json.get(self.scan.plain_text(b"\"")?)
    }

    /// Passes over another value, and returns it.
    fn other(&mut self, first: u8) -> Option<&'de str> {
        let range = match first {
            // `serde_json` looks at it once more: what is long costs less without this.
            b'{' | b'[' => self.scan.short_value(SHORT)?,
            _ => self.scan.next_value()?,
        };
        self.json.get(range)
    }
}

impl<'de> MapAccess<'de> for &mut Members<'de> {
    type Error = LeftAlone;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, LeftAlone> {
        let next = std::mem::replace(&mut self.next, Next::Unknown);
        if !matches!(next, Next::Key | Next::Comma) {
            return Err(LeftAlone);
        }
        if self.scan.pass(b'}').is_some() {
            self.next = Next::Nothing;
            return Ok(None);
        }
        if next == Next::Comma {
            self.scan.pass(b',').ok_or(LeftAlone)?;
        }
        let key = self.text().ok_or(LeftAlone)?;
        self.scan.pass(b':').ok_or(LeftAlone)?;
        let key = seed.deserialize(Text(key))?;
        self.next = Next::Value;
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, LeftAlone> {
        if std::mem::replace(&mut self.next, Next::Unknown) != Next::Value {
            return Err(LeftAlone);
        }
        let first = self.scan.peek_token();
        let value = if first == b'"' {
            seed.deserialize(Text(self.text().ok_or(LeftAlone)?))?
        } else {
            let json = self.other(first).ok_or(LeftAlone)?;
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let value = seed.deserialize(&mut deserializer)?;
            deserializer.end()?;
            value
        };
        self.next = Next::Comma;
        Ok(value)
    }
}

/// A text without escapes, where it lies.
struct Text<'de>(&'de str);

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = LeftAlone;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftAlone> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftAlone> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, LeftAlone> {
        if is_hidden(name) { Err(LeftAlone) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, LeftAlone> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    deserialize_methods! { leave_alone: bool numbers bytes unit list map }

    forward_to_deserialize_any! { char str string identifier ignored_any }
}

/// From this many bytes on an object may have long text in it.
const LONG: usize = 512;

/// Short texts, and most lists, have a quote in as many bytes.
const MIDDLE: usize = 32;

/// Up to this many bytes a list or an object is short.
const SHORT: usize = 256;

#[cfg(test)]
mod tests;
