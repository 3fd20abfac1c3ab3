//! Logging: off by default, what is asked for, and payloads only on request.
#![cfg(unix)]
#![expect(clippy::panic, reason = "a test that cannot go on panics")]

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipc_compat::{Config, Inspect, Ipc, Logger, RawJson, Retries};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

#[derive(Clone, Default)]
struct Lines(Arc<watch::Sender<Vec<String>>>);

impl Lines {
    fn logger(&self) -> Logger {
        let lines = self.clone();
        Logger::new(move |line| lines.push(line))
    }

    fn push(&self, line: &str) {
        self.0.send_modify(|lines| lines.push(line.to_owned()));
    }

    fn take(&self) -> Vec<String> {
        self.0.send_replace(Vec::new())
    }

    /// Waits until there is a line with this in it.
    async fn until(&self, text: &str) {
        let mut lines = self.0.subscribe();
        let found = lines.wait_for(|lines| lines.iter().any(|line| line.contains(text)));
        let within = tokio::time::timeout(Duration::from_secs(60), found).await;
        assert!(within.is_ok(), "no line has {text:?} in it");
    }
}

fn ipc(directory: &TempDir, lines: &Lines) -> Ipc {
    let mut config = Config::classic();
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.id = "world".to_owned();
    config.logger = Some(lines.logger());
    config.max_retries = Retries::Times(0);
    Ipc::new(config)
}

/// A part of a line that must not be formatted.
struct NotToBeShown;

impl fmt::Display for NotToBeShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("it was put together although it is not read")
    }
}

#[test]
fn a_line_that_nobody_reads_is_not_put_together() {
    let ipc = Ipc::new(Config::classic());
    ipc.configure(|config| config.silent = true);
    ipc.log(format_args!("{NotToBeShown}"));
    let lines = Lines::default();
    ipc.configure(|config| config.logger = Some(lines.logger()));
    ipc.log(format_args!("{NotToBeShown}"));
    assert!(lines.take().is_empty());
    // It is read live.
    ipc.configure(|config| config.silent = false);
    ipc.log("one");
    ipc.configure(|config| config.silent = true);
    ipc.log("two");
    assert_eq!(lines.take(), ["one"]);
}

#[test]
fn a_logger_may_be_replaced_and_may_log() {
    let (first, second) = (Lines::default(), Lines::default());
    let ipc = Ipc::new(Config::classic());
    ipc.configure(|config| config.logger = Some(first.logger()));
    ipc.log("one");
    let (inner, lines) = (ipc.clone(), second.clone());
    ipc.configure(|config| {
        config.logger = Some(Logger::new(move |line| {
            lines.push(line);
            if line == "two" {
                inner.log("again");
            }
        }));
    });
    ipc.log("two");
    ipc.configure(|config| config.logger = None);
    ipc.log("three");
    assert_eq!(
        (first.take(), second.take()),
        (vec!["one".into()], vec!["two".into(), "again".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_logged_and_payloads_only_if_asked_for() {
    for log_payloads in [false, true] {
        let (directory, lines) = (TempDir::new().unwrap(), Lines::default());
        let ipc = ipc(&directory, &lines);
        ipc.configure(|config| config.log_payloads = log_payloads);
        let server = ipc.serve(()).unwrap();
        server.on("ask", |secret: String, socket| socket.emit("answer", &secret).unwrap());
        server.start().await.unwrap();
        let client = ipc.connect_to("world").unwrap();
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        client.on("answer", move |secret: String, _| told.send(secret).unwrap());
        // Handlers that are removed do not take the log with them.
        server.off_event("nothing");
        client.connected().await.unwrap();
        let _ = ipc.connect_to("world").unwrap();
        client.emit("ask", "a secret").unwrap();
        tells.recv().await.unwrap();
        client.close().await;
        server.stop().await;
        lines.until("client 1 disconnected").await;
        let path = directory.path().join("app.world");
        let mut logged = lines.take();
        // Which side is notified first is the scheduler's choice.
        logged.sort();
        let mut expected = vec![
            "already connected to world".to_owned(),
            "client 1 connected".into(),
            "client 1 disconnected: by the other side".into(),
            "client of world is closed".into(),
            "connected to world".into(),
            "connection to world closed: by this side".into(),
            format!("server listens at unix:{}", path.display()),
        ];
        if log_payloads {
            // The answer is sent with the bare socket.
            for what in ["dispatching", "received"] {
                let events = ["ask", "answer"];
                expected.extend(events.map(|event| format!("{what} event {event} \"a secret\"")));
            }
        }
        expected.sort();
        assert_eq!(logged, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_sends_is_logged_once_and_a_logger_may_send() {
    let (directory, lines) = (TempDir::new().unwrap(), Lines::default());
    let ipc = ipc(&directory, &lines);
    ipc.configure(|config| config.log_payloads = true);
    let server = ipc.serve(()).unwrap();
    server.start().await.unwrap();
    let (come, mut comes) = tokio::sync::mpsc::unbounded_channel();
    server.on_connect(move |socket| come.send(socket.clone()).unwrap());
    let client = ipc.connect_to("world").unwrap();
    client.start().unwrap();
    let socket = comes.recv().await.unwrap();
    lines.take();
    let logger = {
        let (lines, socket) = (lines.clone(), socket.clone());
        Logger::new(move |line| {
            lines.push(line);
            if line == "dispatching event one 1" {
                socket.emit("logged", &line).unwrap();
            }
        })
    };
    ipc.configure(|config| config.logger = Some(logger));
    socket.emit("one", &1).unwrap();
    socket.send("two", &2).await.unwrap();
    server.emit(&socket, "three", &3).unwrap();
    server.broadcast("four", &4).unwrap();
    server.broadcast_send("five", &5).await.unwrap();
    server.socket(socket.id()).unwrap().emit("six", &6).unwrap();
    // A message that cannot be sent is an error, and is not logged.
    socket.emit("seven", &std::collections::HashMap::from([([1], 2)])).unwrap_err();
    let logged = lines.take();
    let sent: Vec<_> = logged.iter().filter(|line| line.starts_with("dispatching")).collect();
    assert_eq!(
        sent,
        [
            "dispatching event one 1",
            "dispatching event logged \"dispatching event one 1\"",
            "dispatching event two 2",
            "dispatching event three 3",
            "dispatching event four 4",
            "dispatching event five 5",
            "dispatching event six 6",
        ]
    );
    client.close().await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn errors_are_logged() {
    let (directory, lines) = (TempDir::new().unwrap(), Lines::default());
    let ipc = ipc(&directory, &lines);
    ipc.connect_to("absent").unwrap().connected().await.unwrap_err();
    let logged = lines.take();
    assert_eq!(logged.len(), 3, "{logged:?}");
    assert!(logged[0].starts_with("client of absent: "), "{logged:?}");
    assert!(logged[1].starts_with("connection to absent closed: "), "{logged:?}");
    assert_eq!(logged[2], "client of absent is closed");
}

#[tokio::test(start_paused = true)]
async fn a_peer_writes_no_lines_of_its_own() {
    let (directory, lines) = (TempDir::new().unwrap(), Lines::default());
    let ipc = ipc(&directory, &lines);
    ipc.configure(|config| config.log_payloads = true);
    let server = ipc.serve(()).unwrap();
    server.start().await.unwrap();
    let client = ipc.connect_to("world").unwrap();
    let forged = "e\nserver listens at \u{1b}[31mnowhere";
    client.emit(forged, &RawJson::new("[1,\n2]").unwrap()).unwrap();
    lines.until("received").await;
    client.close().await;
    server.stop().await;
    let lines = lines.take();
    let logged: Vec<_> = lines.iter().filter(|line| line.contains("event")).collect();
    let event = "e\\nserver listens at \\u{1b}[31mnowhere [1,\\n2]";
    let expected = ["dispatching", "received"].map(|what| format!("{what} event {event}"));
    assert_eq!(logged, expected.iter().collect::<Vec<_>>());
}

#[track_caller]
fn check(value: &Value, depth: u32, expected: &str) {
    assert_eq!(Inspect::new(value).with_depth(depth).to_string(), expected);
}

/// Compared with `util.inspect(value, {depth, breakLength: Infinity, compact: true})` of Node 20.
#[test]
fn values_are_shown_as_node_shows_them() {
    check(&json!(null), 5, "null");
    check(&json!([]), 0, "[]");
    check(&json!({}), 0, "{}");
    check(&json!([1, -1.5, true, null, "a"]), 0, "[ 1, -1.5, true, null, 'a' ]");
    check(&json!({"a": {"b": {}}, "c": [[1]]}), 0, "{ a: [Object], c: [Array] }");
    check(&json!({"a": {"b": {}}, "c": [[1]]}), 1, "{ a: { b: {} }, c: [ [Array] ] }");
    check(
        &json!({"a b": 1, "_c1": 2, "1c": 3, "é": 4}),
        0,
        "{ '1c': 3, _c1: 2, 'a b': 1, 'é': 4 }",
    );
    check(&json!("it's"), 0, "\"it's\"");
    check(&json!("it's \"it\""), 0, "`it's \"it\"`");
    check(&json!("it's \"it\" `"), 0, "'it\\'s \"it\" `'");
    check(&json!("\u{8}\t\n\u{c}\r\\\u{1b}\u{7f}\u{85}"), 0, r"'\b\t\n\f\r\\\x1B\x7F\x85'");
    let many: Value = (0..102).collect::<Vec<_>>().into();
    let shown = Inspect::new(&many).to_string();
    assert!(shown.ends_with(", 98, 99, ... 2 more items ]"), "{shown}");
}

#[test]
fn colours_are_nodes() {
    let value = json!({"n": 1, "s": "t", "z": null, "d": {"e": [1]}});
    let shown = Inspect::new(&value).with_depth(0).with_color(true).to_string();
    let expected = "{ d: \x1b[36m[Object]\x1b[39m, n: \x1b[33m1\x1b[39m, s: \x1b[32m't'\x1b[39m, \
                    z: \x1b[1mnull\x1b[22m }";
    assert_eq!(shown, expected);
    // The config says how.
    let ipc = Ipc::new(Config::classic());
    ipc.configure(|config| config.log_depth = 0);
    assert_eq!(ipc.inspect(&value).to_string(), expected);
    ipc.configure(|config| config.log_in_color = false);
    assert_eq!(ipc.inspect(&value).to_string(), "{ d: [Object], n: 1, s: 't', z: null }");
}
