//! The lines of stdout: what happened, as one JSON object each.

use std::borrow::Cow;

use ipc_compat::{Encoding, codes};
use ipc_core::{Denied, EmitError, Error, Limited};
use ipc_transport::{AfterDisplaced, Displaced, DisplacedBy};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::io::address::Address;

/// What happened. On a server `peer` is the number of the client it concerns.
///
/// The members of each JSON object are the fields of the variant, in their order.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// The server listens.
    Start { endpoint: String },
    /// A connection is made.
    Connect {
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
    },
    /// A message was received.
    Message {
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        /// Where it came from, if that is all that is known of its sender.
        #[serde(flatten)]
        from: Option<Address>,
        #[serde(rename = "type")]
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_received")]
        data: Option<&'a RawValue>,
    },
    /// A call was received.
    Call {
        peer: u64,
        /// Its number as it is on the wire; a notice has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<Box<RawValue>>,
        method: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        args: Option<&'a RawValue>,
    },
    /// Bytes were received in raw mode.
    Data {
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        #[serde(flatten)]
        from: Option<Address>,
        #[serde(rename = "hex", serialize_with = "as_hex")]
        bytes: &'a [u8],
    },
    /// The client's connection, or an attempt to connect, has ended.
    Disconnect,
    /// The client is closed and does not connect again.
    Destroy,
    /// A client of the server has disconnected.
    #[serde(rename = "socket.disconnected")]
    SocketDisconnected {
        peer: u64,
        #[serde(serialize_with = "id_or_false")]
        id: Option<&'a RawValue>,
    },
    /// The same, as node-ipc's other event for it.
    Close { peer: u64 },
    /// A client of the server has said who it is.
    Identified { peer: u64, identity: &'a str },
    /// The client is sent the events of the server that match these patterns.
    Subscribed { topics: Vec<&'a str> },
    /// The server has said why it is about to close the client's connection.
    Dismissed { code: &'a str, message: &'a str, reconnect: bool },
    /// A client was not let in.
    Refused { code: &'static str, message: String },
    /// A client of the server did what it may not: it was dropped, or answered `denied`.
    Denied { peer: u64, what: &'static str, name: &'a str },
    /// How often what a client sent was kept back, once it has disconnected.
    Limited { peer: u64, throttled: u64, dropped: u64, denied: u64 },
    /// The server's socket file was removed or replaced.
    Displaced {
        path: String,
        #[serde(serialize_with = "as_text")]
        by: DisplacedBy,
        then: &'static str,
        #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Something failed.
    Error {
        code: Cow<'static, str>,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
    },
}

impl<'a> Line<'a> {
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

    /// Returns the line of what a client was denied.
    pub(crate) fn denied(peer: u64, what: Denied, name: &'a str) -> Self {
        let what = match what {
            Denied::Call => "call",
            Denied::Topic => "topic",
            _ => "event",
        };
        Line::Denied { peer, what, name }
    }

    /// Returns the line of what a client sent and was kept back, if any was.
    pub(crate) fn limited(peer: u64, limited: Limited) -> Option<Self> {
        let Limited { throttled, dropped, denied, .. } = limited;
        let any = throttled > 0 || dropped > 0 || denied > 0;
        any.then_some(Line::Limited { peer, throttled, dropped, denied })
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
            Self::Message { .. }
                | Self::Call { .. }
                | Self::Data { .. }
                | Self::Displaced { .. }
                | Self::Dismissed { .. }
                | Self::Refused { .. }
                | Self::Denied { .. }
                | Self::Error { .. }
        )
    }

    /// Appends the line as JSON, with its line feed.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        // Every line has JSON, and a vector takes whatever is written to it.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

/// Returns the error followed by its causes.
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
fn on_one_line(json: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\n', b'\r', json.as_bytes()).is_none() {
        return Cow::Borrowed(json);
    }
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            ' ' | '\t' | '\n' | '\r' => return in_string,
            _ => {}
        }
        true
    });
    Cow::Owned(kept.collect())
}

/// Writes JSON as it was on the wire, on one line.
fn one_line<S: Serializer>(json: &RawValue, serializer: S) -> Result<S::Ok, S::Error> {
    match on_one_line(json.get()) {
        Cow::Borrowed(_) => json.serialize(serializer),
        Cow::Owned(json) => {
            RawValue::from_string(json).map_err(S::Error::custom)?.serialize(serializer)
        }
    }
}

fn as_received<S: Serializer>(data: &Option<&RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
    match data {
        Some(data) => one_line(data, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes the id of a client; one without is `false`, as in node-ipc.
fn id_or_false<S: Serializer>(id: &Option<&RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => one_line(id, serializer),
        None => serializer.serialize_bool(false),
    }
}

fn as_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Encoding::Hex.to_text(bytes))
}

fn as_text<S: Serializer>(by: &DisplacedBy, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(by)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

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
        let named = Line::SocketDisconnected { peer: 1, id: Some(raw(r#""me""#)) };
        check(&named, r#"{"event":"socket.disconnected","peer":1,"id":"me"}"#);
    }

    #[test]
    fn a_message_has_its_data_if_there_was_any() {
        let line = |peer, data| Line::Message { peer, from: None, name: "a\n\u{1f600}", data };
        check(&line(None, None), "{\"event\":\"message\",\"type\":\"a\\n\u{1f600}\"}");
        check(
            &line(Some(2), Some(raw("{\"a\": 1e400}"))),
            "{\"event\":\"message\",\"peer\":2,\"type\":\"a\\n\u{1f600}\",\"data\":{\"a\": 1e400}}",
        );
    }

    #[test]
    fn over_udp_a_message_says_where_it_came_from() {
        let from = Some("[::1]:8001".parse::<SocketAddr>().unwrap().into());
        let line = Line::Message { peer: Some(1), from, name: "t", data: Some(raw("1")) };
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
        assert_eq!(on_one_line(json), expected);
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

    #[test]
    fn a_payload_of_several_lines_is_printed_on_one() {
        let data = Some(raw("{\n  \"a b\": [\"x\\n\",\r\n 1e400]\n}"));
        let line = Line::Message { peer: Some(1), from: None, name: "t", data };
        check(&line, r#"{"event":"message","peer":1,"type":"t","data":{"a b":["x\n",1e400]}}"#);
    }

    #[test]
    fn what_a_client_may_not_do_is_told() {
        let line = Line::denied(1, Denied::Topic, "a\"b");
        check(&line, r#"{"event":"denied","peer":1,"what":"topic","name":"a\"b"}"#);
        assert!(Line::limited(1, Limited::default()).is_none());
        let line = Line::Limited { peer: 2, throttled: 3, dropped: 0, denied: 1 };
        check(&line, r#"{"event":"limited","peer":2,"throttled":3,"dropped":0,"denied":1}"#);
        let line = Line::Refused { code: "ERR_IPC_DENIED", message: "no".to_owned() };
        check(&line, r#"{"event":"refused","code":"ERR_IPC_DENIED","message":"no"}"#);
    }

    #[test]
    fn a_lost_socket_file_is_one_line() {
        let by = DisplacedBy::Removed;
        let line = Line::Displaced { path: "/x".into(), by, then: "remade", reason: None };
        check(&line, r#"{"event":"displaced","path":"/x","by":"removed","then":"remade"}"#);
        let reason = Some("a \"b\"".to_owned());
        let line = Line::Displaced { path: "/x".into(), by, then: "not_remade", reason };
        check(
            &line,
            r#"{"event":"displaced","path":"/x","by":"removed","then":"not_remade","message":"a \"b\""}"#,
        );
    }
}
