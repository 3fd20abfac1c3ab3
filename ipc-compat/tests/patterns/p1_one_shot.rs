//! A command to a local daemon: connect, send or ask, and be gone.

use std::collections::BTreeSet;
use std::time::Duration;

use ipc_compat::{Dialect, Ipc, IpcClient, Retries};
use ipc_core::ConnectError;
use serde_json::{Value, json};

use crate::kit::{self, DIALECTS, Inbox, Room, inbox, soon};
use crate::program::{Program, nodes};

/// A client that tries once.
fn tries_once(ipc: &Ipc) -> IpcClient {
    ipc.configure(|config| config.max_retries = Retries::Times(0));
    ipc.connect_to("daemon").unwrap()
}

/// Asks the daemon, and waits for the answer until the deadline.
async fn ask(client: &IpcClient, what: &str, deadline: Duration) -> Option<Value> {
    let answer = client.next(what);
    client.emit(what, &json!({"verbose": true})).unwrap();
    Some(tokio::time::timeout(deadline, answer).await.ok()?.unwrap())
}

/// A daemon that takes commands and answers `status`.
async fn daemon(room: &Room) -> (Ipc, Inbox<u64>) {
    let ipc = room.ipc("daemon");
    let (taken, commands) = inbox();
    let server = ipc.serve(()).unwrap();
    server.on("command", move |number: u64, _| taken.put(number));
    server.on("status", |_: Value, socket| socket.emit("status", &json!({"up": true})).unwrap());
    server.start().await.unwrap();
    (ipc, commands)
}

/// The part of a program for the command line; returns its exit code.
pub(crate) async fn command(root: &str, what: &str) -> i32 {
    let client = tries_once(&Ipc::new(kit::config(Dialect::Classic, root, "cli")));
    if let Ok(number) = what.parse::<u64>() {
        client.emit("command", &number).unwrap();
        return i32::from(!client.close().await.undelivered.is_empty());
    }
    match client.connected().await {
        Ok(()) => 0,
        Err(_) => 69, // EX_UNAVAILABLE
    }
}

/// Keeps the clock still: an error that needed a timer would show.
#[tokio::test(start_paused = true)]
async fn without_a_daemon_there_is_a_typed_error_at_once() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let began = tokio::time::Instant::now();
        let failed = tries_once(&room.ipc("cli")).connected().await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(1));
        let ConnectError::Failed(error) = failed else { panic!("{failed}") };
        assert_eq!(error.code(), "nobody_listening", "{error}");
    }
}

both_runtimes!(without_a_daemon_nothing_is_printed);
async fn without_a_daemon_nothing_is_printed() {
    let room = Room::new(Dialect::Classic);
    let ended = Program::part("one-shot", &[&room.root(), "hello"]).ended().await;
    assert_eq!((ended.status.code(), ended.chatter.as_str()), (Some(69), ""));
}

both_runtimes!(a_thousand_of_a_thousand_commands_arrive);
async fn a_thousand_of_a_thousand_commands_arrive() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let (_daemon, mut commands) = daemon(&room).await;
        for number in 0..1000 {
            let client = tries_once(&room.ipc("cli"));
            client.emit("command", &number).unwrap();
            assert!(client.close().await.undelivered.is_empty());
        }
        let arrived = commands.take(1000).await;
        assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), (0..1000).collect());
        assert!(commands.is_empty());
    }
}

both_runtimes!(the_command_of_a_process_that_exits_at_once_arrives);
async fn the_command_of_a_process_that_exits_at_once_arrives() {
    let room = Room::new(Dialect::Classic);
    let (_daemon, mut commands) = daemon(&room).await;
    for number in 0..20_u64 {
        let mut program = Program::part("one-shot", &[&room.root(), &number.to_string()]);
        assert!(program.ended().await.status.success());
        assert_eq!(commands.next().await, number);
    }
}

both_runtimes!(ask_and_exit);
async fn ask_and_exit() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let (_daemon, _) = daemon(&room).await;
        let client = tries_once(&room.ipc("cli"));
        let answer = ask(&client, "status", PATIENT).await;
        assert_eq!(answer, Some(json!({"up": true})));
        client.close().await;
    }
}

both_runtimes!(a_daemon_that_never_answers_costs_the_deadline_only);
async fn a_daemon_that_never_answers_costs_the_deadline_only() {
    let room = Room::new(Dialect::Classic);
    let (daemon, _) = daemon(&room).await;
    let (heard, mut questions) = inbox();
    daemon.server().unwrap().on("silence", move |_: Value, _| heard.put(()));
    let client = tries_once(&room.ipc("cli"));
    client.connected().await.unwrap();
    assert_eq!(ask(&client, "silence", Duration::from_millis(20)).await, None);
    questions.next().await;
    client.close().await;
}

both_runtimes!(commands_to_a_daemon_of_node);
async fn commands_to_a_daemon_of_node() {
    for node in nodes("commands_to_a_daemon_of_node") {
        let room = Room::new(node.dialect);
        let mut daemon = node.script("p1_daemon.cjs", &room.root(), &["100"]);
        assert_eq!(daemon.line().await, "up");
        for number in 0..100 {
            let client = tries_once(&room.ipc("cli"));
            client.emit("command", &number).unwrap();
            assert!(client.close().await.undelivered.is_empty());
        }
        assert_eq!(soon("the count", daemon.line()).await, "100 different commands");
        let client = tries_once(&room.ipc("cli"));
        assert_eq!(ask(&client, "status", PATIENT).await, Some(json!({"up": true})));
        assert_eq!(ask(&client, "silence", Duration::from_millis(20)).await, None);
        client.close().await;
    }
}

both_runtimes!(node_asks_and_exits);
async fn node_asks_and_exits() {
    for node in nodes("node_asks_and_exits") {
        let room = Room::new(node.dialect);
        let (_daemon, mut commands) = daemon(&room).await;
        let mut client = node.script("p1_command.cjs", &room.root(), &[]);
        assert_eq!(client.line().await, r#"status {"up":true}"#);
        assert_eq!(commands.next().await, 7);
        assert!(client.ended().await.status.success());
    }
}

/// A deadline for an answer that does come.
const PATIENT: Duration = Duration::from_secs(100);
