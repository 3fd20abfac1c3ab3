//! The library's own methods, whose names begin with `$`.

use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::protocol::builtin::{About, Value};
use ipc_core::protocol::calls::TooManyCalls;
use ipc_core::{
    CallError, CallOptions, Client, Failure, MsgPack, ReservedEvents, Sent, ServerBuilder, ShowInfo,
};
use ipc_transport::Transport;
use tokio::task::JoinHandle;

use crate::raw::RawPeer;
use crate::rig::{Notes, client, open, pair, pair_with, raw_client, raw_server, soon, transport};

both_runtimes!(
    both_sides_say_what_they_are,
    an_unknown_builtin_is_answered_at_once_and_never_the_programs,
    who_may_not_know_is_denied,
    an_answer_that_is_too_large_is_answered_as_that,
    a_long_list_of_methods_is_cut,
    a_question_that_was_written_fails_with_its_connection,
    a_question_that_was_not_written_goes_to_the_next_connection,
    questions_take_no_place_of_the_programs_calls,
    so_many_questions_are_open,
    a_close_does_not_wait_for_questions,
    each_wrong_answer_has_its_error,
    with_ordinary_events_there_are_none,
);

/// Asks what the server is, in a task of its own.
fn asking(client: &Client<MsgPack>) -> JoinHandle<Result<About, CallError>> {
    let client = client.clone();
    tokio::spawn(async move { client.about().await })
}

/// An answer that says so little.
fn nothing() -> Value {
    About::default().to_value()
}

async fn both_sides_say_what_they_are() {
    let named = |server: ServerBuilder<MsgPack>| server.name(Some("world".into()));
    let pair = pair_with(|client| client, named).await;
    pair.server.on_call("sum", |n: u64, _| async move { Ok::<_, Failure>(n) });
    pair.server.on_stream("rows", |(): (), sink| async move {
        sink.send(&1_u64).await?;
        Ok::<_, ipc_core::SinkError>(())
    });
    let about = soon(pair.client.about()).await.unwrap();
    assert_eq!(about.name.as_deref(), Some("world"));
    assert_eq!(about.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(about.pid, Some(std::process::id().into()));
    let methods = about.methods.unwrap();
    let methods: Vec<_> = methods.iter().map(|method| (&*method.name, method.stream)).collect();
    assert_eq!(methods, [("rows", true), ("sum", false)]);
    let features = ["streams".into(), "topics".into(), "identities".into()];
    assert_eq!((about.methods_left, &about.features[..]), (0, &features[..]));

    let about = soon(pair.server.peers()[0].about()).await.unwrap();
    assert_eq!((about.name, about.methods), (None, Some(Vec::new())));
    // It is a call like any other.
    let value: Value = soon(pair.client.call("$info", &())).await.unwrap();
    assert_eq!(About::from_value(&value).unwrap().name.as_deref(), Some("world"));
}

async fn an_unknown_builtin_is_answered_at_once_and_never_the_programs() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    for name in ["$none", "$info", "$"] {
        server.on_call(name, |(): (), _| async { Ok::<u64, Failure>(7) });
    }
    let errors = Notes::of_server(&server);
    peer.call(1, "$none", ()).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
    peer.call(2, "$", ()).await;
    assert_eq!(peer.hear().await, "failure 2 unknown_method");
    // Whatever its arguments are; and its number is free at once.
    for _ in 0..2 {
        peer.call(3, "$info", [1, 2]).await;
        assert_eq!(peer.hear().await, "answer 3 -");
    }
    // A notice is not answered.
    for method in ["$info", "$none"] {
        peer.send(|out| {
            use ipc_core::protocol::calls::{CallHead, EncodeCall};
            let head = CallHead { number: None, method, left: None, credit: None };
            crate::frames::FORMAT.encode_call(&head, &(), out).unwrap();
        })
        .await;
    }
    peer.call(4, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 4 unknown_method");
    assert_eq!(errors.lines(), [""; 0]);
    let about = soon(asking(&client(&_transport).build())).await.unwrap().unwrap();
    assert_eq!(about.methods, Some(Vec::new()));
}

async fn who_may_not_know_is_denied() {
    for (show, shown) in
        [(ShowInfo::Never, false), (ShowInfo::SameUser, true), (ShowInfo::Always, true)]
    {
        let calls = CallOptions::default().show_info(show);
        let pair = pair_with(|client| client, |server| server.calls(calls)).await;
        let about = soon(pair.client.about()).await;
        if shown {
            assert!(about.unwrap().pid.is_some());
        } else {
            let error = about.unwrap_err();
            assert!(matches!(error, CallError::Denied(_)), "{error:?}");
            assert!(error.has_not_run());
        }
    }
}

async fn an_answer_that_is_too_large_is_answered_as_that() {
    let limits = Limits::default().with_max_frame(300);
    let pair = pair_with(|client| client, |server| server.limits(limits)).await;
    for n in 0..20 {
        let name = format!("a method with a long name, number {n}");
        pair.server.on_call(&name, |(): (), _| async { Ok::<u64, Failure>(7) });
    }
    let error = soon(pair.client.about()).await.unwrap_err();
    assert_eq!(error.code(), "too_large", "{error:?}");
    assert!(error.to_string().contains("300"), "{error}");
}

async fn a_long_list_of_methods_is_cut() {
    let pair = pair().await;
    for n in (0..1500).rev() {
        let name = format!("method {n:04}");
        pair.server.on_call(&name, |(): (), _| async { Ok::<u64, Failure>(7) });
    }
    let about = soon(pair.client.about()).await.unwrap();
    let methods = about.methods.unwrap();
    assert_eq!((methods.len(), about.methods_left), (About::MAX_METHODS, 1500 - 1024));
    assert_eq!((&*methods[0].name, &*methods[1023].name), ("method 0000", "method 1023"));
}

async fn a_question_that_was_written_fails_with_its_connection() {
    let (client, mut peer, mut listener) = raw_server(&transport(), |client| client).await;
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    let number = peer.number;
    drop(peer);
    let error = soon(question).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    // Its answer fits nothing on the next connection.
    let mut peer = RawPeer::accept(&mut listener).await;
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    peer.answer(number, About::default().with_methods([("no".into(), true)]).to_value()).await;
    peer.answer(peer.number, nothing()).await;
    assert_eq!(soon(question).await.unwrap().unwrap(), About::default());
}

async fn a_question_that_was_not_written_goes_to_the_next_connection() {
    let transport = transport();
    // The first attempts fail: no one listens yet.
    let client = client(&transport).build();
    let question = asking(&client);
    let call = open(client.call("sum", &1)).await;
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    let mut heard = [peer.hear().await, String::new()];
    let first = peer.number;
    heard[1] = peer.hear().await;
    let (question_number, call_number) =
        if heard[0] == "call $info -" { (first, peer.number) } else { (peer.number, first) };
    heard.sort();
    assert_eq!(heard, ["call $info -", "call sum 1"]);
    peer.answer(question_number, nothing()).await;
    peer.answer(call_number, 7).await;
    assert_eq!(soon(question).await.unwrap().unwrap(), About::default());
    assert_eq!(soon(call).await.unwrap(), 7);
}

async fn questions_take_no_place_of_the_programs_calls() {
    let calls = CallOptions::default().max_open(1);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.calls(calls)).await;
    let call = open(client.call("sum", &1)).await;
    assert_eq!(peer.hear().await, "call sum 1");
    let sum = peer.number;
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    assert_ne!(peer.number, sum);
    peer.answer(peer.number, nothing()).await;
    soon(question).await.unwrap().unwrap();
    peer.answer(sum, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}

async fn so_many_questions_are_open() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let questions: Vec<_> = (0..64).map(|_| asking(&client)).collect();
    for _ in 0..64 {
        assert_eq!(peer.hear().await, "call $info -");
    }
    let error = soon(client.about()).await.unwrap_err();
    assert!(matches!(error, CallError::TooMany(TooManyCalls { limit: 64, .. })), "{error:?}");
    // One that is not waited for any more makes room.
    questions[0].abort();
    while !questions[0].is_finished() {
        tokio::task::yield_now().await;
    }
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    peer.answer(peer.number, nothing()).await;
    soon(question).await.unwrap().unwrap();
}

async fn a_close_does_not_wait_for_questions() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    let closing = client.clone();
    let closed = tokio::spawn(async move { closing.close().await });
    assert_eq!(peer.hear().await, "end");
    drop(peer);
    let error = soon(question).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::Maybe }), "{error:?}");
    // A question is no message of the program's.
    assert!(soon(closed).await.unwrap().undelivered.is_empty());
    let error = soon(client.about()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_) | CallError::Closed { .. }), "{error:?}");
}

async fn each_wrong_answer_has_its_error() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let notes = Notes::of_client(&client);
    let mut codes = Vec::new();
    for wrong in 0..4 {
        let question = asking(&client);
        assert_eq!(peer.hear().await, "call $info -");
        match wrong {
            // A plain peer that answers calls.
            0 => peer.fail(peer.number, "unknown_method").await,
            1 => peer.item(peer.number, nothing()).await,
            2 => peer.answer(peer.number, "no map").await,
            _ => peer.answer(peer.number, vec![0; Value::MAX_VALUES]).await,
        }
        codes.push(soon(question).await.unwrap().unwrap_err().code().to_owned());
    }
    assert_eq!(codes, ["unknown_method", "unexpected_stream", "invalid_info", "invalid_payload"]);
    assert_eq!(notes.lines(), [""; 0]);
}

async fn with_ordinary_events_there_are_none() {
    let ordinary = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let pair = pair_with(|client| client.calls(ordinary), |server| server).await;
    let error = soon(pair.client.about()).await.unwrap_err();
    assert!(matches!(error, CallError::Unsupported(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_question_that_is_over_is_ignored() {
    let calls = CallOptions::default().deadline(Duration::from_secs(2));
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.calls(calls)).await;
    let question = asking(&client);
    assert_eq!(peer.hear().await, "call $info -");
    assert_eq!(peer.left, Some(Duration::from_secs(2)));
    let error = soon(question).await.unwrap().unwrap_err();
    let two = Duration::from_secs(2);
    assert!(matches!(error, CallError::Deadline { within } if within == two), "{error:?}");
    peer.answer(peer.number, 9).await;
    let call = open(client.call("sum", &1)).await;
    // Nothing was cancelled.
    assert_eq!(peer.hear().await, "call sum 1");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}
