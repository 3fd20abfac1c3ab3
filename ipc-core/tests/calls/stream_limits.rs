//! The limits of streams: idle time, patience for credit, and peers that ignore it.

use std::time::Duration;

use ipc_core::protocol::calls::{Overrun, WindowLimits};
use ipc_core::{CallError, CallOptions, Client, MsgPack, ReservedEvents, Server, Sink, SinkError};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::rig::{Pair, pair, soon, transport};

/// A call, as it is on the wire.
#[derive(Deserialize)]
struct Asked {
    n: u64,
}

/// An item, as it is on the wire.
#[derive(Serialize)]
struct Item {
    n: u64,
    ok: u64,
    more: bool,
}

/// A server that answers any call with this many items, whatever credit it has.
async fn server_without_manners(items: u64) -> (Server<MsgPack>, ipc_transport::MemoryTransport) {
    let transport = transport();
    let ordinary = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let server = Server::builder(MsgPack::new(), transport.clone()).calls(ordinary).build();
    server.on("$call", move |Asked { n }: Asked, peer| {
        for ok in 0..items {
            // The peer may have had enough.
            let _ = peer.emit("$answer", &Item { n, ok, more: true });
        }
    });
    server.listen().await.unwrap();
    (server, transport)
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ignores_credit_overruns_its_stream_only() {
    let (server, transport) = server_without_manners(20).await;
    let limits = WindowLimits::default().max_items(10);
    let options = CallOptions::default().window(limits);
    let client = Client::builder(MsgPack::new(), transport).calls(options).build();
    let mut numbers = soon(client.call_stream::<_, u64>("x", &())).await.unwrap();
    let pong = client.next::<u64>("pong");
    while client.peer().info().is_none() || server.peers().is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_millis(10)).await;
    server.broadcast("pong", &1_u64).unwrap();
    assert_eq!(soon(pong).await.unwrap(), 1, "the connection goes on");
    for expected in 0..10 {
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), expected);
    }
    let error = soon(numbers.next()).await.unwrap().unwrap_err();
    let CallError::Overrun(Overrun::Items { limit: 10, actual: 11 }) = error else {
        panic!("{error}")
    };
    assert!(soon(numbers.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ignores_credit_within_the_budget_is_read_whole() {
    let (_server, transport) = server_without_manners(1000).await;
    let client = Client::builder(MsgPack::new(), transport).build();
    let mut numbers = soon(client.call_stream::<_, u64>("x", &())).await.unwrap();
    for expected in 0..1000 {
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn each_item_has_the_time_and_the_whole_stream_may_have_a_limit() {
    let Pair { server, client } = pair().await;
    server.on_stream("slow", |pause: u64, sink: Sink<_, u64>| async move {
        for number in 0..100 {
            sleep(Duration::from_secs(pause)).await;
            sink.send(&number).await?;
        }
        Ok::<(), SinkError>(())
    });
    let mut steady = soon(client.call_stream::<_, u64>("slow", &20_u64)).await.unwrap();
    for expected in 0..5 {
        let next = steady.next().await.unwrap();
        assert_eq!(next.unwrap(), expected, "20 s an item are less than 30");
    }
    let late = client.call_stream::<_, u64>("slow", &20_u64).within(Duration::from_secs(10));
    let error = late.await.unwrap().next().await.unwrap().unwrap_err();
    // Both sides find out at the same moment.
    assert_eq!(error.code(), "deadline");
    let start = Instant::now();
    let call = client.call_stream::<_, u64>("slow", &20_u64).at_most(Duration::from_secs(50));
    let mut limited = call.await.unwrap();
    let mut items = 0;
    let error = loop {
        match limited.next().await.unwrap() {
            Ok(_) => items += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((items, start.elapsed().as_secs()), (2, 50));
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
}

/// A reader that pauses longer than an item may take has not missed a deadline; one that never
/// comes back has its stream ended by the answerer.
#[tokio::test(start_paused = true)]
async fn a_reader_may_pause_and_one_that_is_gone_frees_the_method() {
    let Pair { server, client } = pair().await;
    let (ended, mut ends) = mpsc::unbounded_channel();
    server.on_stream("count", move |(): (), sink: Sink<_, u64>| {
        let ended = ended.clone();
        async move {
            /// Says when the method ended.
            struct Ends(mpsc::UnboundedSender<Instant>);
            impl Drop for Ends {
                fn drop(&mut self) {
                    let _ = self.0.send(Instant::now());
                }
            }
            let _ends = Ends(ended);
            for number in 0.. {
                sink.send(&number).await?;
            }
            Ok::<(), SinkError>(())
        }
    });
    let mut numbers = soon(client.call_stream::<_, u64>("count", &())).await.unwrap();
    for expected in 0..200 {
        if expected % 50 == 0 {
            sleep(Duration::from_secs(45)).await;
        }
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), expected);
    }
    assert!(ends.try_recv().is_err(), "it runs");
    let left = Instant::now();
    let end = ends.recv().await.unwrap();
    assert_eq!((end - left).as_secs(), 60);
    // What was sent is still read, and then the reason.
    let mut last = None;
    while let Some(item) = soon(numbers.next()).await {
        last = Some(item);
    }
    let Some(Err(CallError::PeerDeadline(_))) = last else { panic!("{last:?}") };
}
