//! Handlers: added, removed and run in their order, whatever they do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::{Client, ClientEvent, Error, HandlerError, HandlerId, PeerId, Server, ServerEvent};
use ipc_transport::Transport;

use crate::support::{Lines, Log, Raw, client, memory, server, soon, times};

/// A client connected to a peer that is only bytes, and the log of its handlers.
struct Rig {
    client: Client<Lines>,
    peer: Raw,
    log: Log,
}

impl Rig {
    async fn new() -> Self {
        let transport = memory();
        let mut listener = transport.listen().await.unwrap();
        let (client, _) = client(&transport);
        let peer = Raw::accept(&mut listener).await;
        soon(client.connected()).await.unwrap();
        Self { client, peer, log: Log::new() }
    }

    /// Registers a handler of `say` that only notes that it ran.
    fn note(&self, name: &'static str) -> HandlerId {
        let log = self.log.clone();
        self.client.on("say", move |_: String, _| log.note(name))
    }

    /// Lets the peer send as many messages, and compares which handlers ran.
    async fn check(&mut self, messages: usize, expected: &[&str]) {
        // The last message tells that the others are handled; this needs a handler after them.
        let log = self.log.clone();
        let end = self.client.once("end", move |_: String, _| log.note("end"));
        self.peer.write("say x\n".repeat(messages) + "end x\n").await;
        self.log.until("end").await;
        self.client.off(end);
        let mut lines = self.log.lines();
        lines.retain(|line| line != "end");
        assert_eq!(lines, expected);
        self.log = Log::new();
    }
}

#[tokio::test(start_paused = true)]
async fn they_run_in_the_order_they_came_and_those_for_any_event_last() {
    let mut rig = Rig::new().await;
    let log = rig.log.clone();
    rig.client.on_any(move |message, _| log.note(format!("any {}", message.event())));
    rig.note("a");
    rig.note("b");
    rig.check(2, &["a", "b", "any say", "a", "b", "any say", "any end"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_closure_may_be_registered_for_many_events() {
    let mut rig = Rig::new().await;
    let log = rig.log.clone();
    let same = move |text: String, _: &ipc_core::Peer<Lines>| log.note(text);
    rig.client.once("x", same.clone());
    rig.client.on("y", same.clone());
    rig.client.on("y", same);
    rig.peer.write("x 1\nx 2\ny 3\ny 4\n").await;
    // `x` ran once and took nothing of `y` with it.
    rig.check(0, &["1", "3", "3", "4", "4"]).await;
}

#[tokio::test(start_paused = true)]
async fn once_is_once() {
    let mut rig = Rig::new().await;
    let log = rig.log.clone();
    let id = rig.client.once("say", move |_: String, _| log.note("once"));
    rig.note("on");
    rig.check(3, &["once", "on", "on", "on"]).await;
    assert!(!rig.client.off(id), "it is gone by itself");
}

#[tokio::test(start_paused = true)]
async fn once_on_a_server_is_once_for_all_peers() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let other = log.clone();
    server.once("say", move |_: String, peer| other.note(format!("once {}", peer.id())));
    let mut peers = [Raw::dial(&transport).await, Raw::dial(&transport).await];
    for peer in &mut peers {
        peer.write("say x\n").await;
    }
    log.until("2 say x").await;
    log.until("1 say x").await;
    assert_eq!(log.lines().iter().filter(|line| line.starts_with("once")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn off_ends_one_handler() {
    let mut rig = Rig::new().await;
    rig.note("a");
    let b = rig.note("b");
    rig.note("c");
    assert!(rig.client.off(b));
    assert!(!rig.client.off(b));
    rig.check(1, &["a", "c"]).await;
    rig.client.off_event("say");
    rig.check(1, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn off_all_ends_those_for_any_event_too() {
    let mut rig = Rig::new().await;
    let log = rig.log.clone();
    rig.client.on_any(move |_, _| log.note("any"));
    rig.note("a");
    rig.client.off_all();
    rig.note("b");
    rig.check(1, &["b"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_removes_itself_skips_no_other() {
    let mut rig = Rig::new().await;
    rig.note("a");
    let id = Arc::new(Mutex::new(None));
    let (own, client, log) = (Arc::clone(&id), rig.client.clone(), rig.log.clone());
    let b = rig.client.on("say", move |_: String, _| {
        log.note("b");
        client.off(own.lock().unwrap().unwrap());
    });
    *id.lock().unwrap() = Some(b);
    rig.note("c");
    rig.note("d");
    rig.check(2, &["a", "b", "c", "d", "a", "c", "d"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_removed_by_an_earlier_one_does_not_run() {
    let mut rig = Rig::new().await;
    let later = Arc::new(Mutex::new(None));
    let (id, client, log) = (Arc::clone(&later), rig.client.clone(), rig.log.clone());
    rig.client.on("say", move |_: String, _| {
        log.note("a");
        client.off(id.lock().unwrap().unwrap());
    });
    *later.lock().unwrap() = Some(rig.note("b"));
    rig.note("c");
    rig.check(2, &["a", "c", "a", "c"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_added_meanwhile_waits_for_the_next_message() {
    let mut rig = Rig::new().await;
    let (client, log) = (rig.client.clone(), rig.log.clone());
    rig.client.once("say", move |_: String, _| {
        log.note("a");
        let log = log.clone();
        client.on("say", move |_: String, _| log.note("b"));
    });
    rig.check(2, &["a", "b"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_reported_and_the_others_run() {
    let mut rig = Rig::new().await;
    let errors = Log::new();
    let other = errors.clone();
    rig.client.on_lifecycle(move |event| {
        if let ClientEvent::Error(error) = event {
            assert!(!error.ends_connection());
            let Error::Handler(HandlerError::Panicked { event, message }) = &**error else {
                panic!("another error: {error}");
            };
            other.note(format!("{event}: {message}, {}", error.code()));
        }
    });
    rig.note("a");
    rig.client.on("say", |_: String, _| panic!("told with {}", "a String"));
    rig.note("b");
    let log = rig.log.clone();
    rig.client.once("say", move |_: String, _| {
        log.note("c");
        panic!("told with a str");
    });
    rig.client.once("say", |_: String, _| std::panic::panic_any(7));
    rig.note("d");
    // The handlers that were to run once are gone although they panicked.
    rig.check(2, &["a", "b", "c", "d", "a", "b", "d"]).await;
    let code = "handler_panicked";
    let [string, str, any] = ["told with a String", "told with a str", ""]
        .map(|message| format!("say: {message}, {code}"));
    assert_eq!(errors.lines(), [string.clone(), str, any, string]);
}

#[tokio::test(start_paused = true)]
async fn a_payload_of_another_type_is_reported_and_the_connection_goes_on() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let other = log.clone();
    server.on("n", move |n: u64, _| other.note(format!("number {n}")));
    let mut peer = Raw::dial(&transport).await;
    peer.write("n 1\nn one\nn 2\n").await;
    log.until("number 2").await;
    let told = ["number 1", "1 n 1", "1 n one", "1 error ERR_NUMBER", "number 2"];
    assert_eq!(log.lines()[1..6], told);
}

#[tokio::test(start_paused = true)]
async fn handlers_may_send_close_and_register() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    server.on("twice", |text: String, peer| {
        peer.emit("echo", text.as_str()).unwrap();
        peer.emit("echo", text.as_str()).unwrap();
    });
    server.on("bye", |_: String, peer| {
        peer.emit("echo", "bye").unwrap();
        peer.close();
        assert!(peer.emit("echo", "too late").is_err());
    });
    server.on("out", |_: String, peer| {
        peer.emit("echo", "never seen").unwrap();
        peer.disconnect();
    });
    let (other, noted) = (server.clone(), log.clone());
    server.on("all", move |text: String, _| {
        let report = other.broadcast("echo", text.as_str()).unwrap();
        noted.note(format!("sent to {}", report.sent));
    });
    let mut one = Raw::dial(&transport).await;
    one.write("twice x\nall y\n").await;
    for expected in ["echo x", "echo x", "echo y"] {
        assert_eq!(one.line().await, expected);
    }
    one.write("bye x\nafter x\n").await;
    assert_eq!(one.rest().await, "echo bye\n");
    drop(one);
    log.until("1 disconnect local").await;
    let mut two = Raw::dial(&transport).await;
    two.write("out x\nafter x\n").await;
    log.until("2 disconnect local").await;
    assert_eq!(two.rest().await, "");
    let told = [
        "1 connect",
        "1 twice x",
        "sent to 1",
        "1 all y",
        // The peer is heard until it ends its side, too.
        "1 bye x",
        "1 after x",
        "1 disconnect local",
        "2 connect",
        // After `disconnect` nothing is.
        "2 out x",
        "2 disconnect local",
    ];
    assert_eq!(log.lines(), told);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_close_its_own_client() {
    let mut rig = Rig::new().await;
    rig.client.on("say", |_: String, peer| {
        peer.emit("last", "words").unwrap();
        peer.close();
    });
    rig.peer.write("say x\n").await;
    assert_eq!(rig.peer.rest().await, "last words\n");
    drop(rig.peer);
    soon(rig.client.peer().closed()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_removed_handler_held_may_come_back_when_it_is_dropped() {
    struct Guard(Client<Lines>, Log);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.1.note("dropped");
            self.0.off_event("other");
        }
    }
    let mut rig = Rig::new().await;
    let guard = Guard(rig.client.clone(), rig.log.clone());
    rig.client.on("say", move |_: String, _| guard.1.note("guarded"));
    rig.note("a");
    let client = rig.client.clone();
    rig.client.on("remove", move |_: String, _| client.off_event("say"));
    rig.peer.write("say x\nremove x\nsay x\n").await;
    rig.check(0, &["guarded", "a", "dropped"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_handler_that_panics_is_reported_to_the_others() {
    let transport = memory();
    let (_server, _) = server(&transport).await;
    let client = Client::builder(Lines, transport).reconnect(times(0)).build();
    client.on_lifecycle(|event| {
        if matches!(event, ClientEvent::Connect) {
            panic!("a lifecycle handler panics");
        }
    });
    let log = Log::of_client(&client);
    client.start().unwrap();
    soon(client.connected()).await.unwrap();
    soon(client.close()).await;
    log.until("destroy").await;
    let told = ["error handler_panicked", "connect", "disconnect local", "destroy"];
    assert_eq!(log.lines(), told);
}

#[tokio::test(start_paused = true)]
async fn lifecycle_handlers_may_send_and_register() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let (other, log) = (server.clone(), Log::new());
    let noted = log.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Connect(peer) = event {
            peer.emit("welcome", "you").unwrap();
            let noted = noted.clone();
            other.on_lifecycle(move |_| noted.note("told"));
        }
    });
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    assert_eq!(peer.line().await, "welcome you");
    assert!(log.lines().is_empty(), "it is told of the next event, not of this one");
    server.emit(PeerId::from(1), "more", "").unwrap();
    drop(peer);
    log.until("told").await;
    // A handler that holds its server keeps it alive, so this ends it.
    soon(server.shutdown(Duration::from_secs(1))).await;
}

/// What a peer calls its event may be a secret, or written to forge a line of a log.
#[tokio::test(start_paused = true)]
async fn what_a_peer_calls_its_event_is_in_no_error() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    let errors = Log::new();
    let other = errors.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Error { error, .. } = event {
            other.note(format!("{error}, {error:?}"));
        }
    });
    server.on_any(|_, _| panic!("told"));
    Raw::dial(&transport).await.write("secret x\n").await;
    errors.until_len(1).await;
    let error = errors.lines().remove(0);
    assert!(error.starts_with("a handler of \"*\" panicked: told"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}
