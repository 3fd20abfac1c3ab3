//! The ids that clients give themselves with `data.id`.

use std::fmt;

use ipc_core::Server;
use memchr::memmem;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Socket;
use crate::{NodeFormat, RawJson};

/// The id that a client last gave itself, kept with its socket.
struct Claimed(RawJson);

/// Keeps the ids that clients give themselves, from now on. Handlers for every event run before the
/// others, so that these see the id of the message at hand.
pub(super) fn watch(server: &Server<NodeFormat>) {
    server.on_any(|message, socket| {
        if let Some(id) = message.payload().and_then(data_id) {
            socket.attach(Claimed(id));
        }
    });
}

/// Returns the id that the client last gave itself, if it did.
pub(super) fn of(socket: &Socket) -> Option<RawJson> {
    socket.attached::<Claimed>().map(|claimed| claimed.0.clone())
}

/// Returns the member `id` of the payload, if it is an object and the member is truthy.
fn data_id(payload: &[u8]) -> Option<RawJson> {
    // Nearly every payload is done with here: the rest parses it whole. A key written with
    // escapes is not seen; no version of node-ipc writes one like that.
    memmem::find(payload, b"\"id\"")?;
    let id = serde_json::Deserializer::from_slice(payload).deserialize_map(Id).ok()??;
    let falsy = matches!(id.get(), "null" | "false" | "0" | "-0" | "\"\"");
    if falsy { None } else { RawJson::new(id.get().to_owned()).ok() }
}

/// Looks for the member `id`; the last one wins.
struct Id;

impl<'de> Visitor<'de> for Id {
    type Value = Option<Box<RawValue>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, id: Option<&str>) {
        let found = data_id(payload.as_bytes());
        assert_eq!(found.as_ref().map(RawJson::as_str), id, "{payload}");
    }

    #[test]
    fn the_last_truthy_id_at_the_top_is_the_id() {
        check(r#"{"id":"a"}"#, Some(r#""a""#));
        check(r#"{"x":{"id":1},"id":7,"y":[]}"#, Some("7"));
        check(r#"{"id":1,"id":{"deep":true}}"#, Some(r#"{"deep":true}"#));
        for nothing in ["null", "false", "0", "-0", "\"\""] {
            check(&format!(r#"{{"id":{nothing}}}"#), None);
        }
        check(r#"{"x":{"id":1}}"#, None);
        check(r#"[{"id":1}]"#, None);
        check(r#""\"id\"""#, None);
        check("5", None);
    }
}
