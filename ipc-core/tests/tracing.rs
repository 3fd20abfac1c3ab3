//! What `tracing` is told: connections in their spans, errors, and no payload.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Bye, Client, ClientOptions, Hello, MsgPack, Server, Tokens};
use ipc_transport::MemoryTransport;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down every span and event, each with its fields.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn push(&self, metadata: &Metadata<'_>, name: &str, record: impl FnOnce(&mut Line)) -> u64 {
        let mut line = Line(format!("{} {name}", metadata.level()));
        record(&mut line);
        let mut lines = self.0.lock().unwrap();
        if metadata.target().starts_with("ipc_") {
            lines.push(line.0);
        }
        lines.len() as u64 + 1
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = self.0.lock().unwrap().clone();
        lines.sort();
        lines
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Notes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let name = format!("span {}", span.metadata().name());
        Id::from_u64(self.push(span.metadata(), &name, |line| span.record(line)))
    }

    fn event(&self, event: &Event<'_>) {
        self.push(event.metadata(), "event", |line| event.record(line));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn connections_and_errors_are_told_and_payloads_are_not() {
    let notes = Notes::default();
    let _guard = tracing::subscriber::set_default(notes.clone());
    let transport = MemoryTransport::new("traced");
    let server = Server::builder(MsgPack::default(), transport.clone()).build();
    server.on("say", |_: u8, _| ());
    server.listen().await.unwrap();
    let client =
        Client::builder(MsgPack::default(), transport).reconnect(ReconnectPolicy::never()).build();
    client.start().unwrap();
    client.connected().await.unwrap();
    // It is no number, so there is an error.
    client.emit("say", "a secret").unwrap();
    client.close().await;
    server.shutdown(Duration::from_secs(1)).await;

    let lines = notes.lines();
    assert_eq!(
        lines,
        [
            "DEBUG event message=connected",
            "DEBUG event message=connected",
            "DEBUG event message=destroyed",
            "DEBUG event message=disconnected reason=by the other side",
            "DEBUG event message=disconnected reason=by this side",
            "DEBUG span ipc_client endpoint=memory:traced",
            "DEBUG span ipc_peer endpoint=memory:traced peer=1",
            "WARN event message=error code=\"invalid_payload\" error=the payload of \"say\" is not \
             what its handler takes",
        ]
    );
    assert!(!format!("{lines:?}").contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_never_traced() {
    let notes = Notes::default();
    let _guard = tracing::subscriber::set_default(notes.clone());
    let transport = MemoryTransport::new("traced hello");
    let server = Server::builder(MsgPack::default(), transport.clone()).build();
    server.on("out", |(): (), peer| peer.kick(Bye::new("limit", "too loud")));
    server.listen().await.unwrap();
    let hello = Hello::new("alice").token("very-secret");
    let options = ClientOptions::default().hello(Some(hello));
    assert!(!format!("{options:?}").contains("very-secret"));
    let builder = Client::builder(MsgPack::default(), transport).options(options);
    assert!(!format!("{builder:?}").contains("very-secret"));
    let client = builder.build();
    client.emit("out", &()).unwrap();
    client.closed().await;
    server.shutdown(Duration::from_secs(1)).await;
    let lines = notes.lines();
    for line in [
        "DEBUG event message=greeted",
        "DEBUG event message=identified name=\"alice\" proof=Claimed",
        "WARN event message=dismissed code=\"limit\" why=\"too loud\"",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line} is not in {lines:#?}");
    }
    assert!(!format!("{lines:?}").contains("very-secret"));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_checked_is_never_traced() {
    let notes = Notes::default();
    let _guard = tracing::subscriber::set_default(notes.clone());
    let transport = MemoryTransport::new("traced tokens");
    let tokens = Tokens::new([("alice", "very-secret")]).unwrap();
    let builder = Server::builder(MsgPack::default(), transport.clone()).tokens(tokens.clone());
    assert!(!format!("{builder:?} {tokens:?}").contains("very-secret"));
    let server = builder.build();
    server.listen().await.unwrap();
    for token in ["very-secret", "very-secret-and-wrong"] {
        let hello = Hello::new("alice").token(token);
        let client = Client::builder(MsgPack::default(), transport.clone()).hello(Some(hello));
        let client = client.build();
        client.emit("hi", &()).unwrap();
        client.flush().await;
        let greeted_or_dismissed = |lines: Vec<String>| {
            let ends = |line: &String| line.contains("greeted") || line.contains("dismissed");
            lines.iter().filter(|line| ends(line)).count()
        };
        let before = usize::from(token != "very-secret");
        while greeted_or_dismissed(notes.lines()) <= before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        client.close().await;
    }
    server.shutdown(Duration::from_secs(1)).await;
    let lines = notes.lines();
    for line in [
        "DEBUG event message=identified name=\"alice\" proof=Token",
        "WARN event message=refused code=\"denied\" why=the token is not in the table",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line} is not in {lines:#?}");
    }
    assert!(!format!("{lines:?}").contains("very-secret"));
}
