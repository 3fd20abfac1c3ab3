//! Which payloads classic versions take for an event emitter.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Returns whether `data` is an object whose `_maxListeners` JavaScript finds true.
pub(super) fn is_emitter(data: &[u8]) -> bool {
    if data.first() != Some(&b'{') {
        return false;
    }
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(data) else {
        return false;
    };
    members.get("_maxListeners").is_some_and(|value| is_truthy(value.get()))
}

fn is_truthy(json: &str) -> bool {
    match json {
        "null" | "false" | "\"\"" => false,
        // A number is falsy if it is zero: what JavaScript reads, `f64` reads.
        _ => json.parse::<f64>() != Ok(0.0),
    }
}
