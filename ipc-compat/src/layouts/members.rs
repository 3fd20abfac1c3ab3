//! The members of objects: some of those that were received, and those that are written.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use ipc_core::FormatError;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{RawJson, codes};

/// Members of one object, by the names that were asked for. Of two of one name the last one counts, as
/// in JavaScript.
#[derive(Debug)]
pub(super) struct Members<'a> {
    names: &'a [&'a str],
    values: Vec<Option<&'a RawValue>>,
}

impl<'a> Members<'a> {
    /// Reads the members of these names, or returns `None` if the JSON is no object. All others are
    /// skipped, so that they cost no memory.
    pub(super) fn read(json: &'a [u8], names: &'a [&'a str]) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let values = Wanted { names }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(Self { names, values })
    }

    /// Returns the member's JSON, if there is such a member.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let index = self.names.iter().position(|wanted| *wanted == name)?;
        self.values.get(index).copied().flatten().map(RawValue::get)
    }

    /// Returns the same, but `None` for `null`.
    pub(super) fn present(&self, name: &str) -> Option<&'a str> {
        self.get(name).filter(|json| *json != "null")
    }

    /// Returns the text that the member is, if it is one.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }
}

/// Returns the text that the JSON is, if it is one.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    if !json.starts_with('"') {
        return None;
    }
    match serde_json::from_str(json) {
        Ok(plain) => Some(Cow::Borrowed(plain)),
        // It has escapes.
        Err(_) => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// Returns the part of `json` that `value` is, without a copy.
pub(super) fn slice(json: &Bytes, value: &str) -> Bytes {
    json.slice_ref(value.as_bytes())
}

struct Wanted<'n> {
    names: &'n [&'n str],
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.names.len()];
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let wanted = self.names.iter().position(|name| *name == key);
            match wanted.and_then(|index| values.get_mut(index)) {
                Some(slot) => *slot = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// An object that is written.
#[derive(Debug, Default)]
pub(super) struct Object {
    json: Vec<u8>,
}

impl Object {
    /// Adds a member whose value is JSON already.
    pub(super) fn raw(&mut self, name: &str, json: &[u8]) -> Result<(), FormatError> {
        self.json.push(if self.json.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut self.json, name).map_err(|error| {
            FormatError::new(codes::UNSERIALIZABLE, format!("a name has no JSON: {error}"))
        })?;
        self.json.push(b':');
        self.json.extend_from_slice(json);
        Ok(())
    }

    /// Adds the member if there is a value for it.
    pub(super) fn raw_if(
        &mut self,
        name: &str,
        value: Option<&RawJson>,
    ) -> Result<(), FormatError> {
        value.map_or(Ok(()), |value| self.raw(name, value.as_bytes()))
    }

    /// Adds a member that is text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), FormatError> {
        let json = RawJson::from_value(text)?;
        self.raw(name, json.as_bytes())
    }

    pub(super) fn finish(mut self) -> Result<RawJson, FormatError> {
        if self.json.is_empty() {
            self.json.push(b'{');
        }
        self.json.push(b'}');
        RawJson::new(self.json)
    }
}
