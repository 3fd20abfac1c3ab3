//! Peers that do not keep to the rules, or do not know them.

use std::time::Duration;

use ipc_core::{CallError, EncodePayload, Failure, MsgPack};
use std::collections::BTreeMap;

use crate::rig::{Notes, open, raw_client, raw_server, soon, transport};

both_runtimes!(
    a_second_answer_and_an_answer_to_nothing_are_ignored,
    a_second_call_with_a_live_number_is_ignored_and_reported_once,
    an_item_for_a_call_without_a_stream_ends_it,
    invalid_calls_are_answered_if_they_have_a_number,
    a_number_may_be_text,
);

async fn a_second_answer_and_an_answer_to_nothing_are_ignored() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let notes = Notes::of_client(&client);
    for n in [1, 2] {
        let call = open(client.call("sum", &n)).await;
        assert_eq!(peer.hear().await, format!("call sum {n}"));
        peer.answer(4_000, 9).await;
        peer.fail(4_001, "error").await;
        peer.item(4_002, 9).await;
        peer.answer(peer.number, n).await;
        peer.answer(peer.number, 9).await;
        peer.fail(peer.number, "error").await;
        assert_eq!(soon(call).await.unwrap(), n);
    }
    assert_eq!(notes.lines(), [""; 0]);
}

async fn a_second_call_with_a_live_number_is_ignored_and_reported_once() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    let (notes, errors) = (Notes::new(), Notes::of_server(&server));
    let other = notes.clone();
    server.on_call("wait", move |(): (), call| {
        other.note("started");
        async move {
            call.cancelled().await;
            Ok::<u64, Failure>(1)
        }
    });
    for _ in 0..4 {
        peer.call(1, "wait", ()).await;
    }
    peer.call(2, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 2 unknown_method");
    assert_eq!(notes.lines(), ["started"]);
    errors.until_len(1).await;
    // For each connection.
    let mut other = crate::raw::RawPeer::dial(&transport).await;
    for _ in 0..2 {
        other.call(1, "wait", ()).await;
    }
    errors.until_len(2).await;
    peer.cancel(1).await;
    peer.call(2, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 2 unknown_method");
    assert_eq!(errors.lines().len(), 2);
}

async fn an_item_for_a_call_without_a_stream_ends_it() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("rows", &1)).await;
    assert_eq!(peer.hear().await, "call rows 1");
    peer.item(peer.number, 7).await;
    let error = soon(call).await.unwrap_err();
    assert!(matches!(error, CallError::UnexpectedStream), "{error:?}");
    assert!(!error.has_not_run());
    assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
    peer.answer(peer.number, 7).await;
    let call = open(client.call("sum", &2)).await;
    assert_eq!(peer.hear().await, "call sum 2");
    peer.answer(peer.number, 8).await;
    assert_eq!(soon(call).await.unwrap(), 8);
}

async fn invalid_calls_are_answered_if_they_have_a_number() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let errors = Notes::of_server(&server);
    let event = |event: &'static str, payload: BTreeMap<&'static str, u64>| {
        move |out: &mut bytes::BytesMut| MsgPack::new().encode(event, &payload, out).unwrap()
    };
    peer.send(event("$call", BTreeMap::from([("n", 5)]))).await;
    assert_eq!(peer.hear().await, "failure 5 invalid_call");
    peer.send(event("$call", BTreeMap::from([("n", 6), ("call", 7)]))).await;
    assert_eq!(peer.hear().await, "failure 6 invalid_call");
    errors.until_len(2).await;
    // These have no number that can be answered.
    peer.send(event("$call", BTreeMap::from([("n", 0), ("cancel", 1)]))).await;
    peer.send(event("$call", BTreeMap::new())).await;
    peer.event("$call", "no map").await;
    peer.event("$answer", "no map").await;
    errors.until_len(6).await;
    peer.call(7, "none", ()).await;
    assert_eq!(peer.hear().await, "failure 7 unknown_method");
    assert_eq!(errors.lines().len(), 6);
}

async fn a_number_may_be_text() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    server.on_call("n", |(): (), _| async { Ok::<u64, Failure>(1) });
    let map = BTreeMap::from([("n", "first"), ("call", "n")]);
    peer.send(|out| MsgPack::new().encode("$call", &map, out).unwrap()).await;
    // The arguments are absent, which is as good as nothing.
    assert_eq!(peer.hear().await, "answer Text(\"first\") 1");
}

/// An answer to a text does not match a call of this side, whose numbers are integers.
#[tokio::test(start_paused = true)]
async fn an_answer_to_a_text_fits_nothing() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("sum", &1).within(Duration::from_secs(1))).await;
    assert_eq!(peer.hear().await, "call sum 1");
    let text = peer.number.to_string();
    let map = BTreeMap::from([("n", text.as_str()), ("ok", "7")]);
    peer.send(|out| MsgPack::new().encode("$answer", &map, out).unwrap()).await;
    let error = soon(call).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
}
