//! The stable error codes: node-ipc 14's own, and those of this crate beside them.

use std::borrow::Cow;

use ipc_core::{ConnectError, DisconnectReason, EmitError, Error};
use ipc_transport::TransportError;

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
/// Something other than a socket is at the path of a local socket.
pub const UNLINK_NOT_SOCKET: &str = "ERR_IPC_UNLINK_NOT_SOCKET";
/// The socket root is no directory of this user's own.
pub const SOCKET_ROOT: &str = "ERR_IPC_SOCKET_ROOT";
/// The payload is not what the handler asks for. Of this crate; node-ipc has no typed payloads.
pub const INVALID_DATA: &str = "ERR_IPC_INVALID_DATA";
/// The payload has no JSON, such as a map whose keys are no strings. Of this crate; in node-ipc
/// `JSON.stringify` throws to the caller.
pub const UNSERIALIZABLE: &str = "ERR_IPC_UNSERIALIZABLE";
/// Raw mode has no events: `emit` was called, or a payload asked for as a type. Of this crate; in
/// node-ipc the event's name would be sent as the bytes.
pub const RAW_MODE: &str = "ERR_IPC_RAW_MODE";
/// A `$call` or `$answer` is not as it has to be. Of this crate.
pub const INVALID_CALL: &str = "ERR_IPC_INVALID_CALL";
/// The blocking driver takes no such transport. Of this crate.
pub const NOT_BLOCKING: &str = "ERR_IPC_NOT_BLOCKING";
/// Bytes were to be sent although frames are: raw mode is off. Of this crate.
pub const NOT_RAW_MODE: &str = "ERR_IPC_NOT_RAW_MODE";

/// Too much waits to be sent already, or the peer does not read. node-ipc 14's code.
pub const BACKPRESSURE: &str = "ERR_IPC_BACKPRESSURE";
/// A frame is longer than the limit, received or sent. node-ipc 14's code.
pub const FRAME_TOO_LARGE: &str = "ERR_IPC_FRAME_TOO_LARGE";
/// A frame was begun and not ended in time. node-ipc 14's code.
pub const MESSAGE_TIMEOUT: &str = "ERR_IPC_MESSAGE_TIMEOUT";
/// Messages were taken and could not be delivered before the end. Of `nipc`.
pub const UNDELIVERED: &str = "ERR_IPC_UNDELIVERED";
/// A client was turned away, for there are as many as may be. Of `nipc`.
pub const TOO_MANY_CONNECTIONS: &str = "ERR_IPC_TOO_MANY_CONNECTIONS";
/// A setting of the config cannot be. Of this crate.
pub const CONFIG: &str = "ERR_IPC_CONFIG";
/// The build or the system does not do what was asked for. Of this crate.
pub const UNSUPPORTED: &str = "ERR_IPC_UNSUPPORTED";
/// The tokio runtime at hand lacks what sockets need. Of this crate.
pub const RUNTIME: &str = "ERR_IPC_RUNTIME";
/// A client has no id. Of this crate; in node-ipc it is a line of the log.
pub const NO_ID: &str = "ERR_IPC_NO_ID";
/// An argument is not what can stand in its place. Of this crate.
pub const ARGUMENT: &str = "ERR_IPC_ARGUMENT";

/// Returns the code of an error of the core: node-ipc 14's where it has one, and else the core's own
/// in the same style. `docs/errors.md` lists them all.
#[must_use]
pub fn of(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Transport(TransportError::InvalidPath { reason, .. })
            if reason.starts_with(ABOUT_SOCKET_ROOT) =>
        {
            SOCKET_ROOT.into()
        }
        error => of_core(error.code()),
    }
}

/// Returns the code of a message that was not taken, as [`of`] does.
///
/// # Examples
///
/// ```
/// use ipc_compat::codes;
/// use ipc_core::EmitError;
///
/// assert_eq!(codes::of_emit(&EmitError::Closed), "ERR_IPC_CLOSED");
/// ```
#[must_use]
pub fn of_emit(error: &EmitError) -> Cow<'static, str> {
    of_core(error.code())
}

/// Returns the code of a client that did not get connected, as [`of`] does.
#[must_use]
pub fn of_connect(error: &ConnectError) -> Cow<'static, str> {
    match error {
        ConnectError::Failed(error) => of(error),
        other => of_core(other.code()),
    }
}

/// Returns the code of a connection's end, as [`of`] does.
#[must_use]
pub fn of_disconnect(reason: &DisconnectReason) -> Cow<'static, str> {
    match reason {
        DisconnectReason::Error(error) => of(error),
        other => of_core(other.code()),
    }
}

/// Returns the code for one of the core's or a transport's.
fn of_core(code: &str) -> Cow<'_, str> {
    // The format's own codes are node-ipc's already.
    if code.starts_with(PREFIX) {
        return code.into();
    }
    match RENAMED.iter().find(|(ours, _)| *ours == code) {
        Some((_, theirs)) => (*theirs).into(),
        None => format!("{PREFIX}{}", code.to_ascii_uppercase()).into(),
    }
}

/// The codes that have another name in node-ipc 14.
const RENAMED: &[(&str, &str)] = &[
    ("frame_timeout", MESSAGE_TIMEOUT),
    ("queue_full", BACKPRESSURE),
    ("larger_than_queue", BACKPRESSURE),
    ("not_a_socket", UNLINK_NOT_SOCKET),
    ("larger_than_datagram", FRAME_TOO_LARGE),
];

const PREFIX: &str = "ERR_IPC_";
/// How the reasons begin for which a socket root is refused.
const ABOUT_SOCKET_ROOT: &str = "the socket root ";

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ipc_codec::EncodeError;
    use ipc_core::FormatError;
    use ipc_core::queue::QueueLimit;

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

    #[test]
    fn what_is_not_sent_or_connected_has_a_code_too() {
        let (limit, actual) = (1, 2);
        for (error, code) in [
            (EmitError::Full(QueueLimit::Messages { limit, actual }), BACKPRESSURE),
            (EmitError::TooLarge { limit, actual }, BACKPRESSURE),
            (EmitError::TooLargeForDatagram { limit, actual }, FRAME_TOO_LARGE),
            (FormatError::new(EVENT_NOT_ALLOWED, "no").into(), EVENT_NOT_ALLOWED),
            (EncodeError::FrameTooLarge { limit, actual }.into(), FRAME_TOO_LARGE),
            (EncodeError::ContainsDelimiter { at: 0 }.into(), "ERR_IPC_CONTAINS_DELIMITER"),
            (EmitError::Closed, "ERR_IPC_CLOSED"),
        ] {
            assert_eq!(of_emit(&error), code, "{error}");
        }
        let nobody = Arc::new(Error::ConnectTimeout {
            endpoint: ipc_transport::Endpoint::Memory("nowhere".into()),
            limit: Duration::ZERO,
        });
        let failed = ConnectError::Failed(Arc::clone(&nobody));
        assert_eq!(of_connect(&failed), "ERR_IPC_CONNECT_TIMEOUT");
        assert_eq!(of_connect(&ConnectError::Closed), "ERR_IPC_CLOSED");
        assert_eq!(of_disconnect(&DisconnectReason::Error(nobody)), "ERR_IPC_CONNECT_TIMEOUT");
        let truncated = DisconnectReason::Truncated { buffered: 1 };
        assert_eq!(of_disconnect(&truncated), "ERR_IPC_TRUNCATED");
        assert_eq!(of_disconnect(&DisconnectReason::Local), "ERR_IPC_CLOSED_BY_THIS_SIDE");
    }

    /// The table says of each code of the core what it is here.
    #[test]
    fn the_documents_table_is_what_is_said() {
        let table = include_str!("../../docs/errors.md");
        let rows = table.lines().filter_map(|line| {
            let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            match cells.as_slice() {
                ["", here, core, ..] if here.starts_with(PREFIX) => Some((*here, *core)),
                _ => None,
            }
        });
        let mut compared = 0;
        for (here, core) in rows {
            for core in core.split("`, `").filter(|core| !core.is_empty()) {
                assert_eq!(of_core(core), here, "{core}");
                compared += 1;
            }
        }
        assert!(compared > 50, "{compared}");
    }
}
