//! The stable error codes: node-ipc 14's own, and those of this crate beside them.

use std::borrow::Cow;

use ipc_core::Error;

/// The frame is not JSON. node-ipc 14's code; classic versions publish `error` without one.
pub const INVALID_JSON: &str = "ERR_IPC_INVALID_JSON";
/// The connection ended within a frame. Of this crate; node-ipc drops what had come of it silently.
pub const TRUNCATED: &str = "ERR_IPC_TRUNCATED";
/// The frame is JSON, but not an object.
pub const INVALID_MESSAGE: &str = "ERR_IPC_INVALID_MESSAGE";
/// The event's name is absent, no string, or one the rules refuse.
pub const INVALID_EVENT: &str = "ERR_IPC_INVALID_EVENT";
/// The event's name is longer than the rules allow.
pub const EVENT_TOO_LARGE: &str = "ERR_IPC_EVENT_TOO_LARGE";
/// The event's name is one of node-ipc's own lifecycle events, and the rules refuse those.
pub const RESERVED_EVENT: &str = "ERR_IPC_RESERVED_EVENT";
/// The event's name is not in the list of allowed ones.
pub const EVENT_NOT_ALLOWED: &str = "ERR_IPC_EVENT_NOT_ALLOWED";
/// The profile `assured` takes no such transport.
pub const ASSURED_TRANSPORT: &str = "ERR_IPC_ASSURED_TRANSPORT";
/// TLS in the profile `assured` has to identify both sides.
pub const ASSURED_TLS: &str = "ERR_IPC_ASSURED_TLS";
/// The settings of TLS cannot be used. node-ipc 14's code for a server without key or certificate.
pub const TLS_CONFIGURATION: &str = "ERR_IPC_TLS_CONFIGURATION";
/// The payload is not what the handler asks for. Of this crate; node-ipc has no typed payloads.
pub const INVALID_DATA: &str = "ERR_IPC_INVALID_DATA";
/// The payload has no JSON, such as a map whose keys are no strings. Of this crate; in node-ipc
/// `JSON.stringify` throws to the caller.
pub const UNSERIALIZABLE: &str = "ERR_IPC_UNSERIALIZABLE";
/// Raw mode has no events: `emit` was called, or a payload asked for as a type. Of this crate; in
/// node-ipc the event's name would be sent as the bytes.
pub const RAW_MODE: &str = "ERR_IPC_RAW_MODE";
/// Bytes were to be sent although frames are: raw mode is off. Of this crate.
pub const NOT_RAW_MODE: &str = "ERR_IPC_NOT_RAW_MODE";

/// Returns the code of an error of the core: node-ipc 14's where it has one, and else the core's own
/// in the same style.
#[must_use]
pub fn of(error: &Error) -> Cow<'static, str> {
    match error.code() {
        "frame_too_large" => "ERR_IPC_FRAME_TOO_LARGE".into(),
        "frame_timeout" => "ERR_IPC_MESSAGE_TIMEOUT".into(),
        "queue_full" => "ERR_IPC_BACKPRESSURE".into(),
        // The format's own codes are node-ipc's already.
        code if code.starts_with(PREFIX) => code.into(),
        code => format!("{PREFIX}{}", code.to_ascii_uppercase()).into(),
    }
}

const PREFIX: &str = "ERR_IPC_";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipc_core::FormatError;

    use super::*;

    #[test]
    fn codes_are_node_ipcs_where_it_has_one() {
        let limit = Duration::from_secs(30);
        let looks_like = None;
        assert_eq!(of(&Error::FrameTimeout { limit, looks_like }), "ERR_IPC_MESSAGE_TIMEOUT");
        assert_eq!(of(&Error::Truncated { buffered: 1, looks_like }), TRUNCATED);
        assert_eq!(of(&FormatError::new(INVALID_JSON, "no").into()), INVALID_JSON);
        assert_eq!(of(&Error::CloseTimeout { limit }), "ERR_IPC_CLOSE_TIMEOUT");
    }
}
