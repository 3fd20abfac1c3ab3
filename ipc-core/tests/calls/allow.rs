//! Calls that a peer may not make, and events that it may not send, in MessagePack.

use ipc_core::{
    Allow, CallError, Failure, MsgPack, OnDenied, Server, ServerBuilder, Sink, SinkError,
};

use crate::rig::{Notes, Pair, pair_with, raw_client, soon};

both_runtimes!(
    a_call_that_is_not_allowed_is_answered_before_its_arguments_are_read,
    streams_and_notices_are_not_allowed_either,
    calls_of_the_server_and_their_answers_need_no_list,
    what_the_library_answers_itself_is_allowed,
    a_call_that_is_not_allowed_may_close,
    each_peer_may_have_a_list_of_its_own,
);

fn only(
    builder: ServerBuilder<MsgPack>,
    events: &[&str],
    calls: &[&str],
) -> ServerBuilder<MsgPack> {
    builder.allow(Allow::new().events(events).unwrap().calls(calls).unwrap())
}

fn methods(server: &Server<MsgPack>) {
    server.on_call("echo", |n: u64, _| async move { Ok::<_, Failure>(n) });
    server.on_call("stop", |n: u64, _| async move { Ok::<_, Failure>(n) });
    server.on_stream("count", |n: u64, sink: Sink<_, u64>| async move {
        sink.send(&n).await?;
        Ok::<_, SinkError>(())
    });
}

async fn denied(pair: &Pair, method: &str) {
    // Arguments that no method here takes.
    let error = soon(pair.client.call::<_, u64>(method, "secret")).await.unwrap_err();
    assert!(matches!(error, CallError::Denied(_)), "{error:?}");
    assert!(error.has_not_run());
}

async fn a_call_that_is_not_allowed_is_answered_before_its_arguments_are_read() {
    let pair = pair_with(|client| client, |server| only(server, &["*"], &["echo"])).await;
    methods(&pair.server);
    let notes = Notes::of_server(&pair.server);
    assert_eq!(soon(pair.client.call::<_, u64>("echo", &7)).await.unwrap(), 7);
    // Whether there is such a method is not shown either.
    for method in ["stop", "none", "ech", "echo2"] {
        denied(&pair, method).await;
    }
    assert_eq!(soon(pair.client.call::<_, u64>("echo", &8)).await.unwrap(), 8);
    assert_eq!(pair.server.peers()[0].limited().denied, 4);
    // Once a second; driver/allow has the clock for that.
    assert!((1..4).contains(&notes.lines().len()), "{:?}", notes.lines());
    assert_eq!(notes.lines()[0], r#"the peer may not call "stop""#);
}

async fn streams_and_notices_are_not_allowed_either() {
    let pair = pair_with(|client| client, |server| only(server, &["*"], &["echo"])).await;
    methods(&pair.server);
    let error = match soon(pair.client.call_stream::<_, u64>("count", &7)).await {
        Ok(mut items) => soon(items.next()).await.unwrap().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, CallError::Denied(_)), "{error:?}");
    pair.client.notice("stop", &1).unwrap();
    assert_eq!(soon(pair.client.call::<_, u64>("echo", &8)).await.unwrap(), 8);
    assert_eq!(pair.server.peers()[0].limited().denied, 2);
}

async fn calls_of_the_server_and_their_answers_need_no_list() {
    let pair = pair_with(|client| client, |server| only(server, &[], &[])).await;
    pair.client.on_call("name", |(): (), _| async { Ok::<_, Failure>("Ada".to_owned()) });
    pair.client.start().unwrap();
    soon(pair.client.connected()).await.unwrap();
    while pair.server.peers().is_empty() {
        tokio::task::yield_now().await;
    }
    let name: String = soon(pair.server.peers()[0].call("name", &())).await.unwrap();
    assert_eq!(name, "Ada");
    denied(&pair, "echo").await;
}

async fn what_the_library_answers_itself_is_allowed() {
    let pair = pair_with(|client| client, |server| only(server, &[], &[])).await;
    let error = soon(pair.client.call::<_, u64>("$none", &1)).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
}

async fn a_call_that_is_not_allowed_may_close() {
    let close = |server| only(server, &["*"], &["echo"]).on_denied(OnDenied::Close);
    let (server, mut peer, _) = raw_client(close).await;
    methods(&server);
    let notes = Notes::of_server(&server);
    peer.call(1, "stop", 7_u64).await;
    peer.call(2, "echo", 7_u64).await;
    notes.until_len(1).await;
    assert_eq!(notes.lines(), [r#"the peer may not call "stop""#]);
    while !server.peers().is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn each_peer_may_have_a_list_of_its_own() {
    let transport = crate::rig::transport();
    let server = Server::builder(MsgPack::new(), transport.clone()).build();
    soon(server.listen()).await.unwrap();
    methods(&server);
    let lists = [Allow::nothing(), Allow::new().calls(["echo"]).unwrap()];
    server.allow_by(move |peer| match peer.id().get() {
        1 => lists[0].clone(),
        2 => lists[1].clone(),
        3 => panic!("a function panics"),
        _ => Allow::new(),
    });
    for (echo, stop) in [(false, false), (true, false), (false, false), (true, true)] {
        let client = crate::rig::client(&transport).build();
        for (method, expected) in [("echo", echo), ("stop", stop)] {
            let answered = soon(client.call::<_, u64>(method, &1)).await;
            assert_eq!(answered.is_ok(), expected, "{method} {answered:?}");
        }
        soon(client.close()).await;
    }
}
