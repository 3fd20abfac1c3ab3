//! The order in which handlers run, and the removal of those for lifecycle events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::{Client, HandlerId, HandlerOrder, Server, ServerEvent};

use crate::support::{Lines, Log, Raw, memory, server, soon, times};

#[tokio::test(start_paused = true)]
async fn handlers_for_any_event_run_first_if_asked_to() {
    let transport = memory();
    let server =
        Server::builder(Lines, transport.clone()).handler_order(HandlerOrder::AnyFirst).build();
    let log = Log::new();
    for name in ["a", "b"] {
        let log = log.clone();
        server.on("say", move |_: String, _| log.note(name));
    }
    for name in ["any 1", "any 2"] {
        let log = log.clone();
        server.on_any(move |_, _| log.note(name));
    }
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write("say x\n").await;
    log.until("b").await;
    assert_eq!(log.lines(), ["any 1", "any 2", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_handler_of_the_last_turn_runs_after_those_registered_later() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::new();
    let note = |name: &'static str| {
        let log = log.clone();
        move |event: &ServerEvent<Lines>| {
            if matches!(event, ServerEvent::Connect(_)) {
                log.note(name);
            }
        }
    };
    server.handlers().on_lifecycle_last(note("last 1"));
    server.on_lifecycle(note("first 1"));
    server.handlers().on_lifecycle_last(note("last 2"));
    server.on_lifecycle(note("first 2"));
    soon(server.listen()).await.unwrap();
    let _peer = Raw::dial(&transport).await;
    log.until("last 2").await;
    assert_eq!(log.lines(), ["first 1", "first 2", "last 1", "last 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_handler_can_be_removed_by_another_and_by_itself() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    let client = Client::builder(Lines, transport).reconnect(times(0)).build();
    let log = Log::new();
    let ids: Arc<Mutex<Vec<HandlerId>>> = Arc::default();
    let (noted, all, of) = (log.clone(), Arc::clone(&ids), client.clone());
    let first = client.on_lifecycle(move |_| {
        noted.note("first");
        for id in all.lock().unwrap().drain(..) {
            assert!(of.off(id));
            assert!(!of.off(id), "it is gone already");
        }
    });
    let noted = log.clone();
    let second = client.on_lifecycle(move |_| noted.note("second"));
    let noted = log.clone();
    client.on_lifecycle(move |_| noted.note("third"));
    ids.lock().unwrap().extend([first, second]);
    client.start().unwrap();
    soon(client.connected()).await.unwrap();
    soon(client.close()).await;
    // The removed ones hear of nothing more, not even of the event at hand.
    assert_eq!(log.lines(), ["first", "third", "third", "third"]);
    soon(server.shutdown(Duration::from_secs(1))).await;
}
