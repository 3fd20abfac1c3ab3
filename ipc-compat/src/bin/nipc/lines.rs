//! The lines of stdout: what happened, as one JSON object each.

use std::borrow::Cow;
use std::net::SocketAddr;

use ipc_compat::{Encoding, codes};
use ipc_core::{EmitError, Error};
use ipc_transport::{AfterDisplaced, Displaced, DisplacedBy};

/// What happened. On a server `peer` is the number of the client it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// The server listens.
    Start { endpoint: String },
    /// A connection is made.
    Connect { peer: Option<u64> },
    /// A message was received.
    Message {
        peer: Option<u64>,
        /// Where it came from, if that is all there is to know of its sender.
        from: Option<SocketAddr>,
        name: &'a str,
        data: Option<&'a [u8]>,
    },
    /// Bytes were received in raw mode.
    Data { peer: Option<u64>, from: Option<SocketAddr>, bytes: &'a [u8] },
    /// The client's connection, or an attempt to make one, is at its end.
    Disconnect,
    /// The client is at its end.
    Destroy,
    /// A client of the server has left.
    SocketDisconnected { peer: u64, id: Option<&'a [u8]> },
    /// The same, as node-ipc's other event for it.
    Close { peer: u64 },
    /// The server's socket file was removed or replaced.
    Displaced { path: String, by: DisplacedBy, then: &'static str, reason: Option<String> },
    /// Something went wrong.
    Error { code: Cow<'static, str>, message: String, peer: Option<u64> },
}

impl Line<'_> {
    /// Returns the line of an error.
    pub(crate) fn error(error: &Error, peer: Option<u64>) -> Self {
        Line::Error { code: codes::of(error).into(), message: chain(error), peer }
    }

    /// Returns the line of a socket file that is lost.
    pub(crate) fn displaced(displaced: &Displaced) -> Self {
        let reason = match &displaced.then {
            AfterDisplaced::NotRemade { reason } => Some(chain(&**reason)),
            _ => None,
        };
        let path = displaced.path.to_string_lossy().into_owned();
        Line::Displaced { path, by: displaced.by, then: displaced.then.name(), reason }
    }

    /// Returns the line of a message that could not be sent.
    pub(crate) fn not_sent(error: &EmitError, peer: Option<u64>) -> Self {
        let code = codes::of_emit(error).into();
        Line::Error { code, message: format!("not sent: {}", chain(error)), peer }
    }

    /// Returns the line of messages that were taken and not written.
    pub(crate) fn undelivered(messages: usize, peer: Option<u64>) -> Self {
        let message = match messages {
            1 => "1 message was not written".to_owned(),
            n => format!("{n} messages were not written"),
        };
        Line::Error { code: codes::UNDELIVERED.into(), message, peer }
    }

    /// Returns whether the line is worth printing even when only the essential is.
    pub(crate) fn is_essential(&self) -> bool {
        matches!(
            self,
            Self::Message { .. } | Self::Data { .. } | Self::Displaced { .. } | Self::Error { .. }
        )
    }

    /// Appends the line as JSON, with its line feed.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let (event, peer) = match self {
            Self::Start { .. } => ("start", None),
            Self::Connect { peer } => ("connect", *peer),
            Self::Message { peer, .. } => ("message", *peer),
            Self::Data { peer, .. } => ("data", *peer),
            Self::Disconnect => ("disconnect", None),
            Self::Destroy => ("destroy", None),
            Self::SocketDisconnected { peer, .. } => ("socket.disconnected", Some(*peer)),
            Self::Close { peer } => ("close", Some(*peer)),
            Self::Displaced { .. } => ("displaced", None),
            Self::Error { peer, .. } => ("error", *peer),
        };
        out.extend_from_slice(b"{\"event\":\"");
        out.extend_from_slice(event.as_bytes());
        out.push(b'"');
        // An error's peer comes last.
        if let (Some(peer), false) = (peer, matches!(self, Self::Error { .. })) {
            member("peer", peer.to_string().as_bytes(), out);
        }
        if let Self::Message { from: Some(from), .. } | Self::Data { from: Some(from), .. } = self {
            text("address", &from.ip().to_string(), out);
            member("port", from.port().to_string().as_bytes(), out);
        }
        match self {
            Self::Start { endpoint } => text("endpoint", endpoint, out),
            Self::Message { name, data, .. } => {
                text("type", name, out);
                if let Some(data) = data {
                    member("data", &on_one_line(data), out);
                }
            }
            Self::Data { bytes, .. } => text("hex", &Encoding::Hex.to_text(bytes), out),
            Self::SocketDisconnected { id, .. } => {
                member("id", &on_one_line(id.unwrap_or(b"false")), out);
            }
            Self::Displaced { path, by, then, reason } => {
                text("path", path, out);
                text("by", &by.to_string(), out);
                text("then", then, out);
                if let Some(reason) = reason {
                    text("message", reason, out);
                }
            }
            Self::Error { code, message, peer } => {
                text("code", code, out);
                text("message", message, out);
                if let Some(peer) = peer {
                    member("peer", peer.to_string().as_bytes(), out);
                }
            }
            Self::Connect { .. } | Self::Disconnect | Self::Destroy | Self::Close { .. } => {}
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Returns the error and what caused it, one behind the other.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Returns the JSON value without line ends, and without other white space if it had any; what is
/// within strings stays.
pub(crate) fn on_one_line(json: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\n', b'\r', json).is_none() {
        return Cow::Borrowed(json);
    }
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.iter().copied().filter(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' => return in_string,
            _ => {}
        }
        true
    });
    Cow::Owned(kept.collect())
}

fn member(name: &str, json: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(json);
}

fn text(name: &str, text: &str, out: &mut Vec<u8>) {
    member(name, b"", out);
    string(text, out);
}

/// Appends the text as a JSON string.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    // A text always has JSON, and a vector takes what is written to it.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &Line<'_>, expected: &str) {
        let mut out = Vec::new();
        line.write_json(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
    }

    #[test]
    fn a_line_says_what_happened_to_whom() {
        let endpoint = "unix:/tmp/a\"b".to_owned();
        check(&Line::Start { endpoint }, r#"{"event":"start","endpoint":"unix:/tmp/a\"b"}"#);
        check(&Line::Connect { peer: None }, r#"{"event":"connect"}"#);
        check(&Line::Connect { peer: Some(3) }, r#"{"event":"connect","peer":3}"#);
        let data = |peer| Line::Data { peer, from: None, bytes: &[0, 255] };
        check(&data(Some(1)), r#"{"event":"data","peer":1,"hex":"00ff"}"#);
        check(&data(None), r#"{"event":"data","hex":"00ff"}"#);
        check(&Line::Disconnect, r#"{"event":"disconnect"}"#);
        check(&Line::Destroy, r#"{"event":"destroy"}"#);
        check(&Line::Close { peer: 1 }, r#"{"event":"close","peer":1}"#);
        let nameless = Line::SocketDisconnected { peer: 1, id: None };
        check(&nameless, r#"{"event":"socket.disconnected","peer":1,"id":false}"#);
        let named = Line::SocketDisconnected { peer: 1, id: Some(b"\"me\"") };
        check(&named, r#"{"event":"socket.disconnected","peer":1,"id":"me"}"#);
    }

    #[test]
    fn a_message_has_its_data_if_there_was_any() {
        let line = |peer, data| Line::Message { peer, from: None, name: "a\n\u{1f600}", data };
        check(&line(None, None), "{\"event\":\"message\",\"type\":\"a\\n\u{1f600}\"}");
        check(
            &line(Some(2), Some(b"{\"a\": 1e400}")),
            "{\"event\":\"message\",\"peer\":2,\"type\":\"a\\n\u{1f600}\",\"data\":{\"a\": 1e400}}",
        );
    }

    #[test]
    fn over_udp_a_message_says_where_it_came_from() {
        let from = "[::1]:8001".parse().ok();
        let line = Line::Message { peer: Some(1), from, name: "t", data: Some(b"1") };
        let expected =
            r#"{"event":"message","peer":1,"address":"::1","port":8001,"type":"t","data":1}"#;
        check(&line, expected);
    }

    #[test]
    fn an_error_has_a_code_in_node_ipcs_style() {
        let error = |peer| Line::Error { code: "ERR_IPC_IO".into(), message: "no\n".into(), peer };
        check(&error(None), r#"{"event":"error","code":"ERR_IPC_IO","message":"no\n"}"#);
        check(
            &error(Some(1)),
            r#"{"event":"error","code":"ERR_IPC_IO","message":"no\n","peer":1}"#,
        );
    }

    #[track_caller]
    fn one_line(json: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&on_one_line(json.as_bytes())), expected);
    }

    #[test]
    fn line_ends_go_and_tokens_stay() {
        one_line("{ \"a\" : 1 }", "{ \"a\" : 1 }");
        one_line("{\n  \"a b\" : [ 1,\r\n\t2 ]\n}", "{\"a b\":[1,2]}");
        one_line("[\"\\\\\", \"\\\" \",\n\" \\n\"]", "[\"\\\\\",\"\\\" \",\" \\n\"]");
        one_line(
            "[1e400,\n18446744073709551617,\"\\ud800\"]",
            "[1e400,18446744073709551617,\"\\ud800\"]",
        );
    }
}
