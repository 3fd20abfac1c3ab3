//! A parent and a child that dials back: it reports as fast as it can, and exits.

use std::time::Duration;

use ipc_compat::{Dialect, Ipc, IpcServer, Retries, Socket};
use ipc_core::DisconnectReason;
use serde::{Deserialize, Serialize};

use crate::kit::{self, DIALECTS, Inbox, Room, inbox, soon};
use crate::program::{Program, nodes, say};

/// How many events a child reports.
const STATES: u64 = 10_000;

/// The events of a child.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Report {
    Ready {},
    State(u64),
    /// An event of the child; what goes wrong on this side is another thing.
    Error {
        message: String,
    },
}

/// The event of a parent.
#[derive(Debug, Serialize, Deserialize)]
struct Go {
    states: u64,
}

/// What a parent sees of its child, in one order.
#[derive(Debug, PartialEq)]
enum Seen {
    Said(Report),
    /// Something went wrong on this side.
    Error(String),
    Gone,
}

/// Serves as a parent does, under a fresh id.
async fn adopt(room: &Room, id: &str) -> (Ipc, IpcServer, Inbox<Seen>) {
    let ipc = room.ipc(id);
    let (seen, sees) = inbox();
    let server = ipc.serve(()).unwrap();
    let see = seen.clone();
    let heard = move |report: Report, socket: &Socket| {
        if report == (Report::Ready {}) {
            // To this child only.
            socket.emit("go", &Go { states: STATES }).unwrap();
        }
        see.put(Seen::Said(report));
    };
    server.on_events(heard).unwrap();
    let see = seen.clone();
    server.on_error(move |error, _| see.put(Seen::Error(error.to_string())));
    server.on_socket_disconnected(move |_, _| seen.put(Seen::Gone));
    server.start().await.unwrap();
    (ipc, server, sees)
}

/// The part of the child; returns its exit code.
pub(crate) async fn child(root: &str, id: &str) -> i32 {
    let ipc = Ipc::new(kit::config(Dialect::Classic, root, "child"));
    ipc.configure(|config| config.max_retries = Retries::Times(0));
    let parent = ipc.connect_to(id).unwrap();
    let go = parent.next::<Go>("go");
    parent.emit_event(&Report::Ready {}).unwrap();
    for number in 0..soon("the signal to go", go).await.unwrap().states {
        parent.emit_event(&Report::State(number)).unwrap();
    }
    parent.emit_event(&Report::Error { message: "out of paper".to_owned() }).unwrap();
    i32::from(!parent.close().await.undelivered.is_empty())
}

/// The part of a parent that waits for its end.
pub(crate) async fn parent(root: &str, id: &str) -> i32 {
    let ipc = Ipc::new(kit::config(Dialect::Classic, root, id));
    ipc.serve(()).unwrap().start().await.unwrap();
    say("up");
    std::future::pending().await
}

/// All that the child said came, in its order, and its end came last.
async fn hears_all(child: &mut Program, mut sees: Inbox<Seen>) {
    assert_eq!(sees.next().await, Seen::Said(Report::Ready {}));
    for number in 0..STATES {
        assert_eq!(sees.next().await, Seen::Said(Report::State(number)));
    }
    let last = Report::Error { message: "out of paper".to_owned() };
    assert_eq!(sees.next().await, Seen::Said(last));
    assert_eq!(sees.next().await, Seen::Gone);
    let ended = child.ended().await;
    assert!(ended.status.success(), "{ended:?}");
}

both_runtimes!(a_child_is_heard_to_its_last_word);
async fn a_child_is_heard_to_its_last_word() {
    let room = Room::new(Dialect::Classic);
    let (_ipc, _server, sees) = adopt(&room, "parent-1").await;
    hears_all(&mut Program::part("child", &[&room.root(), "parent-1"]), sees).await;
}

both_runtimes!(a_child_of_node_is_heard_to_its_last_word);
async fn a_child_of_node_is_heard_to_its_last_word() {
    for node in nodes("a_child_of_node_is_heard_to_its_last_word") {
        let room = Room::new(node.dialect);
        let (_ipc, _server, sees) = adopt(&room, "parent-1").await;
        hears_all(&mut node.script("p2_child.cjs", &room.root(), &["parent-1"]), sees).await;
    }
}

/// Kills the parent of a child that does not reconnect, which detects it without any timer: from
/// then on this test's clock moves only if a task waits for it.
async fn is_told_of_the_end(room: &Room, parent: &mut Program) {
    assert_eq!(parent.line().await, "up");
    let ipc = room.ipc("child");
    ipc.configure(|config| config.max_retries = Retries::Times(0));
    let client = ipc.connect_to("parent-1").unwrap();
    let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
    let tell = told.clone();
    client.on_disconnect(move |reason| tell.send(Some(reason.clone())).unwrap());
    client.on_destroy(move || told.send(None).unwrap());
    soon("the connection", client.connected()).await.unwrap();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    parent.kill().await;
    let reason = tells.recv().await.unwrap().unwrap();
    assert!(matches!(reason, DisconnectReason::PeerClosed | DisconnectReason::Reset), "{reason:?}");
    assert!(tells.recv().await.unwrap().is_none());
    assert!(began.elapsed() < Duration::from_secs(1));
    tokio::time::resume();
}

// It pauses the clock on its way, which tokio does on one thread only.
#[tokio::test(start_paused = false)]
async fn a_killed_parent_is_noticed_at_once() {
    let room = Room::new(Dialect::Classic);
    is_told_of_the_end(&room, &mut Program::part("parent", &[&room.root(), "parent-1"])).await;
}

// It pauses the clock on its way, which tokio does on one thread only.
#[tokio::test(start_paused = false)]
async fn a_killed_parent_of_node_is_noticed_at_once() {
    for node in nodes("a_killed_parent_of_node_is_noticed_at_once") {
        let room = Room::new(node.dialect);
        let mut parent = node.script("p2_parent.cjs", &room.root(), &["parent-1"]);
        is_told_of_the_end(&room, &mut parent).await;
    }
}

/// Stops a server with clients, and starts it again on the spot.
async fn stops_and_starts(room: &Room, server: IpcServer) {
    let path = room.path("app.parent-1");
    assert!(path.exists());
    let report = soon("the shutdown", server.stop()).await;
    assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    assert!(!path.exists());
    let (_ipc, _server, _) = adopt(room, "parent-1").await;
    assert!(path.exists());
}

both_runtimes!(a_shutdown_returns_although_clients_are_connected);
async fn a_shutdown_returns_although_clients_are_connected() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let (_ipc, server, _) = adopt(&room, "parent-1").await;
        for id in ["first", "second"] {
            let client = room.ipc(id).connect_to("parent-1").unwrap();
            soon("the connection", client.connected()).await.unwrap();
        }
        stops_and_starts(&room, server).await;
    }
}

both_runtimes!(a_shutdown_returns_although_node_is_connected);
async fn a_shutdown_returns_although_node_is_connected() {
    for node in nodes("a_shutdown_returns_although_node_is_connected") {
        let room = Room::new(node.dialect);
        let (_ipc, server, _) = adopt(&room, "parent-1").await;
        let mut child = node.script("p2_idle.cjs", &room.root(), &["parent-1"]);
        assert_eq!(child.line().await, "connected");
        stops_and_starts(&room, server).await;
    }
}
