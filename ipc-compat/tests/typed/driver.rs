//! Enums of events between clients and servers, and against a peer that is only bytes.

use std::sync::Arc;

use ipc_compat::{Config, Ipc, NodeFormat, codes};
use ipc_core::{Failure, HandlerOrder, Peer, Server};
use ipc_transport::Transport;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::rig::{Notes, Raw, place, server, soon};

both_runtimes!(
    each_event_of_the_enum_reaches_its_handler_and_others_do_not,
    other_events_reach_the_variant_for_them_after_their_own_handlers,
    handlers_of_an_enum_are_removed_together_or_from_one_event,
    what_is_no_enum_registers_nothing,
    events_are_sent_by_name,
    a_stream_has_the_events_of_the_enum_only,
    an_async_handler_takes_all_events_in_order,
    an_async_handler_ends_with_the_last_of_its_events,
);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    #[serde(rename = "app.message", alias = "app.msg")]
    Message(String),
    Move {
        x: i32,
        y: i32,
    },
    Quit,
}

#[derive(Debug, Serialize, Deserialize)]
enum Open {
    Move {
        x: i32,
        y: i32,
    },
    #[serde(other)]
    Unknown,
}

async fn each_event_of_the_enum_reaches_its_handler_and_others_do_not() {
    let place = place();
    let (server, notes) = server(&place);
    let typed = notes.clone();
    server.on_events(move |event: Event, _| typed.note(format!("{event:?}"))).unwrap();
    let other = notes.clone();
    server.on("other", move |(): (), _| other.note("other"));
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    raw.write(&[
        r#"{"type":"app.message","data":"a"}"#,
        r#"{"type":"app.msg","data":"b"}"#,
        r#"{"type":"Move","data":{"x":1,"y":2}}"#,
        r#"{"type":"Quit"}"#,
        r#"{"type":"quit","data":{}}"#,
        r#"{"type":"other","data":{}}"#,
        r#"{"type":"Move","data":{"x":"1","y":2}}"#,
        r#"{"type":"Move"}"#,
        r#"{"type":"Quit","data":{"why":1}}"#,
    ])
    .await;
    assert_eq!(
        notes.until(8).await,
        [
            r#"Message("a")"#,
            r#"Message("b")"#,
            "Move { x: 1, y: 2 }",
            "Quit",
            "other",
            "ERR_IPC_INVALID_DATA: the payload of \"Move\" is not what its handler takes",
            "ERR_IPC_INVALID_DATA: a message \"Move\" has no payload, which its handler needs",
            "Quit",
        ]
    );
}

async fn other_events_reach_the_variant_for_them_after_their_own_handlers() {
    for (order, expected) in [
        (HandlerOrder::NamedFirst, ["any", "Move", "own", "Unknown", "any", "Unknown", "any"]),
        (HandlerOrder::AnyFirst, ["any", "Move", "Unknown", "any", "own", "Unknown", "any"]),
    ] {
        let place = place();
        let builder = Server::builder(NodeFormat::classic(), place.clone());
        let server = builder.handler_order(order).build();
        let notes = Notes::new();
        let typed = notes.clone();
        let handler = move |event: Open, _: &Peer<NodeFormat>| {
            typed.note(match event {
                Open::Move { .. } => "Move",
                Open::Unknown => "Unknown",
            });
        };
        server.on_events(handler).unwrap();
        let own = notes.clone();
        server.on("own", move |(): (), _| own.note("own"));
        let any = notes.clone();
        server.on_any(move |_, _| any.note("any"));
        server.listen().await.unwrap();
        let mut raw = Raw::dial(&place).await;
        raw.write(&[
            r#"{"type":"Move","data":{"x":1,"y":2}}"#,
            r#"{"type":"own","data":5}"#,
            r#"{"type":"none"}"#,
        ])
        .await;
        let mut lines = notes.until(7).await;
        // Handlers of any event run before or after the event's own.
        lines[..2].sort();
        assert_eq!(lines, {
            let mut expected = expected;
            expected[..2].sort_unstable();
            expected
        });
    }
}

async fn handlers_of_an_enum_are_removed_together_or_from_one_event() {
    let place = place();
    let (server, notes) = server(&place);
    let (typed, open) = (notes.clone(), notes.clone());
    let id = server.on_events(move |event: Event, _| typed.note(format!("{event:?}"))).unwrap();
    let open = server.on_events(move |event: Open, _| open.note(format!("{event:?}"))).unwrap();
    server.off_event("Move");
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    raw.write(&[r#"{"type":"Move","data":{"x":1,"y":2}}"#, r#"{"type":"Quit"}"#]).await;
    // Its other events stay. As in node-ipc, handlers of any event run first.
    assert_eq!(notes.until(2).await, ["Unknown", "Quit"]);
    assert!(server.off(open));
    assert!(!server.off(open));
    raw.write(&[r#"{"type":"Quit"}"#, r#"{"type":"app.msg","data":"b"}"#]).await;
    assert_eq!(notes.until(4).await[2..], ["Quit", r#"Message("b")"#]);
    assert!(server.off(id));
    let end = notes.clone();
    server.on("end", move |(): (), _| end.note("end"));
    raw.write(&[r#"{"type":"Quit"}"#, r#"{"type":"end"}"#]).await;
    assert_eq!(notes.until(5).await[4..], ["end"]);
    // Both at once, and those of any event with them.
    server.on_events(|_: Open, _| panic!("it was removed")).unwrap();
    server.off_all();
    server.on_any(move |message, _| notes.note(message.event()));
    raw.write(&[r#"{"type":"Move","data":{"x":1,"y":2}}"#]).await;
}

async fn what_is_no_enum_registers_nothing() {
    let place = place();
    let (server, notes) = server(&place);
    let error = server.on_events(|_: Option<Event>, _| panic!("it is called")).unwrap_err();
    assert_eq!(error.code(), "not_an_enum");
    assert!(error.type_name.starts_with("core::option::Option<typed::driver::Event"), "{error}");
    assert!(server.on_events_async(|_: u8, _| async { panic!("it is called") }).is_err());
    assert!(server.typed_events::<Vec<Event>>().is_err());
    let calls = server.on_calls(|_: String, _| async { Ok::<(), Failure>(()) });
    assert_eq!(calls.unwrap_err().found, "text");
    assert!(server.core().handlers().off_calls::<u8>().is_err());
    let end = notes.clone();
    server.on("end", move |(): (), _| end.note("end"));
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    raw.write(&[r#"{"type":"Quit"}"#, r#"{"type":"u8","data":1}"#, r#"{"type":"end"}"#]).await;
    assert_eq!(notes.until(1).await, ["end"]);
}

async fn events_are_sent_by_name() {
    let place = place();
    let (server, _) = server(&place);
    let (joined, mut joins) = tokio::sync::mpsc::unbounded_channel();
    server.on_connect(move |socket| joined.send(socket.clone()).unwrap());
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    let socket = soon(joins.recv()).await.unwrap();
    socket.emit_event(&Event::Move { x: 1, y: 2 }).unwrap();
    assert_eq!(raw.frame().await, r#"{"type":"Move","data":{"x":1,"y":2}}"#);
    socket.send_event(&Event::Quit).await.unwrap();
    assert_eq!(raw.frame().await, r#"{"type":"Quit","data":{}}"#);
    let all = Event::Message("all".to_owned());
    for report in [server.all().emit_event(&all), server.all().send_event(&all).await] {
        assert_eq!(report.unwrap().sent, 1);
        assert_eq!(raw.frame().await, r#"{"type":"app.message","data":"all"}"#);
    }
    let error = socket.emit_event(&Some(Event::Quit)).unwrap_err();
    assert_eq!(error.code(), codes::NOT_AN_ENUM);
    assert_eq!(server.all().emit_event("text").unwrap_err().code(), codes::NOT_AN_ENUM);
    // The first event of a client starts it.
    let mut listener = crate::rig::place();
    let there = listener.clone();
    let mut accepting = there.listen().await.unwrap();
    listener = there;
    let client = Ipc::new(Config::v14()).connect_on("world", listener).unwrap();
    client.emit_event(&Event::Quit).unwrap();
    client.send_event(&Event::Message(String::new())).await.unwrap();
    assert_eq!(client.emit_event(&1).unwrap_err().code(), codes::NOT_AN_ENUM);
    let mut raw = Raw(soon(accepting.accept()).await.unwrap());
    assert_eq!(raw.frame().await, r#"{"type":"Quit","data":{}}"#);
    assert_eq!(raw.frame().await, r#"{"type":"app.message","data":""}"#);
}

async fn a_stream_has_the_events_of_the_enum_only() {
    let place = place();
    let (server, _) = server(&place);
    let mut events = server.typed_events::<Event>().unwrap();
    let mut open = server.typed_events::<Open>().unwrap();
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    raw.write(&[
        r#"{"type":"none","data":1}"#,
        r#"{"type":"Move","data":[1,2,3]}"#,
        r#"{"type":"Quit"}"#,
        r#"{"type":"app.msg","data":"b"}"#,
    ])
    .await;
    let error = soon(events.next()).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), r#"the payload of "Move" is not what its handler takes"#);
    let (event, peer) = soon(events.next_with_peer()).await.unwrap().unwrap();
    assert_eq!((event, peer.id().get()), (Event::Quit, 1));
    assert_eq!(soon(events.next()).await.unwrap().unwrap(), Event::Message("b".to_owned()));
    assert!(matches!(soon(open.next()).await.unwrap(), Ok(Open::Unknown)));
    assert!(soon(open.next()).await.unwrap().is_err());
    assert!(matches!(soon(open.next()).await.unwrap(), Ok(Open::Unknown)));
    drop(raw);
    soon(server.stop()).await;
    assert!(soon(events.next()).await.is_none());
    // A client's is as one of one event.
    let client = Ipc::new(Config::classic()).connect_on("world", crate::rig::place()).unwrap();
    drop(client.typed_events::<Event>().unwrap());
    assert!(client.typed_events::<()>().is_err());
}

async fn an_async_handler_takes_all_events_in_order() {
    let place = place();
    let (server, notes) = server(&place);
    let turns = Arc::new(Semaphore::new(0));
    let (typed, turn) = (notes.clone(), Arc::clone(&turns));
    server
        .on_events_async(move |event: Event, _| {
            let (typed, turn) = (typed.clone(), Arc::clone(&turn));
            async move {
                typed.note(format!("begin {event:?}"));
                turn.acquire().await.unwrap().forget();
                typed.note(format!("end {event:?}"));
            }
        })
        .unwrap();
    let other = notes.clone();
    server.on("other", move |(): (), _| other.note("other"));
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    raw.write(&[
        r#"{"type":"Move","data":{"x":1,"y":2}}"#,
        r#"{"type":"Quit"}"#,
        r#"{"type":"app.msg"}"#,
        r#"{"type":"app.msg","data":"b"}"#,
        r#"{"type":"other"}"#,
    ])
    .await;
    assert_eq!(notes.until(2).await, ["begin Move { x: 1, y: 2 }", "other"]);
    turns.add_permits(3);
    assert_eq!(
        notes.until(8).await[2..],
        [
            "end Move { x: 1, y: 2 }",
            "begin Quit",
            "end Quit",
            "ERR_IPC_INVALID_DATA: a message \"app.msg\" has no payload, which its handler needs",
            r#"begin Message("b")"#,
            r#"end Message("b")"#,
        ]
    );
}

async fn an_async_handler_ends_with_the_last_of_its_events() {
    let place = place();
    let (server, notes) = server(&place);
    let turns = Arc::new(Semaphore::new(0));
    let (typed, turn) = (notes.clone(), Arc::clone(&turns));
    server
        .on_events_async(move |event: Event, _| {
            let (typed, turn) = (typed.clone(), Arc::clone(&turn));
            async move {
                typed.note(format!("{event:?}"));
                turn.acquire().await.unwrap().forget();
            }
        })
        .unwrap();
    let other = notes.clone();
    server.on("other", move |name: String, _| other.note(name));
    server.start().await.unwrap();
    let mut raw = Raw::dial(&place).await;
    let quit = r#"{"type":"Quit"}"#;
    raw.write(&[quit, quit, quit, r#"{"type":"other","data":"1"}"#]).await;
    assert_eq!(notes.until(2).await, ["Quit", "1"]);
    // What waits is handled, for the handler has other events still.
    for event in ["Move", "app.message", "app.msg"] {
        server.off_event(event);
    }
    turns.add_permits(1);
    assert_eq!(notes.until(3).await[2..], ["Quit"]);
    server.off_event("Quit");
    turns.add_permits(2);
    raw.write(&[quit, r#"{"type":"other","data":"2"}"#]).await;
    assert_eq!(notes.until(4).await[3..], ["2"]);
}
