//! A server in the background and interfaces that come and go: calls over one event, whose data is a
//! text that holds JSON.

use ipc_compat::{Dialect, Ipc, IpcClient, IpcServer};
use ipc_core::Error;
use serde_json::{Value, json};

use crate::kit::{DIALECTS, Inbox, Room, inbox, soon};
use crate::program::{Program, nodes};

/// Returns the server's reply to a call, as text.
fn answer(call: &str) -> String {
    let call: Value = serde_json::from_str(call).unwrap();
    let id = &call["id"];
    let sum = || call["args"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).sum::<i64>();
    let answer = match call["name"].as_str() {
        Some("add") => json!({"type": "reply", "id": id, "result": sum()}),
        _ => json!({"type": "error", "id": id}),
    };
    answer.to_string()
}

/// A server in the background; `called` gets each call once.
async fn serve(ipc: &Ipc) -> (IpcServer, Inbox<Value>) {
    let server = ipc.serve(()).unwrap();
    let (called, calls) = inbox();
    server.on("message", move |text: String, socket| {
        called.put(serde_json::from_str::<Value>(&text).unwrap()["id"].clone());
        // It fails only if the interface has left.
        let _ = socket.emit("message", &answer(&text));
    });
    server.start().await.unwrap();
    (server, calls)
}

/// An interface.
#[derive(Debug)]
struct Interface {
    client: IpcClient,
    /// What the server said, parsed.
    said: Inbox<Value>,
    /// An item for each connection that was made.
    connected: Inbox<()>,
    /// An item for each connection that was lost or not made.
    lost: Inbox<()>,
}

impl Interface {
    fn open(ipc: &Ipc) -> Self {
        let client = ipc.connect_to("backend").unwrap();
        let (say, said) = inbox();
        client.on("message", move |text: String, _| say.put(serde_json::from_str(&text).unwrap()));
        let (connect, connected) = inbox();
        client.on_connect(move |_| connect.put(()));
        let (lose, lost) = inbox();
        client.on_disconnect(move |_| lose.put(()));
        client.start().unwrap();
        Self { client, said, connected, lost }
    }

    fn call(&self, id: i64, name: &str, args: &Value) {
        let call = json!({"id": id, "name": name, "args": args}).to_string();
        self.client.emit("message", &call).unwrap();
    }

    /// Calls, and waits for the answer; nothing else may come before it.
    async fn asks(&mut self, id: i64) {
        self.call(id, "add", &json!([id, 1]));
        assert_eq!(self.said.next().await, json!({"type": "reply", "id": id, "result": id + 1}));
    }
}

/// A hundred calls to a server that does not run yet, and what comes back once it does.
async fn calls_early(interface: &mut Interface) {
    interface.lost.next().await;
    for id in 0..100 {
        interface.call(id, "add", &json!([id, 1]));
    }
    interface.call(100, "divide", &json!([1, 0]));
}

async fn is_answered(interface: &mut Interface) {
    for id in 0..100 {
        let reply = json!({"type": "reply", "id": id, "result": id + 1});
        assert_eq!(interface.said.next().await, reply);
    }
    assert_eq!(interface.said.next().await, json!({"type": "error", "id": 100}));
}

both_runtimes!(calls_before_the_connection_are_answered_in_order);
async fn calls_before_the_connection_are_answered_in_order() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        calls_early(&mut interface).await;
        let ipc = room.ipc("backend");
        let (_server, mut calls) = serve(&ipc).await;
        is_answered(&mut interface).await;
        let order: Vec<_> = calls.take(101).await;
        assert_eq!(order, (0..=100).map(Value::from).collect::<Vec<_>>());
    }
}

both_runtimes!(calls_before_node_serves_are_answered_in_order);
async fn calls_before_node_serves_are_answered_in_order() {
    for node in nodes("calls_before_node_serves_are_answered_in_order") {
        let room = Room::new(node.dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        calls_early(&mut interface).await;
        let mut server = node.script("p3_backend.cjs", &room.root(), &[]);
        assert_eq!(server.line().await, "up");
        is_answered(&mut interface).await;
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
        let (server, _) = serve(&ipc).await;
        for interface in &mut interfaces {
            interface.connected.next().await;
            interface.asks(2).await;
        }
        for push in ["first", "second"] {
            let text = json!({"type": "push", "name": push}).to_string();
            assert_eq!(server.broadcast("message", &text).unwrap().sent, 3);
        }
        for interface in &mut interfaces {
            for push in ["first", "second"] {
                assert_eq!(interface.said.next().await["name"], push);
            }
            assert!(interface.said.is_empty());
        }
    }
}

both_runtimes!(after_a_restart_of_node_the_interface_is_back);
async fn after_a_restart_of_node_the_interface_is_back() {
    for node in nodes("after_a_restart_of_node_the_interface_is_back") {
        let room = Room::new(node.dialect);
        let mut interface = Interface::open(&room.ipc("interface"));
        for id in 1..=3 {
            let mut server = node.script("p3_backend.cjs", &room.root(), &[]);
            assert_eq!(server.line().await, "up");
            interface.connected.next().await;
            interface.asks(id).await;
            // What was pushed once arrives once.
            interface.call(0, "push", &json!([]));
            assert_eq!(interface.said.next().await, json!({"type": "push"}));
            assert_eq!(interface.said.next().await, json!({"type": "error", "id": 0}));
            server.kill().await;
        }
    }
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
async fn answers(interface: &mut Program, calls: &mut Inbox<Value>, id: i64) {
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
