//! Calls and streams between Rust and js/calls.cjs, both ways: each side of `js_calls` with its other
//! side in Rust.

use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_compat::{Ipc, IpcServer, NodeFormat};
use ipc_core::{Call, CallError, CallOptions, Failure, Sent, Sink, SinkError};
use serde::Deserialize;
use serde_json::json;

use crate::js_calls::PARTS;
use crate::kit::{Room, soon};
use crate::program::nodes;

/// How many calls of one client run at a time, as in `calls_server.cjs`.
const MAX: usize = 64;

#[derive(Deserialize)]
struct Rows {
    rows: u64,
}

/// The server of `calls_server.cjs`, in Rust.
async fn serve(ipc: &Ipc) -> IpcServer {
    /// Counts a method that was stopped.
    struct Stopped(Arc<AtomicUsize>);
    impl Drop for Stopped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    ipc.configure(|config| config.calls = CallOptions::default().max_running(MAX));
    let server = ipc.serve(()).unwrap();
    server.on_call("sum", |numbers: Vec<u64>, _| async move {
        Ok::<u64, Failure>(numbers.iter().sum())
    });
    server.on_call("nil", |_: Option<()>, _| async { Ok::<(), Failure>(()) });
    server.on_call("fails", |_: Option<()>, call: Call<NodeFormat>| async move {
        let failure = call.failure("not_found", "no such key", &json!({"key": "a"}))?;
        Err::<(), Failure>(failure)
    });
    let stopped = Arc::new(AtomicUsize::new(0));
    let stops = Arc::clone(&stopped);
    server.on_call("slow", move |_: Option<()>, _| {
        let stopped = Stopped(Arc::clone(&stops));
        async move {
            let _stopped = stopped;
            std::future::pending::<Result<(), Failure>>().await
        }
    });
    server.on_call("stopped", move |_: Option<()>, _| {
        let stopped = vec!["slow"; stopped.load(Ordering::SeqCst)];
        async move { Ok::<_, Failure>(stopped) }
    });
    server.on_stream("rows", |Rows { rows }: Rows, sink: Sink<NodeFormat, u64>| async move {
        for row in 0..rows {
            sink.send(&row).await?;
        }
        Ok::<(), SinkError>(())
    });
    server.on_call("back", |_: Option<()>, call: Call<NodeFormat>| async move {
        call.peer().call::<_, String>("whoami", &()).await
    });
    let notes = Arc::new(Mutex::new(Vec::<String>::new()));
    let noted = Arc::clone(&notes);
    server.on_call("note", move |note: String, _| {
        notes.lock().unwrap().push(note);
        async { Ok::<(), Failure>(()) }
    });
    server.on_call("noted", move |_: Option<()>, _| {
        let notes = noted.lock().unwrap().clone();
        async move { Ok::<_, Failure>(notes) }
    });
    server.on_call("die", |_: Option<()>, call: Call<NodeFormat>| async move {
        call.peer().disconnect();
        Ok::<(), Failure>(())
    });
    server.start().await.unwrap();
    server
}

both_runtimes!(a_client_of_node_calls_a_server_of_rust);
async fn a_client_of_node_calls_a_server_of_rust() {
    for node in nodes("a_client_of_node_calls_a_server_of_rust") {
        let room = Room::new(node.dialect);
        let _server = serve(&room.ipc("world")).await;
        let mut asks = node.script("calls_client.cjs", &room.root(), &["rust"]);
        for part in PARTS {
            assert_eq!(asks.line().await, format!("{part}: ok"), "{node:?}");
        }
        assert!(asks.ended().await.status.success());
    }
}

both_runtimes!(a_client_of_rust_calls_a_server_of_node);
async fn a_client_of_rust_calls_a_server_of_node() {
    for node in nodes("a_client_of_rust_calls_a_server_of_node") {
        let room = Room::new(node.dialect);
        let mut world = node.script("calls_server.cjs", &room.root(), &[]);
        assert_eq!(world.line().await, "up");
        let client = room.ipc("client").connect_to("world").unwrap();
        client.on_call("whoami", |_: Option<()>, _| async { Ok::<_, Failure>("Rust") });
        let call = |method: &'static str| client.call::<_, serde_json::Value>(method, &());
        soon("the calls", async {
            assert_eq!(client.call::<_, u64>("sum", &[1, 2, 3]).await.unwrap(), 6);
            client.call::<_, ()>("nothing", &()).await.unwrap();
            assert_eq!(call("back").await.unwrap(), "Rust");
            let Err(CallError::Remote(failure)) = call("fails").await else { panic!("no failure") };
            assert_eq!((&*failure.code, &*failure.message), ("not_found", "no such key"));
            let within = call("slow").within(Duration::from_millis(50));
            assert_eq!(within.await.unwrap_err().code(), "deadline");
            // Dropped, so cancelled over there.
            let dropped = call("slow");
            assert!(tokio::time::timeout(Duration::from_millis(50), dropped).await.is_err());
            while call("stopped").await.unwrap() != json!(["slow", "slow"]) {}

            let rows = json!({"rows": 10_000});
            let mut rows = client.call_stream::<_, u64>("rows", &rows).await.unwrap();
            for expected in 0..10_000 {
                assert_eq!(rows.next().await.unwrap().unwrap(), expected);
            }
            assert!(rows.next().await.is_none());
            let endless = json!({"rows": 1_000_000_000});
            let mut rows = client.call_stream::<_, u64>("rows", &endless).await.unwrap();
            for expected in 0..100 {
                assert_eq!(rows.next().await.unwrap().unwrap(), expected);
            }
            drop(rows);

            let Err(error) = tokio::join!(call("slow").into_future(), async {
                client.notice("die", &()).unwrap();
            })
            .0
            else {
                panic!("answered")
            };
            assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error}");
        })
        .await;
        assert_eq!(world.ended().await.status.code(), Some(7));
    }
}
