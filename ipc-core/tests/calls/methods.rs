//! What a side answers, and what of it the other one sees.

use std::sync::Arc;

use ipc_core::{
    Call, CallError, CallOptions, Client, Failure, Incoming, MsgPack, ReservedEvents, Server,
    ServerEvent, Sink,
};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::raw::RawPeer;
use crate::rig::{Notes, open, pair, pair_with, raw_client, raw_server, soon, transport};

both_runtimes!(
    an_unknown_method_is_answered_at_once,
    invalid_arguments_are_answered_and_reported,
    a_panic_is_answered_without_its_text_and_reported_with_it,
    a_panic_after_the_end_of_the_connection_is_reported,
    each_code_has_its_error,
    a_failure_keeps_its_code_message_and_data,
    a_notice_runs_and_is_never_answered,
    a_notice_that_is_not_run_is_reported,
    a_method_can_be_replaced_and_removed,
    methods_start_in_the_order_of_calls_and_events,
    an_event_that_is_sent_before_the_answer_comes_before_it,
    ordinary_reserved_events_reach_handlers,
    handlers_do_not_see_calls,
);

fn echo(server: &Server<MsgPack>) {
    server.on_call("echo", |n: u64, _| async move { Ok::<_, Failure>(n) });
}

async fn an_unknown_method_is_answered_at_once() {
    let pair = pair().await;
    let notes = Notes::of_server(&pair.server);
    for method in ["none", "$none", "__proto__"] {
        let error = soon(pair.client.call::<_, u64>(method, &1)).await.unwrap_err();
        assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
        assert!(error.has_not_run());
        assert_eq!(error.code(), "unknown_method");
    }
    assert_eq!(notes.lines(), [""; 0]);
}

async fn invalid_arguments_are_answered_and_reported() {
    let pair = pair().await;
    let notes = Notes::of_server(&pair.server);
    echo(&pair.server);
    let error = soon(pair.client.call::<_, u64>("echo", "text")).await.unwrap_err();
    assert!(matches!(error, CallError::InvalidArgs(_)), "{error:?}");
    assert!(error.has_not_run());
    // The asker is told what is wrong with them, too: it has no other way to know.
    let message = &error.failure().unwrap().message;
    let why = message.strip_prefix("the payload is not what is asked for: ");
    assert!(why.is_some_and(|why| !why.is_empty()), "{message}");
    notes.until_len(1).await;
    assert!(notes.lines()[0].contains("echo"), "{:?}", notes.lines());
    assert_eq!(soon(pair.client.call::<_, u64>("echo", &1)).await.unwrap(), 1);
}

async fn a_panic_is_answered_without_its_text_and_reported_with_it() {
    let pair = pair().await;
    let notes = Notes::of_server(&pair.server);
    pair.server.on_call("panic", |later: bool, _| async move {
        if later {
            tokio::task::yield_now().await;
        }
        panic!("the password is 1234") as Result<u64, Failure>
    });
    echo(&pair.server);
    for (count, later) in [(1, false), (2, true)] {
        let error = soon(pair.client.call::<_, u64>("panic", &later)).await.unwrap_err();
        let CallError::Remote(failure) = &error else { panic!("{error:?}") };
        assert_eq!(&*failure.code, "panicked");
        assert!(!failure.to_string().contains("1234") && failure.data.is_none());
        assert!(!error.has_not_run());
        notes.until_len(count).await;
        assert!(notes.lines()[count - 1].contains("the password is 1234"), "{:?}", notes.lines());
    }
    // The connection goes on.
    assert_eq!(soon(pair.client.call::<_, u64>("echo", &1)).await.unwrap(), 1);
}

/// A method that runs to its end when its peer has gone, and panics then.
async fn a_panic_after_the_end_of_the_connection_is_reported() {
    let late = |gate: &Arc<Notify>, notes: &Notes| {
        let (gate, notes) = (Arc::clone(gate), notes.clone());
        move |(): (), call: Call<MsgPack>| {
            let (gate, notes) = (Arc::clone(&gate), notes.clone());
            async move {
                call.detach();
                notes.note("runs");
                gate.notified().await;
                panic!("too late") as Result<u64, Failure>
            }
        }
    };
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let (notes, gate) = (Notes::of_server(&server), Arc::new(Notify::new()));
    let mut events = server.events();
    server.on_call("late", late(&gate, &notes));
    peer.call(1, "late", ()).await;
    notes.until("runs").await;
    drop(peer);
    // Its task has ended, with the last thing that it does.
    while !matches!(
        soon(events.next()).await,
        Some(Incoming::Lifecycle(ServerEvent::Disconnect { .. }))
    ) {}
    gate.notify_one();
    notes.until_len(2).await;
    assert!(notes.lines()[1].contains("too late"), "{:?}", notes.lines());
    let Some(Incoming::Lifecycle(ServerEvent::Error { peer, error })) = soon(events.next()).await
    else {
        panic!("no error")
    };
    assert_eq!((peer.unwrap().id().get(), error.code()), (1, "handler_panicked"));

    // A client without a connection, and one that is closed.
    for closed in [false, true] {
        let (client, mut peer, listener) = raw_server(&transport(), |client| client).await;
        let (notes, gate) = (Notes::of_client(&client), Arc::new(Notify::new()));
        client.on_call("late", late(&gate, &notes));
        peer.call(1, "late", ()).await;
        notes.until("runs").await;
        drop((peer, listener));
        if closed {
            soon(client.disconnect()).await;
        }
        gate.notify_one();
        let mut lines = 2;
        while !notes.lines().iter().any(|line| line.contains("too late")) {
            // Between them are the errors of attempts that fail.
            notes.until_len(lines).await;
            lines += 1;
        }
    }
}

async fn each_code_has_its_error() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    for (code, has_not_run) in [
        ("unknown_method", true),
        ("invalid_args", true),
        ("busy", true),
        ("deadline", false),
        ("cancelled", false),
        ("closing", true),
        ("denied", true),
        ("too_large", false),
        ("needs_stream", false),
        ("invalid_call", false),
        ("panicked", false),
        ("ENOENT", false),
    ] {
        let call = open(client.call("sum", &1)).await;
        assert_eq!(peer.hear().await, "call sum 1");
        peer.fail(peer.number, code).await;
        let error = soon(call).await.unwrap_err();
        let kind = match &error {
            CallError::UnknownMethod(_) => "unknown_method",
            CallError::InvalidArgs(_) => "invalid_args",
            CallError::Busy(_) => "busy",
            CallError::PeerDeadline(_) => "deadline",
            CallError::Cancelled(_) => "cancelled",
            CallError::Closing(_) => "closing",
            CallError::Denied(_) => "denied",
            CallError::Remote(_) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!((kind, error.code()), (code, code));
        let of_the_method = ["too_large", "needs_stream", "invalid_call", "panicked", "ENOENT"];
        let remote = matches!(error, CallError::Remote(_));
        assert_eq!(remote, of_the_method.contains(&code), "{error:?}");
        assert_eq!(error.has_not_run(), has_not_run, "{code}");
        assert_eq!(&*error.failure().unwrap().message, "as the test wants it");
    }
}

async fn a_failure_keeps_its_code_message_and_data() {
    let pair = pair().await;
    pair.server.on_call("fail", |(): (), call| async move {
        Err::<u64, _>(call.failure("not_found", "no such key", "a").unwrap())
    });
    pair.server.on_call("text", |(): (), _| async move { Err::<u64, _>("plain text") });
    let error = soon(pair.client.call::<_, u64>("fail", &())).await.unwrap_err();
    let CallError::Remote(failure) = error else { panic!("{error:?}") };
    assert_eq!((&*failure.code, &*failure.message), ("not_found", "no such key"));
    let data: String = pair.client.decode(failure.data.as_ref().unwrap()).unwrap();
    assert_eq!(data, "a");
    let error = soon(pair.client.call::<_, u64>("text", &())).await.unwrap_err();
    assert_eq!((error.code(), &*error.failure().unwrap().message), ("error", "plain text"));
}

async fn a_notice_runs_and_is_never_answered() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    let (notes, errors) = (Notes::new(), Notes::of_server(&server));
    let other = notes.clone();
    server.on_call("log", move |line: String, _| {
        other.note(line);
        async { Ok::<u64, Failure>(1) }
    });
    let client = Client::builder(MsgPack::new(), transport).build();
    client.notice("log", "hello").unwrap();
    notes.until("hello").await;
    // Neither are those that fail.
    let notice = |method: &'static str| {
        move |out: &mut bytes::BytesMut| {
            use ipc_core::protocol::calls::{CallHead, EncodeCall};
            let head = CallHead { number: None, method, left: None, credit: None };
            MsgPack::new().encode_call(&head, &1, out).unwrap();
        }
    };
    peer.send(notice("log")).await;
    peer.call(1, "none", 1).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
    errors.until_len(1).await;
}

async fn a_notice_that_is_not_run_is_reported() {
    let options = CallOptions::default().max_running(1);
    let pair = pair_with(|client| client, |server| server.calls(options)).await;
    let errors = Notes::of_server(&pair.server);
    pair.server.on_call("log", |(): (), _| std::future::pending::<Result<(), Failure>>());
    pair.server.on_stream("rows", |(): (), _: Sink<_, u64>| async { Ok::<_, Failure>(()) });
    for method in ["none", "rows", "log", "log", "$none"] {
        pair.client.notice(method, &()).unwrap();
    }
    // The connection goes on.
    let asked = soon(pair.client.call::<_, u64>("none", &())).await.unwrap_err();
    assert_eq!(asked.code(), "unknown_method");
    assert_eq!(
        errors.lines(),
        [
            "a notice was not run: there is no method \"none\" (unknown_method)",
            "a notice was not run: \"rows\" answers with a stream (needs_stream)",
            // The first one of `log` runs. Names that begin with `$` are the library's.
            "a notice was not run: 1 calls run, which is the limit (busy)",
        ]
    );
}

async fn a_method_can_be_replaced_and_removed() {
    let pair = pair().await;
    let set = |n: u64| {
        pair.server.on_call("n", move |(): (), _| async move { Ok::<_, Failure>(n) });
    };
    for n in [1, 2] {
        set(n);
        assert_eq!(soon(pair.client.call::<_, u64>("n", &())).await.unwrap(), n);
    }
    assert!(pair.server.handlers().off_call("n"));
    assert!(!pair.server.handlers().off_call("n"));
    let error = soon(pair.client.call::<_, u64>("n", &())).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
}

async fn methods_start_in_the_order_of_calls_and_events() {
    let (pair, notes) = (pair().await, Notes::new());
    let other = notes.clone();
    pair.server.on("event", move |n: u64, _| other.note(format!("event {n}")));
    let other = notes.clone();
    pair.server.on_call("call", move |n: u64, _| {
        other.note(format!("call {n}"));
        async move {
            // The later a call, the earlier it ends.
            sleep(std::time::Duration::from_millis(40 - 2 * n)).await;
            Ok::<_, Failure>(n)
        }
    });
    let numbers: Vec<u64> = (0..20).collect();
    let mut calls = Vec::new();
    for n in &numbers {
        calls.push(open(pair.client.call("call", n)).await);
        pair.client.emit("event", n).unwrap();
    }
    for (n, call) in numbers.iter().zip(calls) {
        assert_eq!(soon(call).await.unwrap(), *n);
    }
    let expected: Vec<_> =
        numbers.iter().flat_map(|n| [format!("call {n}"), format!("event {n}")]).collect();
    notes.until_len(40).await;
    assert_eq!(notes.lines(), expected);
}

async fn an_event_that_is_sent_before_the_answer_comes_before_it() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    server.on_call("tell", |later: bool, call| async move {
        call.peer().emit("first", &1).unwrap();
        if later {
            tokio::task::yield_now().await;
        }
        call.peer().emit("second", &2).unwrap();
        Ok::<u64, Failure>(3)
    });
    for (n, later) in [(1, false), (2, true)] {
        peer.call(n, "tell", later).await;
        assert_eq!(peer.hear().await, "event first 1");
        assert_eq!(peer.hear().await, "event second 2");
        assert_eq!(peer.hear().await, format!("answer {n} 3"));
    }
}

async fn ordinary_reserved_events_reach_handlers() {
    let options = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let (server, mut peer, _transport) = raw_client(|server| server.calls(options)).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_any(move |message, peer| {
        other.note(message.event());
        peer.emit("$answer", "mine").unwrap();
    });
    echo(&server);
    peer.call(1, "echo", 1).await;
    // Its payload is no answer's.
    assert!(peer.hear().await.starts_with("invalid: "));
    peer.answer(1, 1).await;
    notes.until_len(2).await;
    assert_eq!(notes.lines(), ["$call", "$answer"]);
    let error = soon(server.peers()[0].call::<_, u64>("any", &())).await.unwrap_err();
    assert!(matches!(error, CallError::Unsupported(_)), "{error:?}");
    assert!(error.has_not_run());
    // What is not delivered is a message of the program.
    let client = Client::builder(MsgPack::new(), transport()).calls(options).build();
    client.emit("$call", &1).unwrap();
    let report = soon(client.disconnect()).await;
    assert_eq!(report.undelivered.len(), 1);
}

async fn handlers_do_not_see_calls() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_any(move |message, _| other.note(message.event()));
    echo(&server);
    peer.call(1, "echo", 1).await;
    peer.answer(1, 1).await;
    peer.event("$other", 1).await;
    peer.event("event", 1).await;
    notes.until("event").await;
    assert_eq!(notes.lines(), ["$other", "event"]);
    let _: RawPeer = peer;
}
