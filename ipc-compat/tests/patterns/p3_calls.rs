//! A server in the background and interfaces that come and go: calls over one event, whose data is a
//! text that holds JSON.

use std::sync::Arc;

use ipc_compat::{Dialect, Ipc, IpcClient, IpcServer, layouts};
use ipc_core::{Error, Failure};
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet, yield_now};

use crate::kit::{DIALECTS, Inbox, Room, inbox, soon};
use crate::program::{Node, Program, nodes};

/// A server in the background, and the first argument of each call of its one method.
async fn serve(ipc: &Ipc) -> (IpcServer, Inbox<i64>) {
    ipc.configure(|config| config.layout = Some(Arc::new(layouts::json())));
    let server = ipc.serve(()).unwrap();
    let (called, calls) = inbox();
    server.on_call("add", move |[id, one]: [i64; 2], _| {
        called.put(id);
        async move { Ok::<_, Failure>(id + one) }
    });
    server.start().await.unwrap();
    (server, calls)
}

/// An interface.
#[derive(Debug)]
struct Interface {
    client: IpcClient,
    /// What the server pushed to all.
    shown: Inbox<String>,
    /// An item for each connection that was made.
    connected: Inbox<()>,
    /// An item for each connection that was lost or not made.
    lost: Inbox<()>,
}

impl Interface {
    fn open(ipc: &Ipc) -> Self {
        ipc.configure(|config| config.layout = Some(Arc::new(layouts::json())));
        let client = ipc.connect_to("backend").unwrap();
        let (show, shown) = inbox();
        client.on_call("show", move |what: String, _| {
            show.put(what);
            async { Ok::<(), Failure>(()) }
        });
        let (connect, connected) = inbox();
        client.on_connect(move |_| connect.put(()));
        let (lose, lost) = inbox();
        client.on_disconnect(move |_| lose.put(()));
        client.start().unwrap();
        Self { client, shown, connected, lost }
    }

    async fn asks(&self, id: i64) {
        assert_eq!(self.client.call::<_, i64>("add", &[id, 1]).await.unwrap(), id + 1);
    }
}

/// A hundred and one calls to a server that does not run until all are made, and their ends in order.
async fn calls_early<S>(interface: &mut Interface, serving: impl Future<Output = S>) -> S {
    interface.lost.next().await;
    let client = &interface.client;
    let mut calls = JoinSet::new();
    let all = async {
        for id in 0..=100 {
            let (client, method) = (client.clone(), if id < 100 { "add" } else { "divide" });
            calls.spawn_local(async move { client.call::<_, i64>(method, &[id, 1]).await });
        }
        while client.core().peer().queued().messages < 101 {
            yield_now().await;
        }
        let server = serving.await;
        for id in 0..100 {
            assert_eq!(calls.join_next().await.unwrap().unwrap().unwrap(), id + 1);
        }
        let failed = calls.join_next().await.unwrap().unwrap().unwrap_err();
        assert!(failed.failure().is_some(), "{failed}");
        server
    };
    soon("the answers", LocalSet::new().run_until(all)).await
}

both_runtimes!(calls_before_the_connection_are_answered_in_order);
async fn calls_before_the_connection_are_answered_in_order() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        let ipc = room.ipc("backend");
        let (_server, mut calls) = calls_early(&mut interface, serve(&ipc)).await;
        assert_eq!(calls.take(100).await, Vec::from_iter(0..100));
        assert!(calls.is_empty());
    }
}

both_runtimes!(calls_before_node_serves_are_answered_in_order);
async fn calls_before_node_serves_are_answered_in_order() {
    for node in nodes("calls_before_node_serves_are_answered_in_order") {
        let room = Room::new(node.dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        calls_early(&mut interface, serve_with(&node, &room)).await;
    }
}

both_runtimes!(after_a_restart_everybody_is_back_and_hears_everything_once);
/// Three interfaces; the server goes and comes, and each is there again, with one handler.
async fn after_a_restart_everybody_is_back_and_hears_everything_once() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let ipc = room.ipc("backend");
        let (server, _) = serve(&ipc).await;
        let mut interfaces: Vec<_> =
            (0..3).map(|n| Interface::open(&room.ipc(&format!("interface{n}")))).collect();
        for interface in &mut interfaces {
            interface.asks(1).await;
            interface.connected.next().await;
        }
        soon("the shutdown", server.stop()).await;
        let (server, mut calls) = serve(&ipc).await;
        for interface in &mut interfaces {
            interface.connected.next().await;
            interface.asks(2).await;
        }
        for push in ["first", "second"] {
            assert_eq!(server.all().notice("show", push).unwrap().sent, 3);
        }
        for interface in &mut interfaces {
            for push in ["first", "second"] {
                assert_eq!(interface.shown.next().await, push);
            }
            assert!(interface.shown.is_empty());
        }
        assert_eq!(calls.take(3).await, [2, 2, 2]);
        assert!(calls.is_empty());
        // Two pushes and one answer to each.
        assert!(server.sockets().iter().all(|socket| socket.tally().accepted == 3));
    }
}

both_runtimes!(after_a_restart_of_node_the_interface_is_back);
async fn after_a_restart_of_node_the_interface_is_back() {
    for node in nodes("after_a_restart_of_node_the_interface_is_back") {
        let room = Room::new(node.dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        // Node pushes without a name, which is no call but an event.
        let (push, mut pushed) = inbox();
        interface.client.on("message", move |text: String, _| push.put(text));
        for id in 1..=3 {
            let mut server = serve_with(&node, &room).await;
            interface.connected.next().await;
            interface.asks(id).await;
            let failed = interface.client.call::<_, ()>("push", &()).await;
            assert_eq!(failed.unwrap_err().code(), "error");
            // What was pushed once, before the answer, has arrived once.
            assert!(!pushed.is_empty());
            assert_eq!(pushed.next().await, r#"{"type":"push"}"#);
            assert!(pushed.is_empty());
            server.kill().await;
        }
    }
}

async fn serve_with(node: &Node, room: &Room) -> Program {
    let mut server = node.script("p3_backend.cjs", &room.root(), &[]);
    assert_eq!(server.line().await, "up");
    server
}

both_runtimes!(an_interface_of_node_is_back_after_our_restart);
async fn an_interface_of_node_is_back_after_our_restart() {
    for node in nodes("an_interface_of_node_is_back_after_our_restart") {
        let room = Room::new(node.dialect);
        let ipc = room.ipc("backend");
        let (server, mut calls) = serve(&ipc).await;
        let mut interface = node.script("p3_interface.cjs", &room.root(), &[]);
        answers(&mut interface, &mut calls, 1).await;
        soon("the shutdown", server.stop()).await;
        let (_server, mut calls) = serve(&ipc).await;
        answers(&mut interface, &mut calls, 2).await;
    }
}

/// Node calls once for each connection, and prints the reply.
async fn answers(interface: &mut Program, calls: &mut Inbox<i64>, id: i64) {
    assert_eq!(calls.next().await, id);
    let reply: Value = serde_json::from_str(&interface.line().await).unwrap();
    assert_eq!(reply, json!({"type": "reply", "id": id, "result": id + 1}));
    assert!(calls.is_empty());
}

/// Serves under the first name that is free.
async fn under_a_free_name(room: &Room) -> (String, IpcServer) {
    let mut n = 0;
    loop {
        n += 1;
        let name = format!("myapp{n}");
        let server = room.ipc(&name).serve(()).unwrap();
        match server.start().await {
            Ok(_) => return (name, server),
            Err(Error::Transport(error)) if error.code() == "already_running" => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

both_runtimes!(looking_for_a_free_name_disturbs_nobody);
async fn looking_for_a_free_name_disturbs_nobody() {
    let room = Room::new(Dialect::Classic);
    let (came, mut comers) = inbox();
    let mut servers = Vec::new();
    for expected in ["myapp1", "myapp2", "myapp3"] {
        let (name, server) = under_a_free_name(&room).await;
        assert_eq!(name, expected);
        let came = came.clone();
        server.on_connect(move |_| came.put(expected));
        servers.push(server);
    }
    // The first client that each sees is the one that wanted to connect.
    for name in ["myapp2", "myapp1", "myapp3"] {
        let client = room.ipc("client").connect_to(name).unwrap();
        soon("the connection", client.connected()).await.unwrap();
        assert_eq!(comers.next().await, name);
        client.close().await;
    }
    assert!(comers.is_empty());
    // A name that was given back is free again.
    servers.remove(0).stop().await;
    assert_eq!(under_a_free_name(&room).await.0, "myapp1");
}

both_runtimes!(looking_for_a_free_name_does_not_disturb_node);
async fn looking_for_a_free_name_does_not_disturb_node() {
    for node in nodes("looking_for_a_free_name_does_not_disturb_node") {
        let room = Room::new(node.dialect);
        let mut server = node.script("p3_named.cjs", &room.root(), &["myapp1"]);
        assert_eq!(server.line().await, "up");
        let (name, _server) = under_a_free_name(&room).await;
        assert_eq!(name, "myapp2");
        // The first client that it sees is the one that wanted to connect.
        let client = room.ipc("client").connect_to("myapp1").unwrap();
        client.emit("hello", "there").unwrap();
        assert_eq!(server.line().await, "connection 1");
        assert_eq!(server.line().await, "hello there");
        client.close().await;
    }
}
