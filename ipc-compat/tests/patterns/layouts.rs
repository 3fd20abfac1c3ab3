//! Calls in the layouts of other programs: the same calls, with real node-ipc on the other side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipc_compat::layouts::{self, Layout};
use ipc_compat::{Ipc, IpcClient, IpcServer};
use ipc_core::{CallError, Failure};
use serde_json::{Value, json};

use crate::kit::{Room, inbox, soon};
use crate::program::nodes;

type MakeLayout = fn() -> Arc<dyn Layout>;

/// The layouts whose calls have arguments.
fn all() -> [(&'static str, MakeLayout); 5] {
    [
        ("json", || Arc::new(layouts::json())),
        ("requests", || Arc::new(layouts::requests())),
        ("by-id", || Arc::new(layouts::by_id("call"))),
        ("dmno", || Arc::new(layouts::dmno())),
        ("done", || Arc::new(layouts::done().answering(["sum", "fail"]))),
    ]
}

fn state() -> Arc<dyn Layout> {
    Arc::new(layouts::state("me"))
}

fn with(room: &Room, id: &str, layout: Arc<dyn Layout>) -> Ipc {
    let ipc = room.ipc(id);
    ipc.configure(|config| config.layout = Some(layout));
    ipc
}

fn client(room: &Room, layout: Arc<dyn Layout>) -> IpcClient {
    with(room, "client", layout).connect_to("backend").unwrap()
}

async fn sum(client: &IpcClient, numbers: &[u64]) -> Result<u64, CallError> {
    soon("a sum", async { client.call("sum", numbers).await }).await
}

both_runtimes!(node_answers_in_its_own_layout);
async fn node_answers_in_its_own_layout() {
    for node in nodes("node_answers_in_its_own_layout") {
        let room = Room::new(node.dialect);
        let clients: BTreeMap<_, _> =
            all().map(|(name, layout)| (name, client(&room, layout()))).into();
        let (pushed, mut pushes) = inbox();
        clients["json"].on_call("asked", move |id: String, _| {
            pushed.put(id);
            async { Ok::<(), Failure>(()) }
        });
        // Asked before the server runs.
        let early = async {
            for (name, client) in &clients {
                assert_eq!(sum(client, &[1, 2]).await.unwrap(), 3, "{name}");
            }
        };
        let serving = async {
            let mut server = node.script("layouts_server.cjs", &room.root(), &[]);
            assert_eq!(server.line().await, "up");
            server
        };
        let ((), mut server) = tokio::join!(early, serving);
        assert_eq!(pushes.next().await, "1");

        for (name, code, message) in [
            ("json", "error", "error"),
            ("requests", "E_LIST", "no list"),
            ("by-id", "error", "no list"),
            ("done", "error", "no list"),
        ] {
            let client = &clients[name];
            let failed = soon("a failure", async { client.call::<_, u64>("sum", "text").await });
            let failed = failed.await.unwrap_err();
            let failure = failed.failure().unwrap();
            assert_eq!((&*failure.code, &*failure.message), (code, message), "{name}");
        }
        let other =
            soon("a failure", async { clients["requests"].call::<_, ()>("other", &()).await });
        assert!(matches!(other.await, Err(CallError::UnknownMethod(_))));
        let other = soon("null", async { clients["json"].call::<_, Value>("other", &()).await });
        assert_eq!(other.await.unwrap(), Value::Null);
        let quiet = clients["dmno"].call::<(), ()>("other", &()).within(Duration::from_millis(20));
        let quiet = soon("a deadline", async { quiet.await }).await;
        assert!(matches!(quiet, Err(CallError::Deadline { .. })));

        let state = client(&room, state());
        let me: String =
            soon("an answer", async { state.call("whoami", &()).await }).await.unwrap();
        assert_eq!(me, "me");
        let failed = soon("a failure", async { state.call::<_, ()>("other", &()).await }).await;
        assert_eq!(&*failed.unwrap_err().failure().unwrap().message, "no other");

        // Another server at the same place: the clients are back, and their calls with them.
        server.kill().await;
        let mut server = node.script("layouts_server.cjs", &room.root(), &[]);
        assert_eq!(server.line().await, "up");
        for (name, client) in &clients {
            assert_eq!(sum(client, &[2, 3]).await.unwrap(), 5, "{name}");
        }
    }
}

async fn serve(room: &Room, name: &str, layout: Arc<dyn Layout>) -> IpcServer {
    let server = with(room, name, layout).serve(()).unwrap();
    server.on_call("sum", |numbers: Vec<u64>, _| async move {
        Ok::<u64, Failure>(numbers.iter().sum())
    });
    server.on_call("fail", |(): (), _| async { Err::<(), _>(Failure::new("full", "no room")) });
    server.on_call("nothing", |(): (), _| async { Ok::<(), Failure>(()) });
    server.start().await.unwrap();
    server
}

both_runtimes!(node_asks_in_its_own_layout);
async fn node_asks_in_its_own_layout() {
    for node in nodes("node_asks_in_its_own_layout") {
        let room = Room::new(node.dialect);
        let mut servers = Vec::new();
        for (name, layout) in all() {
            servers.push(serve(&room, name, layout()).await);
        }
        servers.push(serve(&room, "state", state()).await);
        let mut asks = node.script("layouts_client.cjs", &room.root(), &[]);
        let mut answers = BTreeMap::<String, Vec<Value>>::new();
        for _ in 0..13 {
            let line = asks.line().await;
            let (layout, answer) = line.split_once(": ").unwrap();
            let answer = serde_json::from_str(answer).unwrap();
            answers.entry(layout.to_owned()).or_default().push(answer);
        }
        let expected = [
            (
                "json",
                vec![
                    json!({"type": "reply", "id": "a-1", "result": 3}),
                    json!({"type": "error", "id": "a-2", "code": "full", "message": "no room"}),
                    json!({"type": "error", "id": "a-3", "code": "unknown_method",
                        "message": "there is no method \"other\""}),
                ],
            ),
            (
                "requests",
                vec![
                    json!({"requestId": "1", "status": "success", "body": 3}),
                    json!({"requestId": "2", "status": "error",
                        "error": {"name": "Error", "code": "full", "message": "no room"}}),
                    json!({"requestId": "3", "status": "error",
                        "error": {"name": "Error", "code": "ERR_IPC_MISSING_ROUTE",
                            "message": "there is no method \"other\""}}),
                ],
            ),
            (
                "by-id",
                vec![
                    json!(["R_1", {"status": "success", "data": 3}]),
                    json!(["R_2", {"status": "error", "error": "no room"}]),
                ],
            ),
            ("dmno", vec![json!({"requestId": "2", "response": 3})]),
            (
                "state",
                vec![
                    json!({"id": "s1", "type": "nothing", "result": null}),
                    json!({"id": "s2", "type": "fail", "error": "no room"}),
                ],
            ),
            (
                "done",
                vec![
                    json!(["sumDone", 3]),
                    json!(["failDone", {"error": "no room", "code": "full"}]),
                ],
            ),
        ];
        let expected = expected.map(|(layout, answers)| (layout.to_owned(), answers));
        assert_eq!(answers, expected.into(), "{node:?}");
    }
}

both_runtimes!(a_worker_of_node_registers_by_a_call);
async fn a_worker_of_node_registers_by_a_call() {
    for node in nodes("a_worker_of_node_registers_by_a_call") {
        let room = Room::new(node.dialect);
        let ipc =
            with(&room, "coordinator", Arc::new(layouts::done().answering(["registerWorker"])));
        ipc.configure(|config| "detox.".clone_into(&mut config.appspace));
        let server = ipc.serve(()).unwrap();
        server.on_call("registerWorker", |worker: Value, call| async move {
            // What goes to all is an event, and comes before the answer if it is sent before.
            call.peer().emit("sessionStateUpdate", &json!({"workersCount": 1}))?;
            Ok::<Value, Failure>(json!({"for": worker["workerIndex"]}))
        });
        server.on_connect(|socket| socket.emit("begin", &json!({})).unwrap());
        server.start().await.unwrap();
        let mut worker = node.script("p4_worker.cjs", &room.root(), &["detox.", "7"]);
        assert_eq!(worker.line().await, "update 1");
        assert_eq!(worker.line().await, "done 7");
    }
}
