//! The same of calls, whose arguments the type of a method reads.

use std::fmt::Debug;

use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{DecodePayload, Failure, HandlerOrder};
use ipc_transport::Transport;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{DEADLINE, Hiding, MALFORMED, Panics, Rig};

impl Rig {
    fn on_call<T: Debug + Send + 'static>(&self, method: &'static str)
    where
        NodeFormat: DecodePayload<T>,
    {
        let tell = self.tell.clone();
        self.server.on_call(method, move |args: T, _| {
            tell.send(format!("{method} {args:?}")).unwrap();
            async { Ok::<_, Failure>(true) }
        });
    }

    /// Sends frames, and returns what was said and what was answered until all of them were handled.
    async fn exchange(mut self, frames: &[String]) -> (Vec<String>, Vec<String>) {
        self.server.on_call("end", async |(), _| Ok::<_, Failure>("end"));
        let stream = self.transport.dial().await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let last = call(99, "end", "null");
        for frame in frames.iter().chain([&last]) {
            writer.write_all(format!("{frame}\u{c}").as_bytes()).await.unwrap();
        }
        let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
        while !read.ends_with(b"\"ok\":\"end\"}}\x0c") {
            let len = tokio::time::timeout(DEADLINE, reader.read(&mut chunk)).await.unwrap();
            read.extend_from_slice(&chunk[..len.unwrap()]);
        }
        let answers = String::from_utf8(read).unwrap();
        let data = r#"{"type":"$answer","data":"#;
        let answers = answers.split('\u{c}').filter_map(|frame| frame.strip_prefix(data));
        let answers = answers.map(|rest| rest[..rest.len() - 1].to_owned()).collect();
        let lines = std::iter::from_fn(|| self.told.try_recv().ok()).collect();
        (lines, answers)
    }
}

fn call(number: u64, method: &str, args: &str) -> String {
    let data = format!(r#"{{"n":{number},"call":"{method}","args":{args},"ms":60000}}"#);
    format!(r#"{{"type":"$call","data":{data}}}"#)
}

both_runtimes!(a_method_does_not_run_with_what_is_malformed);
async fn a_method_does_not_run_with_what_is_malformed() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    rig.on_call::<f64>("m");
    rig.on_call::<Vec<Hiding>>("hiding");
    rig.on_call::<RawJson>("raw");
    rig.on_call::<Panics>("panics");
    rig.on_call::<()>("nothing");
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let calls = [
        ("m", "1.5"),
        ("m", "1."),
        ("m", "[1,]"),
        ("m", "1}"),
        ("m", ""),
        ("m", "\"x\""),
        ("m", "\"x"),
        ("m", "1,\"x\":2"),
        ("m", "1,\"args\":2"),
        ("m", " 3 "),
        ("hiding", "[1.5,null]"),
        ("hiding", "[1.]"),
        ("hiding", "[1.5,]"),
        ("raw", "[1 ]"),
        ("raw", "[1,]"),
        ("panics", "1."),
        ("panics", "null"),
        ("nothing", "[1.]"),
        ("nothing", &deep),
        ("nothing", &deep[1..]),
        ("unknown", "[1.]"),
        ("unknown", "1"),
        ("$unknown", "[1.]"),
        ("$unknown", "1"),
    ];
    let frames = (1..).zip(calls).map(|(number, (method, args))| call(number, method, args));
    let (lines, answers) = rig.exchange(&frames.collect::<Vec<_>>()).await;
    let expected = [
        "m 1.5",
        MALFORMED,
        MALFORMED,
        MALFORMED,
        MALFORMED,
        "handler m",
        MALFORMED,
        "m 1.0",
        "malformed ERR_IPC_INVALID_CALL",
        "m 3.0",
        "hiding [Hiding(Some(1.5)), Hiding(None)]",
        MALFORMED,
        MALFORMED,
        "raw RawJson { bytes: 4 }",
        MALFORMED,
        MALFORMED,
        "panics Panics",
        MALFORMED,
        "nothing ()",
        MALFORMED,
        MALFORMED,
        MALFORMED,
    ];
    assert_eq!(lines, expected);
    let said: Vec<_> = answers.iter().map(|answer| said(answer)).collect();
    let expected = [
        "1 true",
        "6 invalid_args",
        "8 true",
        "10 true",
        "11 true",
        "14 true",
        "17 true",
        "19 true",
        "22 unknown_method",
        "24 unknown_method",
        "99 \"end\"",
    ];
    assert_eq!(said, expected);
}

/// Returns the number of an answer, and its result or the code of its failure.
fn said(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    match answer.get("ok") {
        Some(result) => format!("{} {result}", answer["n"]),
        None => format!("{} {}", answer["n"], answer["error"]["code"].as_str().unwrap()),
    }
}

both_runtimes!(a_call_that_is_refused_for_its_number_is_checked_first);
async fn a_call_that_is_refused_for_its_number_is_checked_first() {
    let rig = Rig::new(HandlerOrder::NamedFirst).await;
    let tell = rig.tell.clone();
    rig.server.on_call("slow", move |(), _| {
        tell.send("slow".to_owned()).unwrap();
        std::future::pending::<Result<(), Failure>>()
    });
    let frames = ["1", "[1.]", "2"].map(|args| call(1, "slow", args));
    let (lines, answers) = rig.exchange(&frames).await;
    assert_eq!(lines, ["slow", MALFORMED, "malformed duplicate_call"]);
    assert_eq!(answers.len(), 1, "{answers:?}");
}
