//! A frame whose payload a type reads before it is checked is what decoding says that it is.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use ipc_core::protocol::calls::{CallFormat, Control};
use ipc_core::{DecodeEvent, DecodePayload, FormatError, Message, MessageFormat};
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{open, same};
use crate::{BrokenText, NodeFormat, RawJson};

/// Checks that a message which is presumed in the frame is the one that is decoded, if it is sound or a type
/// could read its payload, and that the type reads the same of either.
pub(super) fn presuming_agrees(frame: &[u8], decoded: &Result<Message, FormatError>) {
    let mut taken = Bytes::copy_from_slice(frame);
    let Some(presumed) = open().presume(&mut taken) else {
        return assert_eq!(taken, frame);
    };
    reading_agrees(&presumed, decoded.as_ref().ok().filter(|decoded| same(&presumed, decoded)));
}

/// Checks that a call whose arguments are presumed in the frame of a `$call` is the one that is decoded, if they are
/// sound or a type could read them, and that the type reads the same of either.
pub(super) fn presuming_calls_agrees(payload: &[u8]) {
    let frame = [&b"{\"type\":\"$call\",\"data\":"[..], payload, b"}"].concat();
    let mut taken = Bytes::from(frame.clone());
    let format = open();
    let Some(Control::Call { number, left, credit, message: presumed }) =
        format.take_frame(&mut taken)
    else {
        return;
    };
    if !presumed.is_presumed() {
        return;
    }
    let decoded = format.decode(Bytes::from(frame)).ok();
    let control = decoded.and_then(|decoded| format.control(&decoded)).and_then(Result::ok);
    let decoded = match &control {
        Some(Control::Call { number: n, left: l, credit: c, message }) => {
            let as_presumed = (n, l, c) == (&number, &left, &credit) && same(&presumed, message);
            as_presumed.then_some(message)
        }
        _ => None,
    };
    reading_agrees(&presumed, decoded);
}

/// Checks what is read of a message that is presumed. `decoded` is what is decoded of its frame, if that is the same.
fn reading_agrees(presumed: &Message, decoded: Option<&Message>) {
    let is_sound = open().is_sound(presumed);
    assert!(decoded.is_some() || !is_sound);
    for broken_text in [BrokenText::Replace, BrokenText::Refuse] {
        let format = open().with_broken_text(broken_text);
        let both = Both { format: &format, presumed, decoded, is_sound };
        both.read::<Value>();
        both.read::<()>();
        both.read::<IgnoredAny>();
        both.read::<Box<RawValue>>();
        both.read::<Option<f64>>();
        both.read::<i128>();
        both.read::<String>();
        both.read::<Vec<Value>>();
        both.read::<BTreeMap<String, IgnoredAny>>();
        both.read::<BTreeMap<i8, Untagged>>();
        both.read::<Octets>();
        both.read::<Vec<Octets>>();
        both.read::<Hiding<Value>>();
        both.read::<Vec<Hiding<f64>>>();
        both.read::<BTreeMap<String, Hiding<Hiding<Vec<u8>>>>>();
        both.read::<Sloppy<Value>>();
        both.read::<Sloppy<Sloppy<Hiding<u8>>>>();
        both.read::<Nothing>();
        both.read::<Vec<Option<Nothing>>>();
        both.read::<(Nothing, Hiding<f64>)>();
        both.read::<BTreeMap<String, Nothing>>();
        both.read::<Named<Octets>>();
        both.read::<Named<Hiding<Value>>>();
        both.read::<Struct>();
        both.read::<Event>();
        both.read_event::<Event>();
        assert!(!<NodeFormat as DecodePayload<RawJson>>::reads_all());
        assert!(!<NodeFormat as DecodePayload<Option<RawJson>>>::reads_all());
    }
}

struct Both<'a> {
    format: &'a NodeFormat,
    presumed: &'a Message,
    decoded: Option<&'a Message>,
    is_sound: bool,
}

impl Both<'_> {
    fn read<T: DeserializeOwned + fmt::Debug + 'static>(&self) {
        assert!(<NodeFormat as DecodePayload<T>>::reads_all());
        self.compare(std::any::type_name::<T>(), |message| -> Result<T, _> {
            self.format.decode_payload(message)
        });
    }

    fn read_event<E: DeserializeOwned + fmt::Debug>(&self) {
        assert!(<NodeFormat as DecodeEvent<E>>::reads_all());
        self.compare("event", |message| DecodeEvent::<E>::decode_event(self.format, message));
    }

    fn compare<T: fmt::Debug>(
        &self,
        name: &str,
        read: impl Fn(&Message) -> Result<T, FormatError>,
    ) {
        let of_presumed = read(self.presumed);
        // Its handler has run then, and must not once more.
        assert!(of_presumed.is_err() || self.is_sound, "{name}: {of_presumed:?}");
        match self.decoded {
            None => assert!(of_presumed.is_err(), "{name}: {of_presumed:?} of what is not JSON"),
            Some(decoded) => {
                assert_eq!(format!("{of_presumed:?}"), format!("{:?}", read(decoded)), "{name}");
            }
        }
    }
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "what is in it is shown")]
struct Struct {
    #[serde(default)]
    a: Hiding<u64>,
    #[serde(default)]
    b: Vec<Event>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "what is in it is shown")]
enum Untagged {
    Number(f32),
    Text(String),
    Any(IgnoredAny),
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "what is in it is shown")]
enum Event {
    #[serde(rename = "m", alias = "a")]
    Value(Hiding<Value>),
    #[serde(rename = "")]
    Pair(u8, Lax),
    #[serde(rename = "x")]
    Struct { a: Option<Lax> },
    #[serde(other)]
    Other,
}

/// Hides every error of what it holds.
#[derive(Debug)]
struct Hiding<T>(Option<T>);

impl<T> Default for Hiding<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Hiding<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).ok()))
    }
}

/// A string as bytes.
#[derive(Debug)]
struct Octets(#[expect(dead_code, reason = "it is shown")] Vec<u8>);

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OctetsVisitor;
        impl Visitor<'_> for OctetsVisitor {
            type Value = Octets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Octets, E> {
                Ok(Octets(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(OctetsVisitor)
    }
}

/// A list or a map of which it reads what it can and does not say what it could not; of an enum, the name.
#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is shown")]
enum Sloppy<T> {
    Items(Vec<T>),
    Members(Vec<(String, Option<T>)>),
    Text(String),
}

struct SloppyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SloppyVisitor<T> {
    type Value = Sloppy<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("much")
    }

    fn visit_str<E>(self, text: &str) -> Result<Sloppy<T>, E> {
        Ok(Sloppy::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sloppy<T>, A::Error> {
        let mut items = Vec::new();
        while let Ok(Some(item)) = seq.next_element() {
            items.push(item);
        }
        Ok(Sloppy::Items(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sloppy<T>, A::Error> {
        let mut members = Vec::new();
        while let Ok(Some(key)) = map.next_key::<String>() {
            // Of some it does not even ask for the value, of some twice.
            for _ in 1..key.len().min(3) {
                members.push((key.clone(), map.next_value().ok()));
            }
        }
        Ok(Sloppy::Members(members))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sloppy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SloppyVisitor(PhantomData))
    }
}

/// The name of an enum's variant, without asking what it holds.
#[derive(Debug)]
struct Lax(#[expect(dead_code, reason = "it is shown")] String);

impl<'de> Deserialize<'de> for Lax {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LaxVisitor;
        impl<'de> Visitor<'de> for LaxVisitor {
            type Value = Lax;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an enum")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Lax, A::Error> {
                Ok(Lax(data.variant::<String>()?.0))
            }
        }
        deserializer.deserialize_enum("Lax", &[], LaxVisitor)
    }
}

/// A variant whose name is read as any type.
#[derive(Debug)]
struct Named<N>(N);

impl<'de, N: Deserialize<'de>> Deserialize<'de> for Named<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor<N>(PhantomData<N>);
        impl<'de, N: Deserialize<'de>> Visitor<'de> for NamedVisitor<N> {
            type Value = Named<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an enum")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Named<N>, A::Error> {
                let (name, variant) = data.variant::<N>()?;
                variant.newtype_variant::<IgnoredAny>().map(|_| Named(name))
            }
        }
        deserializer.deserialize_enum("Named", &[], NamedVisitor(PhantomData))
    }
}

/// Reads nothing.
#[derive(Debug)]
struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests;
