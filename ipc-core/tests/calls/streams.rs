//! Streams of answers: credit, ends, and what a slow reader does not stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ipc_core::{
    Call, CallError, CallStream, Client, Failure, MsgPack, Sent, Server, Sink, SinkError,
};
use tokio::sync::oneshot;

use crate::rig::{Pair, pair, soon};

both_runtimes!(
    items_come_in_order_and_the_end_after_them,
    the_answerer_is_never_more_than_the_credit_ahead,
    a_failure_is_the_last_item,
    a_stream_that_is_dropped_stops_its_method,
    a_method_of_one_answer_is_a_stream_of_one,
    a_method_with_items_is_not_called_for_one_answer,
    a_lost_connection_is_the_last_item,
    two_streams_are_read_in_any_order,
    a_slow_reader_stops_neither_events_nor_calls,
    only_so_many_streams_run_for_one_peer,
);

/// Adds the method `count`, which answers with the numbers up to its argument, and returns how many it
/// has sent.
fn count(server: &Server<MsgPack>) -> Arc<AtomicU64> {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    server.on_stream("count", move |to: u64, sink: Sink<_, u64>| {
        let sent = Arc::clone(&counted);
        async move {
            for number in 0..to {
                sink.send(&number).await?;
                sent.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<(), SinkError>(())
        }
    });
    sent
}

async fn stream(client: &Client<MsgPack>, to: u64) -> CallStream<MsgPack, u64> {
    soon(client.call_stream("count", &to)).await.unwrap()
}

async fn items_come_in_order_and_the_end_after_them() {
    let Pair { server, client } = pair().await;
    count(&server);
    for to in [0, 1, 7, 8, 9, 64, 65, 1000] {
        let mut numbers = stream(&client, to).await;
        for expected in 0..to {
            assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), expected);
        }
        assert!(soon(numbers.next()).await.is_none());
        assert!(soon(numbers.next()).await.is_none(), "it stays ended");
    }
}

async fn the_answerer_is_never_more_than_the_credit_ahead() {
    let Pair { server, client } = pair().await;
    let sent = count(&server);
    let mut numbers = stream(&client, 1000).await;
    for read in 0..1000 {
        // What is answered after the round trip has seen all credit that was given before it.
        let echo: Result<(), _> = soon(client.call("none", &())).await;
        assert!(echo.is_err());
        let ahead = sent.load(Ordering::SeqCst) - read;
        assert!(ahead <= 64, "{ahead} items ahead after {read}");
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), read);
    }
}

async fn a_failure_is_the_last_item() {
    let Pair { server, client } = pair().await;
    server.on_stream("half", |(): (), sink: Sink<_, u64>| async move {
        sink.send(&1).await?;
        Err::<(), Failure>(Failure::new("broken", "no more"))
    });
    let mut numbers = soon(client.call_stream::<_, u64>("half", &())).await.unwrap();
    assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 1);
    let error = soon(numbers.next()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), "broken");
    assert!(soon(numbers.next()).await.is_none());
    let mut none = soon(client.call_stream::<_, u64>("none", &())).await.unwrap();
    let error = soon(none.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error}");
}

async fn a_stream_that_is_dropped_stops_its_method() {
    let Pair { server, client } = pair().await;
    let (dropped, stopped) = oneshot::channel::<()>();
    let dropped = std::sync::Mutex::new(Some(dropped));
    server.on_stream("endless", move |(): (), sink: Sink<_, u64>| {
        let dropped = dropped.lock().unwrap().take();
        async move {
            let _dropped = dropped;
            for number in 0.. {
                sink.send(&number).await?;
            }
            Ok::<(), SinkError>(())
        }
    });
    let mut numbers = soon(client.call_stream::<_, u64>("endless", &())).await.unwrap();
    assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 0);
    drop(numbers);
    assert!(soon(stopped).await.is_err(), "its future was dropped");
    // Nothing is left open on either side.
    soon(server.shutdown(Duration::from_secs(30))).await;
}

async fn a_method_of_one_answer_is_a_stream_of_one() {
    let Pair { server, client } = pair().await;
    server.on_call("one", |(): (), _: Call<_>| async { Ok::<_, Failure>(1_u64) });
    let mut numbers = soon(client.call_stream::<_, u64>("one", &())).await.unwrap();
    assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 1);
    assert!(soon(numbers.next()).await.is_none());
}

async fn a_method_with_items_is_not_called_for_one_answer() {
    let Pair { server, client } = pair().await;
    let sent = count(&server);
    let error = soon(client.call::<_, u64>("count", &3_u64)).await.unwrap_err();
    assert_eq!(error.code(), "needs_stream");
    assert_eq!(sent.load(Ordering::SeqCst), 0);
}

async fn a_lost_connection_is_the_last_item() {
    let Pair { server, client } = pair().await;
    count(&server);
    let mut numbers = stream(&client, 1000).await;
    assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 0);
    server.peers()[0].disconnect();
    let mut last = None;
    while let Some(item) = soon(numbers.next()).await {
        assert!(last.is_none(), "an item after the error");
        last = item.err();
    }
    let Some(CallError::Disconnected { sent: Sent::Maybe }) = last else { panic!("{last:?}") };
}

async fn two_streams_are_read_in_any_order() {
    let Pair { server, client } = pair().await;
    count(&server);
    let (mut one, mut two) = (stream(&client, 300).await, stream(&client, 300).await);
    for expected in 0..300 {
        assert_eq!(soon(two.next()).await.unwrap().unwrap(), expected);
    }
    assert!(soon(two.next()).await.is_none());
    for expected in 0..300 {
        assert_eq!(soon(one.next()).await.unwrap().unwrap(), expected);
    }
    assert!(soon(one.next()).await.is_none());
}

async fn a_slow_reader_stops_neither_events_nor_calls() {
    let Pair { server, client } = pair().await;
    count(&server);
    server.on_call("echo", |text: String, _: Call<_>| async { Ok::<_, Failure>(text) });
    let mut unread = stream(&client, 1_000_000).await;
    assert_eq!(soon(unread.next()).await.unwrap().unwrap(), 0);
    for _ in 0..100 {
        assert_eq!(soon(client.call::<_, String>("echo", "x")).await.unwrap(), "x");
    }
    let pong = client.next::<u64>("pong");
    server.broadcast("pong", &7_u64).unwrap();
    assert_eq!(soon(pong).await.unwrap(), 7);
}

async fn only_so_many_streams_run_for_one_peer() {
    let Pair { server, client } = pair().await;
    count(&server);
    let mut streams = Vec::new();
    for _ in 0..128 {
        let mut numbers = stream(&client, 100).await;
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 0);
        streams.push(numbers);
    }
    let mut more = stream(&client, 100).await;
    let error = soon(more.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Busy(_)), "{error}");
    streams.clear();
    let mut again = stream(&client, 1).await;
    assert_eq!(soon(again.next()).await.unwrap().unwrap(), 0);
}
