//! A coordinator and sixteen workers, one of which is killed in the middle of its work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipc_compat::layouts::{self, Done};
use ipc_compat::{Dialect, Ipc, IpcClient, IpcServer, NodeFormat, Socket};
use ipc_core::{CallError, ClientEvent, EmitError, EventStream, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::kit::{self, Inbox, Room, heard, inbox, soon};
use crate::program::{Program, nodes, say};

const WORKERS: u64 = 16;
const APPSPACE: &str = "detox.";

/// A worker, and what it receives.
#[derive(Debug)]
struct Worker {
    _client: IpcClient,
    index: u64,
    done: Inbox<u64>,
    updates: EventStream<NodeFormat, ClientEvent, Update>,
    /// An item once it has asked.
    asked: Inbox<()>,
    answers: Inbox<Result<u64, CallError>>,
}

/// What all workers hear.
#[derive(Debug, Serialize, Deserialize)]
struct Update {
    #[serde(rename = "workersCount")]
    workers: u64,
}

/// What a coordinator sees.
#[derive(Debug)]
struct Coordinator {
    server: IpcServer,
    connected: Inbox<()>,
    /// Who asked something and was not answered yet, and where the answer goes.
    asked: Inbox<(Socket, oneshot::Sender<u64>)>,
    /// The workers after whom it was cleaned up.
    cleaned: Inbox<u64>,
}

fn configure(ipc: &Ipc, layout: Done) {
    ipc.configure(|config| {
        APPSPACE.clone_into(&mut config.appspace);
        config.layout = Some(Arc::new(layout));
    });
}

impl Worker {
    /// Starts a worker: it registers on a signal to begin, and asks something when it gets work.
    fn start(ipc: &Ipc, index: u64) -> Self {
        configure(ipc, layouts::done());
        let client = ipc.connect_to("coordinator").unwrap();
        let (finish, done) = inbox();
        let stray = finish.clone();
        client.on_async("begin", move |_: Value, socket| {
            let finish = finish.clone();
            async move {
                let who = json!({"workerIndex": index});
                let to: Value = socket.call("registerWorker", &who).await.unwrap();
                finish.put(to["for"].as_u64().unwrap());
            }
        });
        // An answer that is not the one to its call is an event.
        client.on("registerWorkerDone", move |to: Value, _| stray.put(to["for"].as_u64().unwrap()));
        let updates = client.stream("sessionStateUpdate");
        let (ask, asked) = inbox();
        let (answer, answers) = inbox();
        client.on_async("work", move |_: Value, socket| {
            let (ask, answer) = (ask.clone(), answer.clone());
            async move {
                // The question is in the queue before it is said to be.
                let question = async { socket.call("question", &json!({})).await };
                answer.put(tokio::join!(biased; question, async { ask.put(()) }).0);
            }
        });
        client.start().unwrap();
        Self { _client: client, index, done, updates, asked, answers }
    }
}

/// The part of a worker in a process of its own.
pub(crate) async fn process(root: &str, index: &str) -> i32 {
    let ipc = Ipc::new(kit::config(Dialect::Classic, root, "worker"));
    let mut worker = Worker::start(&ipc, index.parse().unwrap());
    say(&format!("done {}", worker.done.next().await));
    for _ in 0..WORKERS {
        say(&format!("update {}", heard(&mut worker.updates).await.workers));
    }
    worker.asked.next().await;
    say("asked");
    std::future::pending().await
}

fn workers(room: &Room, count: u64) -> Vec<Worker> {
    (0..count).map(|index| Worker::start(&room.ipc("worker"), index)).collect()
}

async fn coordinate(room: &Room) -> Coordinator {
    let ipc = room.ipc("coordinator");
    configure(&ipc, layouts::done().answering(["registerWorker", "question"]));
    let server = ipc.serve(()).unwrap();
    let (connect, connected) = inbox();
    server.on_connect(move |_| connect.put(()));
    let (all, registered) = (server.clone(), AtomicU64::new(0));
    server.on_call("registerWorker", move |who: Value, call| {
        let index = who["workerIndex"].as_u64().unwrap();
        call.peer().attach(index);
        let workers = registered.fetch_add(1, Ordering::Relaxed) + 1;
        // The answer is for one worker; what all hear is an event.
        all.broadcast("sessionStateUpdate", &Update { workers }).unwrap();
        async move { Ok::<Value, Failure>(json!({"for": index})) }
    });
    let (ask, asked) = inbox();
    server.on_call("question", move |_: Value, call| {
        let (answer, answered) = oneshot::channel();
        ask.put((call.peer().clone(), answer));
        async { Ok::<u64, Failure>(answered.await.unwrap()) }
    });
    let (clean, cleaned) = inbox();
    server.on_socket_disconnected(move |socket, _| clean.put(*socket.attached::<u64>().unwrap()));
    server.start().await.unwrap();
    Coordinator { server, connected, asked, cleaned }
}

/// What a worker in a process says when it is registered.
async fn registers(program: &mut Program, index: u64) {
    let mut updates = BTreeSet::new();
    let mut done = 0;
    for _ in 0..=WORKERS {
        let line = program.line().await;
        match line.split_once(' ').unwrap() {
            ("done", to) => {
                assert_eq!(to, index.to_string());
                done += 1;
            }
            ("update", count) => assert!(updates.insert(count.parse().unwrap())),
            _ => panic!("{line}"),
        }
    }
    assert_eq!((done, updates), (1, (1..=WORKERS).collect()));
}

/// What workers in this process receive when all are registered.
async fn hear(workers: &mut [Worker]) {
    for worker in workers {
        assert_eq!(worker.done.next().await, worker.index);
        let mut updates = BTreeSet::new();
        for _ in 0..WORKERS {
            updates.insert(heard(&mut worker.updates).await.workers);
        }
        assert_eq!(updates, (1..=WORKERS).collect());
        assert!(worker.done.is_empty(), "only the sender is answered");
    }
}

/// The whole story; the last of the processes is killed.
async fn story(room: &Room, mut processes: Vec<Program>, mut coordinator: Coordinator) {
    let inside = WORKERS - u64::try_from(processes.len()).unwrap();
    let mut workers = workers(room, inside);
    coordinator.connected.take(WORKERS.try_into().unwrap()).await;
    let server = coordinator.server;
    assert_eq!(server.broadcast("begin", &json!({})).unwrap().sent, 16);
    hear(&mut workers).await;
    for (program, index) in processes.iter_mut().zip(inside..) {
        registers(program, index).await;
    }

    // Every worker asks something; one is killed before it is answered.
    server.broadcast("work", &json!({})).unwrap();
    let asked = coordinator.asked.take(WORKERS.try_into().unwrap()).await;
    let mut victim = processes.pop().unwrap();
    assert_eq!(victim.line().await, "asked");
    victim.kill().await;
    assert_eq!(coordinator.cleaned.next().await, WORKERS - 1);
    let mut dropped = 0;
    for (socket, mut answer) in asked {
        match *socket.attached::<u64>().unwrap() {
            index if index < WORKERS - 1 => answer.send(index).unwrap(),
            _ => {
                // What ran for it was stopped, and an event would not leave either.
                soon("the end of its call", answer.closed()).await;
                let event = server.emit(&socket, "answer", &json!({}));
                assert!(matches!(event, Err(EmitError::Closed)));
                dropped += 1;
            }
        }
    }
    assert_eq!(dropped, 1);

    // The others did not notice, and nothing is cleaned up twice.
    let report = server.broadcast("sessionStateUpdate", &Update { workers: 15 }).unwrap();
    assert_eq!((report.sent, report.failed.len()), (15, 0));
    for worker in &mut workers {
        assert_eq!(heard(&mut worker.updates).await.workers, 15);
        assert_eq!(worker.answers.next().await.unwrap(), worker.index);
    }
    for program in &mut processes {
        assert_eq!(program.line().await, "asked");
        assert_eq!(program.line().await, "update 15");
    }
    assert!(coordinator.cleaned.is_empty());
}

both_runtimes!(one_of_sixteen_is_killed_and_nobody_else_notices);
async fn one_of_sixteen_is_killed_and_nobody_else_notices() {
    let room = Room::new(Dialect::Classic);
    let coordinator = coordinate(&room).await;
    let victim = Program::part("worker", &[&room.root(), "15"]);
    story(&room, vec![victim], coordinator).await;
}

both_runtimes!(one_of_four_workers_of_node_is_killed);
async fn one_of_four_workers_of_node_is_killed() {
    for node in nodes("one_of_four_workers_of_node_is_killed") {
        let room = Room::new(node.dialect);
        let coordinator = coordinate(&room).await;
        let start = |index: u64| {
            node.script("p4_worker.cjs", &room.root(), &[APPSPACE, &index.to_string()])
        };
        story(&room, (12..16).map(start).collect(), coordinator).await;
    }
}

both_runtimes!(a_coordinator_of_node_loses_a_worker_of_ours);
async fn a_coordinator_of_node_loses_a_worker_of_ours() {
    for node in nodes("a_coordinator_of_node_loses_a_worker_of_ours") {
        let room = Room::new(node.dialect);
        let mut coordinator = node.script("p4_coordinator.cjs", &room.root(), &[APPSPACE, "16"]);
        assert_eq!(coordinator.line().await, "up");
        let mut workers = workers(&room, 15);
        let mut victim = Program::part("worker", &[&room.root(), "15"]);
        hear(&mut workers).await;
        registers(&mut victim, 15).await;
        assert_eq!(victim.line().await, "asked");
        victim.kill().await;
        assert_eq!(coordinator.line().await, "cleaned up after 15");
        for worker in &mut workers {
            assert_eq!(heard(&mut worker.updates).await.workers, 15);
        }
    }
}
