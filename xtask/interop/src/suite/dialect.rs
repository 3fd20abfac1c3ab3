//! What node-ipc makes of a payload that passes through it.

use super::matrix::Combo;
use crate::json::Json;

/// Returns the payload that arrives when node-ipc sends `data`, which is `None` if absent.
///
/// Every dialect turns an absent payload into `{}` and a number too large for a double into
/// `null`; the classic one sends `{}` for `null` and the empty string too, and for an object with
/// a truthy `_maxListeners`.
pub(crate) fn sent_by_node(combo: Combo, data: Option<&Json>) -> Json {
    let empty = Json::Object(Vec::new());
    let Some(data) = data else { return empty };
    let lost = match data {
        Json::Null => true,
        Json::Text(units) => units.is_empty(),
        Json::Object(_) => data.get("_maxListeners").is_some_and(is_truthy),
        _ => false,
    };
    if lost && combo.version.is_classic() { empty } else { finite(data) }
}

/// Returns whether `got` is what may arrive after `sent` was sent, passed on or echoed.
///
/// In the classic dialect an absent payload, `null`, `""` and `{}` cannot be told apart, since who
/// sends the one may as well have meant the other.
pub(crate) fn is_same(combo: Combo, sent: Option<&Json>, got: Option<&Json>) -> bool {
    let settled = |data| sent_by_node(combo, Some(&sent_by_node(combo, data)));
    settled(sent) == settled(got)
}

fn finite(data: &Json) -> Json {
    match data {
        Json::Number(_) if data.number().is_none_or(|number| !number.is_finite()) => Json::Null,
        Json::List(items) => Json::List(items.iter().map(finite).collect()),
        Json::Object(members) => Json::Object(
            members.iter().map(|(name, value)| (name.clone(), finite(value))).collect(),
        ),
        other => other.clone(),
    }
}

fn is_truthy(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Number(_) => value.number() != Some(0.0),
        Json::Text(units) => !units.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::sent_by_node;
    use crate::json::Json;
    use crate::suite::matrix::{Combo, Kind, Role};
    use xtask::node::Version;

    #[track_caller]
    fn check(data: &str, classic: &str, v14: &str) {
        for version in Version::ALL {
            let wanted = if version.is_classic() { classic } else { v14 };
            let combo = Combo { version, kind: Kind::Tcp, role: Role::Server };
            let sent = sent_by_node(combo, Some(&Json::parse(data).unwrap()));
            assert_eq!(sent, Json::parse(wanted).unwrap(), "{data} over {version}");
        }
    }

    #[test]
    fn the_table_of_payloads() {
        check("null", "{}", "null");
        check("\"\"", "{}", "\"\"");
        check("0", "0", "0");
        check("false", "false", "false");
        check("1e400", "null", "null");
        check("[1e400]", "[null]", "[null]");
        check(r#"{"_maxListeners":1}"#, "{}", r#"{"_maxListeners":1}"#);
        check(r#"{"_maxListeners":0}"#, r#"{"_maxListeners":0}"#, r#"{"_maxListeners":0}"#);
    }
}
