//! `Reader`: makes values of JSON several times faster than `serde_json`, where it knows the way.

#[cfg(any(test, fuzzing))]
mod agrees;
mod cursor;
mod error;
mod parts;
#[cfg(test)]
mod tests;

#[cfg(any(test, fuzzing))]
pub(crate) use agrees::reader_agrees;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::de::StrRead;

use super::is_hidden;
use crate::format::Present;
use cursor::Cursor;
use error::Unread;
use parts::{Parts, Tagged, Untagged};

/// Returns the payload `json` as a `T`, or `None` if `serde_json` has to be asked, which then also
/// says what is wrong.
///
/// What it returns is what `serde_json` would have, but for `()`, which accepts everything.
#[inline]
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    let mut reader = Reader::new(json);
    let value = T::deserialize(Present(&mut reader)).ok()?;
    reader.cursor.peek();
    reader.cursor.is_at_end().then_some(value)
}

/// JSON that `serde_json` reads.
type Json<'de> = serde_json::Deserializer<StrRead<'de>>;

/// JSON that is being read.
struct Reader<'de> {
    cursor: Cursor<'de>,
    /// How many lists and objects are open.
    depth: usize,
}

impl<'de> Reader<'de> {
    #[inline]
    fn new(json: &'de str) -> Self {
        Self { cursor: Cursor::new(json), depth: 0 }
    }

    /// Has `serde_json` read the next value, by way of `read`.
    #[cold]
    fn by_serde_json<V>(
        &mut self,
        read: impl FnOnce(&mut Json<'de>) -> serde_json::Result<V>,
    ) -> Result<V, Unread> {
        let mut json = serde_json::Deserializer::from_str(self.cursor.value()?);
        let value = read(&mut json).map_err(|_| Unread)?;
        // It may have stopped early, such as at the point of a number that was to be a whole one.
        json.end().map_err(|_| Unread)?;
        Ok(value)
    }

    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        match self.cursor.plain_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            // A string with escapes, or no string.
            None => self.by_serde_json(|json| json.deserialize_str(visitor)),
        }
    }

    /// Reads a number: a whole one that fits here, others by way of `read`.
    #[inline]
    fn number<V: Visitor<'de>>(
        &mut self,
        visitor: V,
        read: impl FnOnce(&mut Json<'de>, V) -> serde_json::Result<V::Value>,
    ) -> Result<V::Value, Unread> {
        match self.cursor.integer() {
            Some((false, n)) => visitor.visit_u64(n),
            Some((true, n)) => visitor.visit_i64(0_i64.wrapping_sub_unsigned(n)),
            None => self.by_serde_json(|json| read(json, visitor)),
        }
    }

    /// Reads what stands between `open` and `close`, one level deeper.
    #[inline]
    fn within<V>(
        &mut self,
        open: u8,
        close: u8,
        read: impl FnOnce(&mut Self) -> Result<V, Unread>,
    ) -> Result<V, Unread> {
        self.cursor.eat(open)?;
        if self.depth == MAX_DEPTH {
            return Err(Unread);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        self.cursor.eat(close)?;
        Ok(value)
    }

    #[inline]
    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        self.within(b'[', b']', |reader| visitor.visit_seq(Parts::new(reader)))
    }

    #[inline]
    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unread> {
        self.within(b'{', b'}', |reader| visitor.visit_map(Parts::new(reader)))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
            self.number(visitor, |json, visitor| json.$method(visitor))
        }
    )*};
}

macro_rules! by_serde_json {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
            self.by_serde_json(|json| json.$method(visitor))
        }
    )*};
}

macro_rules! strings {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
            self.string(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.cursor.peek() {
            b'"' => self.string(visitor),
            b'[' => self.list(visitor),
            b'{' => self.object(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.number(visitor, |json, visitor| json.deserialize_any(visitor)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    by_serde_json! {
        deserialize_i128 deserialize_u128 deserialize_bytes deserialize_byte_buf
    }

    strings! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.cursor.peek() {
            b't' => self.cursor.eat_word(b"true").and_then(|()| visitor.visit_bool(true)),
            _ => self.cursor.eat_word(b"false").and_then(|()| visitor.visit_bool(false)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.cursor.peek();
        self.cursor.eat_word(b"null")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        if self.cursor.peek() == b'n' {
            self.cursor.eat_word(b"null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        if is_hidden(name) {
            return self.by_serde_json(|json| json.deserialize_newtype_struct(name, visitor));
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.list(visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.list(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.list(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.object(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        if self.cursor.peek() == b'[' { self.list(visitor) } else { self.object(visitor) }
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        if self.cursor.peek() == b'"' {
            return visitor.visit_enum(Untagged(self));
        }
        self.within(b'{', b'}', |reader| visitor.visit_enum(Tagged(reader)))
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.cursor.value()?;
        visitor.visit_unit()
    }
}

/// How many lists and objects may be open. The scan, which skips values and cuts out those for
/// `serde_json`, knows as many again, and together that is less than the 127 of `serde_json`.
const MAX_DEPTH: usize = 62;
