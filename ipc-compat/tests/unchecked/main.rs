//! Frames whose payload is read by the type of a handler before it is checked: what is malformed is reported as that,
//! calls no handler, and the frames after it are handled.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;
mod calls;

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{
    DecodePayload, Error, HandlerError, HandlerOrder, Message, MessageFormat, Server, ServerEvent,
};
use ipc_transport::{MemoryHub, MemoryTransport, Transport};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A server, what its handlers and its errors are, and where they are written down.
struct Rig {
    server: Server<NodeFormat>,
    transport: MemoryTransport,
    tell: UnboundedSender<String>,
    told: UnboundedReceiver<String>,
}

impl Rig {
    async fn new(order: HandlerOrder) -> Self {
        let transport = MemoryTransport::new("unchecked").with_hub(MemoryHub::new());
        let builder = Server::builder(NodeFormat::v14(), transport.clone());
        let server = builder.handler_order(order).build();
        server.listen().await.unwrap();
        let (tell, told) = unbounded_channel();
        let errors = tell.clone();
        server.on_lifecycle(move |event| {
            let ServerEvent::Error { error, .. } = event else { return };
            let line = match &**error {
                Error::Format(error) => format!("malformed {}", error.code()),
                Error::Handler(HandlerError::Panicked { message, .. }) => {
                    format!("panic {message}")
                }
                Error::Handler(HandlerError::Payload { event, .. }) => format!("handler {event}"),
                error => format!("{error:?}"),
            };
            errors.send(line).unwrap();
        });
        Self { server, transport, tell, told }
    }

    fn on<T: Debug>(&self, event: &'static str)
    where
        NodeFormat: DecodePayload<T>,
    {
        let tell = self.tell.clone();
        self.server
            .on(event, move |payload: T, _| tell.send(format!("{event} {payload:?}")).unwrap());
    }

    /// Sends frames, and returns what was said until the handler of the last one has run.
    async fn lines(mut self, frames: &[&str]) -> Vec<String> {
        self.on::<()>("end");
        let mut stream = self.transport.dial().await.unwrap();
        for frame in frames.iter().chain(&[r#"{"type":"end","data":0}"#]) {
            stream.write_all(format!("{frame}\u{c}").as_bytes()).await.unwrap();
        }
        let mut lines = Vec::new();
        loop {
            let line = tokio::time::timeout(DEADLINE, self.told.recv()).await.unwrap().unwrap();
            if line == "end ()" {
                return lines;
            }
            lines.push(line);
        }
    }
}

fn data(json: &str) -> String {
    format!(r#"{{"type":"e","data":{json}}}"#)
}

const MALFORMED: &str = "malformed ERR_IPC_INVALID_JSON";

/// Hides every error of what it holds.
#[derive(Debug)]
struct Hiding(#[expect(dead_code, reason = "it is shown")] Option<f64>);

impl<'de> Deserialize<'de> for Hiding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(f64::deserialize(deserializer).ok()))
    }
}

/// Panics while it is read, but for `null`.
#[derive(Debug)]
struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<f64>::deserialize(deserializer);
        assert!(value.is_ok_and(|value| value.is_none()), "no null");
        Ok(Self)
    }
}

both_runtimes!(what_is_malformed_calls_no_handler);
async fn what_is_malformed_calls_no_handler() {
    for order in [HandlerOrder::NamedFirst, HandlerOrder::AnyFirst] {
        let rig = Rig::new(order).await;
        rig.on::<f64>("e");
        let frames = ["1.5", "1.", "[1,]", "2", "1}", "", "\"x\"", "1,\"x\":2", "\"\u{1}\"", " 3 "];
        let frames = frames.map(data);
        let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
        let expected = [
            "e 1.5",
            MALFORMED,
            MALFORMED,
            "e 2.0",
            MALFORMED,
            MALFORMED,
            "handler e",
            "e 1.0",
            MALFORMED,
            "e 3.0",
        ];
        assert_eq!(lines, expected, "{order:?}");
    }
}

both_runtimes!(a_type_that_hides_errors_is_not_given_what_is_malformed);
async fn a_type_that_hides_errors_is_not_given_what_is_malformed() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on::<Vec<Hiding>>("e");
    let frames = ["[1.5,null]", "[1.5,]", "[1.]", "[-]", "[n]"].map(data);
    let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
    assert_eq!(lines[0], "e [Hiding(Some(1.5)), Hiding(None)]");
    assert_eq!(lines[1..], [MALFORMED; 4]);
}

both_runtimes!(a_type_that_panics_on_what_is_malformed_is_not_what_is_reported);
async fn a_type_that_panics_on_what_is_malformed_is_not_what_is_reported() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on::<Panics>("e");
    let frames = ["null", "1.", "7"].map(data);
    let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
    assert_eq!(lines, ["e Panics", MALFORMED, "panic no null"]);
}

both_runtimes!(a_handler_that_panics_is_called_once);
async fn a_handler_that_panics_is_called_once() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    let tell = rig.tell.clone();
    rig.server.on("e", move |payload: Value, _| {
        tell.send("e".to_owned()).unwrap();
        assert!(payload.is_null(), "no null");
    });
    // The check of a frame leaves what is nested deep to `serde_json`.
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let frames = ["1", &deep, &deep[1..], "null"].map(data);
    let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
    assert_eq!(lines, ["e", "panic no null", "e", "panic no null", MALFORMED, "e"]);
}

/// A text that is itself a frame, which it reads as numbers; what is wrong with it is hidden.
#[derive(Debug)]
struct Nested(#[expect(dead_code, reason = "it is shown")] Option<Vec<Hiding>>);

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut frame = Bytes::from(String::deserialize(deserializer)?);
        let read = std::panic::catch_unwind(move || {
            let message = NodeFormat::v14().presume(&mut frame).unwrap();
            NodeFormat::v14().decode_payload(&message).ok()
        });
        Ok(Self(read.unwrap_or_default()))
    }
}

both_runtimes!(a_type_that_reads_messages_itself_is_read_like_any_other);
async fn a_type_that_reads_messages_itself_is_read_like_any_other() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on::<Vec<Nested>>("e");
    let text = |json: &str| Value::from(data(json)).to_string();
    let (right, wrong, no_frame) = (text("[1.5,null]"), text("[1.]"), "\"no frame\"");
    let frames = [
        format!("[{right},{wrong},{no_frame},{right}]"),
        format!("[{wrong},{no_frame},]"),
        format!("[{right},{wrong}"),
        format!("[{right}]"),
    ]
    .map(|json| data(&json));
    let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
    let right = "Nested(Some([Hiding(Some(1.5)), Hiding(None)]))";
    let expected = [
        &format!("e [{right}, Nested(None), Nested(None), {right}]"),
        MALFORMED,
        MALFORMED,
        &format!("e [{right}]"),
    ];
    assert_eq!(lines, expected);
}

both_runtimes!(the_last_of_several_names_is_the_event);
async fn the_last_of_several_names_is_the_event() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on::<Value>("e");
    rig.on::<Value>("f");
    let frames = ["1,\"type\":\"f\"", "1,\"data\":2", "3"].map(data);
    let lines = rig.lines(&frames.each_ref().map(String::as_str)).await;
    assert_eq!(lines, ["f Number(1)", "e Number(2)", "e Number(3)"]);
}

both_runtimes!(handlers_that_read_no_type_get_checked_payloads);
async fn handlers_that_read_no_type_get_checked_payloads() {
    for order in [HandlerOrder::NamedFirst, HandlerOrder::AnyFirst] {
        let rig = Rig::new(order).await;
        rig.on::<u8>("e");
        rig.on::<RawJson>("e");
        rig.on::<RawJson>("raw");
        let tell = rig.tell.clone();
        rig.server.on_any(move |message: &Message, _| {
            if message.event() != "end" {
                let payload = String::from_utf8_lossy(message.payload().unwrap()).into_owned();
                tell.send(format!("any {payload}")).unwrap();
            }
        });
        let mut frames = ["1", "1.", "\"x\""].map(data).to_vec();
        frames.extend(
            ["[2]", "[2", "\"\\ud800\"", "[2,]"].map(|json| data(json).replace("\"e\"", "\"raw\"")),
        );
        frames.push(r#"{"type":"nobody","data":1."#.to_owned() + "}");
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        let mut lines = rig.lines(&frames).await;
        lines.sort();
        let mut expected = [
            "e 1",
            "e RawJson { bytes: 1 }",
            "any 1",
            MALFORMED,
            "handler e",
            "e RawJson { bytes: 3 }",
            "any \"x\"",
            "raw RawJson { bytes: 3 }",
            "any [2]",
            MALFORMED,
            "raw RawJson { bytes: 8 }",
            "any \"\\ud800\"",
            MALFORMED,
            MALFORMED,
        ];
        expected.sort_unstable();
        assert_eq!(lines, expected, "{order:?}");
    }
}

both_runtimes!(bytes_that_are_not_utf8_are_replaced_before_a_type_reads_them);
async fn bytes_that_are_not_utf8_are_replaced_before_a_type_reads_them() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on::<String>("e");
    let tell = rig.tell.clone();
    rig.server.on("last", move |(), _| tell.send("last".to_owned()).unwrap());
    let mut stream = rig.transport.dial().await.unwrap();
    stream.write_all(b"{\"type\":\"e\",\"data\":\"a\xffb\"}\x0c").await.unwrap();
    stream.write_all(b"{\"type\":\"last\",\"data\":0}\x0c").await.unwrap();
    let mut told = rig.told;
    let line = tokio::time::timeout(DEADLINE, told.recv()).await.unwrap();
    assert_eq!(line.as_deref(), Some("e \"a\u{fffd}b\""));
    assert_eq!(told.recv().await.as_deref(), Some("last"));
}

/// Ends a test that would hang; no test waits for it otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
