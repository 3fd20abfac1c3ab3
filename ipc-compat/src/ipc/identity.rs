//! The ids that clients give themselves with `data.id`.

use std::fmt;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use ipc_core::{Message, Server};
use memchr::{memchr, memmem};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Socket;
use crate::json::scan::{last_member, value_at};
use crate::{NodeFormat, RawJson};

/// The id that a client last gave itself, as JSON; empty before it did.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<Vec<u8>>);

impl Claims {
    /// Keeps the id that the message gives, if it gives one.
    pub(super) fn note(&self, message: &Message) {
        if let Some(id) = message.payload().and_then(data_id) {
            self.keep(id);
        }
    }

    fn keep(&self, id: &[u8]) {
        let mut kept = self.lock();
        // Nearly always it is the one that is kept already.
        if *kept != id {
            kept.clear();
            kept.extend_from_slice(id);
        }
    }

    /// Returns the id.
    pub(super) fn get(&self) -> Option<RawJson> {
        let kept = self.lock().clone();
        // What is kept was a part of JSON, so this fails for nothing but no id at all.
        RawJson::new(kept).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the ids that clients give themselves, from now on. Handlers for every event run before the
/// others, so that these see the id of the message at hand.
pub(super) fn watch(server: &Server<NodeFormat>) {
    server.handlers().watch(|message, socket| {
        let Some(id) = message.payload().and_then(data_id) else { return };
        match socket.attached::<Claims>() {
            Some(claims) => claims.keep(id),
            None => {
                socket.attach(Claims(Mutex::new(id.to_vec())));
            }
        }
    });
}

/// Returns the id that the client last gave itself, if it did.
pub(super) fn of(socket: &Socket) -> Option<RawJson> {
    socket.attached::<Claims>().and_then(|claims| claims.get())
}

/// Returns the member `id` of the payload, if it is an object and the member is truthy.
fn data_id(payload: &[u8]) -> Option<&[u8]> {
    // A payload without the letters is done with here. A key written with escapes only is not seen;
    // no version of node-ipc writes one like that.
    let hit = NAME.find(payload)?;
    let id = payload.get(place(payload, hit)?)?;
    let falsy = matches!(id, b"null" | b"false" | b"0" | b"-0" | b"\"\"");
    (!falsy).then_some(id)
}

/// Returns where the last member `id` of the payload lies, in which `"id"` is found at `hit` first.
fn place(payload: &[u8], hit: usize) -> Option<Range<usize>> {
    // As nearly everyone writes it: the first member and the only one that could be it. What
    // follows, which may be long, is only looked through for another one and for escapes.
    if let Some(rest) = payload.strip_prefix(FIRST) {
        if hit == 1 && NAME.find(rest).is_none() && memchr(b'\\', rest).is_none() {
            if let Some(place) = value_at(payload, FIRST.len()) {
                return Some(place);
            }
        }
    }
    last_member(payload, b"id").unwrap_or_else(|| by_parser(payload))
}

/// Does so for every payload, slowly.
#[cold]
fn by_parser(payload: &[u8]) -> Option<Range<usize>> {
    let id = serde_json::Deserializer::from_slice(payload).deserialize_map(Id).ok()??;
    // It is a part of the payload.
    let start = (id.get().as_ptr() as usize).checked_sub(payload.as_ptr() as usize)?;
    Some(start..start.checked_add(id.get().len())?)
}

/// Looks for the member `id`; the last one wins.
struct Id;

impl<'de> Visitor<'de> for Id {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut id = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "id" {
                id = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(id)
    }
}

/// What a payload holds that has the member.
static NAME: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\"id\""));

/// What a payload begins with whose first member it is.
const FIRST: &[u8] = b"{\"id\":";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(payload: &str, id: Option<&str>) {
        let found = data_id(payload.as_bytes());
        assert_eq!(found, id.map(str::as_bytes), "{payload}");
        let claims = Claims::default();
        found.into_iter().for_each(|id| claims.keep(id));
        assert_eq!(claims.get().as_ref().map(RawJson::as_str), id);
    }

    #[test]
    fn the_last_truthy_id_at_the_top_is_the_id() {
        check(r#"{"id":"a"}"#, Some(r#""a""#));
        check(r#"{"id": [1, 2] , "x":3}"#, Some("[1, 2]"));
        check(r#"{"x":{"id":1},"id":7,"y":[]}"#, Some("7"));
        check(r#"{"id":1,"id":{"deep":true}}"#, Some(r#"{"deep":true}"#));
        for nothing in ["null", "false", "0", "-0", "\"\""] {
            check(&format!(r#"{{"id":{nothing}}}"#), None);
            check(&format!(r#"{{"id":5,"x":1,"id":{nothing}}}"#), None);
        }
        check(r#"{"x":{"id":1}}"#, None);
        check(r#"{"x":"id"}"#, None);
        check(r#"[{"id":1}]"#, None);
        check(r#""\"id\"""#, None);
        check("5", None);
        check("{}", None);
    }

    #[test]
    fn a_key_with_escapes_counts_beside_one_without() {
        check(r#"{"id":1,"\u0069d":2}"#, Some("2"));
        check(r#"{"\u0069d":2,"id":1}"#, Some("1"));
        check(r#"{"id":1,"text":"line\n"}"#, Some("1"));
        check(r#"{"text":"\"id\":5}","id":1}"#, Some("1"));
        // Alone it is not looked for.
        check(r#"{"\u0069d":2}"#, None);
        // A key that is no text in Rust makes the payload one that is not understood.
        check(r#"{"id":1,"\ud800":2}"#, None);
    }

    #[test]
    fn an_id_that_changes_is_the_last_one() {
        let claims = Claims::default();
        assert!(claims.get().is_none());
        for id in ["\"a\"", "\"a\"", "\"longer\"", "7"] {
            claims.keep(id.as_bytes());
            assert_eq!(claims.get().unwrap().as_str(), id);
        }
    }

    fn white() -> impl Strategy<Value = &'static str> {
        prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\t\r\n ")]
    }

    fn key() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            4 => Just("id"),
            1 => Just("\\u0069d"),
            1 => Just("i\\u0064"),
            1 => Just("\\ud800"),
            1 => Just("\\\"id\\\""),
            1 => Just("a key of more than eight bytes"),
            3 => Just("x"),
            1 => Just(""),
            1 => Just("\u{e9}\u{1f600}"),
        ]
    }

    /// JSON with much in it that looks like the member.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null"),
            Just("0"),
            Just("-0"),
            Just("-1.5e3"),
            Just("false"),
            Just("true"),
            Just("\"\""),
            Just("\"id\""),
            Just("\"\\\"id\\\":1\""),
            Just("\"a text that is longer, with a line\\n\""),
        ];
        leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
            let member = (white(), key(), white(), white(), inner.clone(), white());
            let member = member.prop_map(|(before, key, colon, value, json, after)| {
                format!("{before}\"{key}\"{colon}:{value}{json}{after}")
            });
            let object = prop::collection::vec(member, 0..5);
            prop_oneof![
                3 => object.prop_map(|members| format!("{{{}}}", members.join(","))),
                1 => prop::collection::vec(inner, 0..3)
                    .prop_map(|values| format!("[{}]", values.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The oracle is the parser, for which every payload is the same work.
        #[test]
        fn the_id_is_the_one_that_a_parser_finds(payload in json()) {
            let bytes = payload.as_bytes();
            if let Some(hit) = NAME.find(bytes) {
                prop_assert_eq!(place(bytes, hit), by_parser(bytes), "{}", payload);
            }
        }
    }

    #[test]
    fn what_is_nested_deep_is_left_to_the_parser() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        check(&format!(r#"{{"id":{deep}}}"#), Some(&deep));
        check(&format!(r#"{{"x":{deep},"id":3}}"#), Some("3"));
    }
}
