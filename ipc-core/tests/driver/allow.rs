//! Events that a peer may not send: dropped before any handler, counted and reported, or its end.

use std::time::Duration;

use ipc_core::{Allow, Incoming, OnDenied, Server, ServerBuilder, ServerEvent};
use ipc_transport::MemoryTransport;

use crate::support::{Lines, Log, Raw, memory, soon};

async fn limited(
    settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
) -> (MemoryTransport, Server<Lines>, Log) {
    let transport = memory();
    let allow = Allow::new().events(["app.*", "status"]).unwrap();
    let server = settings(Server::builder(Lines, transport.clone()).allow(allow)).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    (transport, server, log)
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_reaches_no_handler_and_no_stream() {
    let (transport, server, log) = limited(|builder| builder).await;
    let errors = Log::new();
    let noted = errors.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Error { error, .. } = event {
            noted.note(error);
        }
    });
    let mut events = server.events();
    let mut peer = Raw::dial(&transport).await;
    peer.write("app.a 1\nadmin.stop 2\napp 3\n\nstatus 4\napp.a.b 5\n").await;
    log.until("1 status 4").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let long = "x".repeat(1_000);
    peer.write(format!("{long} 6\n{long} 7\napp.z 8\n")).await;
    log.until("1 app.z 8").await;
    let messages: Vec<_> = log.lines().into_iter().filter(|line| line.contains(" app")).collect();
    assert_eq!(messages, ["1 app.a 1", "1 app.z 8"]);
    let mut streamed = Vec::new();
    while let Some(event) = events.try_next() {
        if let Incoming::Message(message, _) = event {
            streamed.push(message.event().to_owned());
        }
    }
    assert_eq!(streamed, ["app.a", "status", "app.z"]);
    assert_eq!(server.peers()[0].limited().denied, 5);
    let denied: Vec<_> =
        errors.lines().into_iter().filter(|line| line.contains("may not")).collect();
    let second = format!("the peer may not send the event \"{}...\"", "x".repeat(64));
    assert_eq!(denied, ["the peer may not send the event \"admin.stop\"".to_owned(), second]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_may_close() {
    let (transport, server, log) = limited(|builder| builder.on_denied(OnDenied::Close)).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write("app.a 1\nadmin.stop 2\napp.a 3\n").await;
    log.until("1 disconnect denied").await;
    assert_eq!(log.lines(), ["1 connect", "1 app.a 1", "1 error denied", "1 disconnect denied"]);
    assert_eq!(peer.rest().await, "", "it learns nothing");
    assert!(server.peers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn lists_and_rates_go_together() {
    let rate = ipc_core::Rate::messages(10).burst(2);
    let (transport, server, log) = limited(|builder| builder.rate(Some(rate))).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write("no 1\nno 2\nno 3\nstatus 4\n").await;
    log.until("1 status 4").await;
    // What is not allowed counts against the rate: it was received.
    assert_eq!(log.timed(), ["0 1 connect", "0 1 error denied", "200 1 status 4"]);
    let limited = server.peers()[0].limited();
    assert_eq!((limited.throttled, limited.dropped, limited.denied), (3, 0, 3));
}
