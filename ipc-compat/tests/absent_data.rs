//! A frame without `data`: which handlers run, and what is said of those that do not.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::time::Duration;

use ipc_compat::{Config, Ipc, NodeFormat, RawJson};
use ipc_core::DecodePayload;
use ipc_transport::{MemoryHub, MemoryTransport, Transport};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

both_runtimes!(handlers_run_by_what_they_take);
async fn handlers_run_by_what_they_take() {
    let transport = MemoryTransport::new("absent").with_hub(MemoryHub::new());
    let server = Ipc::new(Config::classic()).serve_on(transport.clone()).unwrap();
    let (told, mut tells) = mpsc::unbounded_channel();
    macro_rules! note {
        ($type:ty) => {{
            let told = told.clone();
            server.on("e", move |data: $type, _| {
                told.send(format!("{}: {data:?}", stringify!($type))).unwrap();
            });
        }};
    }
    note!(());
    note!(RawJson);
    note!(Option<RawJson>);
    note!(Value);
    note!(Option<u8>);
    note!(u8);
    let errors = told.clone();
    server.on_error(move |error, _| errors.send(format!("{error}, {error:?}")).unwrap());
    let end = told.clone();
    server.on("end", move |(), _| end.send("end".to_owned()).unwrap());
    server.start().await.unwrap();

    let mut stream = transport.dial().await.unwrap();
    let frames = "{\"type\":\"e\"}\u{c}{\"type\":\"e\",\"data\":5}\u{c}{\"type\":\"end\"}\u{c}";
    stream.write_all(frames.as_bytes()).await.unwrap();
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "end") {
        let line = tokio::time::timeout(DEADLINE, tells.recv()).await.unwrap();
        lines.push(line.unwrap());
    }
    let expected = [
        "(): ()",
        "Option<RawJson>: None",
        "Value: Null",
        "Option<u8>: None",
        "a message \"e\" has no payload, which its handler needs",
        "a message \"e\" has no payload, which its handler needs",
        "(): ()",
        "RawJson: RawJson { bytes: 1 }",
        "Option<RawJson>: Some(RawJson { bytes: 1 })",
        "Value: Number(5)",
        "Option<u8>: Some(5)",
        "u8: 5",
        "end",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line} is not {expected}");
    }
    assert!(lines.iter().filter(|line| line.contains("NoPayload")).count() == 2, "{lines:#?}");
}

/// What a program can ask its format for, whatever it knows of the type.
#[test]
fn a_function_may_be_generic_over_what_it_takes() {
    fn take<T>(message: &ipc_core::Message) -> Option<T>
    where
        NodeFormat: DecodePayload<T>,
    {
        NodeFormat::classic().decode_payload(message).ok()
    }
    let message = ipc_core::Message::new("e", None);
    assert!(take::<RawJson>(&message).is_none());
    assert_eq!(take::<Option<RawJson>>(&message), Some(None));
}

/// Ends a test that would hang; no test waits for it otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
