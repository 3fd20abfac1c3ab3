//! The subjects: what is measured, and what each can do.

use ipc_benches::Task;

use super::cases::{Case, Socket};
use super::works::*;

/// Something that is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) server: Program,
    pub(super) client: Program,
    /// The workloads, or cases of them, that it takes part in.
    works: &'static [&'static str],
    /// Why not in the others.
    pub(super) others: &'static str,
    tcp: bool,
    /// What its server speaks, if it is not node-ipc's: a part of the name of a common client.
    pub(super) wire: &'static str,
}

/// What is started.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program {
    /// A kind of the program `subject`.
    Own(&'static str),
    /// A kind of the program `peers`, with what it needs.
    Peers(&'static str, &'static [Need]),
    /// A script and its arguments, with the packages it needs.
    Node(&'static str, &'static [Need]),
    /// The client that a case brings.
    Common,
    /// Nothing: the client starts it, or does without.
    None,
}

/// Something that a program needs and that is not of this repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// Its name: `--with NAME=PATH` says where it is.
    pub(super) name: &'static str,
    /// The variable that tells the program.
    pub(super) variable: &'static str,
}

impl Program {
    /// Returns what it needs.
    pub(super) fn needs(self) -> &'static [Need] {
        match self {
            Self::Peers(_, needs) | Self::Node(_, needs) => needs,
            Self::Own(_) | Self::Common | Self::None => &[],
        }
    }
}

impl Subject {
    /// Returns whether it takes part in this case.
    pub(super) fn does(&self, case: &Case) -> bool {
        self.works.iter().any(|name| case.is(name)) && (self.tcp || case.socket != Socket::Tcp)
    }

    /// Returns whether it takes part in a workload of the kind that `id` is of: of calls, or of events.
    pub(super) fn is_of_kind(&self, id: &str) -> bool {
        let has_calls = |id: &str| id.starts_with("W11") || id.starts_with("W12");
        self.works.iter().any(|work| has_calls(work) == has_calls(id))
    }

    /// Returns what it is asked to do in this case.
    pub(super) fn task(&self, case: &Case) -> Task {
        let task = case.task;
        if case.is_parted() { task.messages(task.messages / self.part()) } else { task }
    }

    /// Returns N where it gets one message in N, if speed is measured: a slow one would take minutes
    /// for what a fast one does in a second.
    pub(super) fn part(&self) -> u64 {
        PARTS.iter().find(|(name, _)| *name == self.name).map_or(1, |(_, part)| *part)
    }
}

/// Returns every subject, in the order of the tables.
pub(super) fn all() -> Vec<Subject> {
    use Program::{Node, None, Own, Peers};
    let own = |name, about, works, others| Subject {
        name,
        about,
        server: Own(name),
        client: Own(name),
        works,
        others,
        tcp: true,
        wire: "",
    };
    let pair = |name, about, server, client, works, others, tcp| Subject {
        name,
        about,
        server,
        client,
        works,
        others,
        tcp,
        wire: "",
    };
    let codec = |name, about, works| pair(name, about, None, Own(name), works, "", false);
    let with = |name, about, works, others, needs: &'static [Need]| {
        pair(name, about, Peers(name, needs), Peers(name, &[]), works, others, false)
    };
    let peer = |name, about| with(name, about, BASIC, OTHER_WIRE, &[]);
    let node = |name, about, server, client, needs, works, others, tcp| {
        pair(name, about, Node(server, needs), Node(client, needs), works, others, tcp)
    };
    vec![
        own("raw", "the same bytes back, blocking, no protocol", BASIC, "no protocol"),
        own("raw-spin", "`raw`, looking for bytes for 50 us before it sleeps", ALONE, SPINS),
        own(
            "limit",
            "the same wire format by hand, blocking, batched, JSON with `serde_json`, TLS with `rustls`",
            LIMIT,
            "it is written by hand for the others only",
        ),
        own(
            "limit-bytes",
            "`limit` without reading JSON: as bytes that are known",
            BASIC,
            "as `limit`",
        ),
        own("ours", "typed handlers, tokio `current_thread`", ALL, ""),
        own("ours-multi", "`ours` on two threads of `multi_thread`", MULTI, SAME),
        own("ours-await", "`ours`, the client awaits each answer", TRIPS, SAME),
        own("ours-json", "`ours`, the server passes the payload on", TRIPS, SAME),
        own(
            "ours-blocking",
            "the blocking driver, a thread for each connection; one way `FlushPolicy::Within(1 ms)`",
            BLOCKING,
            "one thread",
        ),
        own(
            "ours-blocking-spin",
            "`ours-blocking` with a `Spin` of 50 us on both sides",
            ALONE,
            SPINS,
        ),
        own("ours-msgpack", "`ours` in MessagePack instead of JSON", BLOCKING, SAME),
        own("ours-call", "`ours`, calls and streams instead of events", CALLS, ""),
        own("ours-call-msgpack", "`ours-call` in MessagePack", CALLS, ""),
        own("ours-blocking-call", "`ours-blocking`, calls", ONE, "a thread has one call at a time"),
        own("ours-immediate", "`ours`, `FlushPolicy::Immediate`", PACED, SAME),
        own("ours-within", "`ours`, `FlushPolicy::Within(1 ms)`", PACED, SAME),
        own(
            "node-ipc",
            "the crate node-ipc 14.0.0, blocking, `fast`",
            CORE,
            "its API has nothing for it",
        ),
        node("npm-14", "npm's node-ipc 14.0.0", SERVER, CLIENT, V14, NPM_14, "", true),
        node("npm-9", "npm's node-ipc 9.2.1", SERVER, CLIENT, V9, NPM, "", true),
        pair(
            "ours>npm-14",
            "server `ours`, client `npm-14`",
            Own("ours"),
            Node(CLIENT, V14),
            MIXED,
            "",
            false,
        ),
        pair(
            "npm-14>ours",
            "server `npm-14`, client `ours`",
            Node(SERVER, V14),
            Own("ours"),
            MIXED,
            "",
            false,
        ),
        pair(
            "node-send",
            "Node's own `process.send`",
            None,
            Node("process-send.cjs", &[]),
            BASIC,
            OTHER_WIRE,
            false,
        ),
        peer("length-json", "tokio-util `LengthDelimited`, the same JSON"),
        peer("length-native", "tokio-util `LengthDelimited`, plain bytes"),
        peer("zeromq-json", "zeromq 0.7, DEALER and ROUTER or PUSH and PULL, the same JSON"),
        peer("zeromq-native", "the same, plain bytes"),
        peer("ipc-channel-json", "ipc-channel 0.23, the same JSON as bytes"),
        peer("ipc-channel-native", "ipc-channel 0.23, its own encoding"),
        with("tarpc-json", "tarpc 0.38, its JSON", TARPC, ONE_ANSWER, &[]),
        with("tarpc-native", "tarpc 0.38, bincode", TARPC, ONE_ANSWER, &[]),
        peer("busrt-json", "busrt 0.5 through its broker, the same JSON"),
        peer("busrt-native", "busrt 0.5 through its broker, plain bytes"),
        with("jsonrpsee", "jsonrpsee 0.26, WebSocket over TCP", CALLS, "", &[]),
        with("remoc", "remoc 0.20 over a Unix socket, its own codec", CALLS, "", &[]),
        with("nats", "async-nats 0.51 through nats-server, over TCP, JSON", ANSWERS, SLOW, &[NATS]),
        node(
            "npm-14-calls",
            "npm's node-ipc 14.0.0 with `calls.cjs`",
            CALL_SERVER,
            CALL_CLIENT,
            V14,
            CALLS,
            "",
            false,
        ),
        node(
            "npm-9-calls",
            "npm's node-ipc 9.2.1 with `calls.cjs`",
            CALL_SERVER,
            CALL_CLIENT,
            V9,
            CALLS,
            "",
            false,
        ),
        pair(
            "ours-call>npm-14-calls",
            "server `ours-call`, client `npm-14-calls`",
            Own("ours-call"),
            Node(CALL_CLIENT, V14),
            CALLS,
            "",
            false,
        ),
        pair(
            "npm-14-calls>ours-call",
            "server `npm-14-calls`, client `ours-call`",
            Node(CALL_SERVER, V14),
            Own("ours-call"),
            CALLS,
            "",
            false,
        ),
        node(
            "npm-9-requests",
            "node-ipc-requests 0.1.0 on npm's node-ipc 9.2.1",
            "call-server.cjs requests",
            "call-client.cjs requests",
            REQUESTS,
            ANSWERS,
            ONE_ANSWER,
            false,
        ),
        node(
            "net-ipc",
            "npm's net-ipc 2.2.2, not on node-ipc, its JSON",
            "call-server.cjs net-ipc",
            "call-client.cjs net-ipc",
            NET_IPC,
            ANSWERS,
            ONE_ANSWER,
            false,
        ),
        own("epoll", "the same wire format by hand, one thread with `epoll`", &["W15"], ONLY_HERE),
        Subject {
            wire: "-nats",
            client: None,
            ..with(
                "nats-subject",
                "nats-server, the group is a subject that async-nats publishes to, over TCP",
                GROUPS,
                ONLY_HERE,
                &[NATS],
            )
        },
        Subject {
            wire: "-socketio",
            client: None,
            ..with("socketioxide", "socketioxide 0.18, a room, WebSocket", GROUPS, ONLY_HERE, &[])
        },
        node(
            "node-tls",
            "the same wire format by hand on Node's `tls`",
            "tls.cjs server",
            "tls.cjs client",
            &[],
            &["W13"],
            ONLY_HERE,
            false,
        ),
        node(
            "npm-14-udp",
            "npm's node-ipc 14.0.0, where both sides serve",
            "udp.cjs server",
            "udp.cjs client",
            V14,
            &["W14"],
            ONLY_HERE,
            false,
        ),
        pair(
            "node-worker",
            "Node's `worker_threads`: a message port to a thread of the same process",
            None,
            Node("worker-ports.cjs", &[]),
            BASIC,
            OTHER_WIRE,
            false,
        ),
        with(
            "iceoryx2-json",
            "iceoryx2 0.10, requests and events, the same JSON",
            TRIPS,
            ONE_ANSWER,
            &[],
        ),
        with("iceoryx2-native", "the same, plain bytes", TRIPS, ONE_ANSWER, &[]),
        with("iceoryx2-spin-native", "the same, both sides spin", TRIPS, ONE_ANSWER, &[]),
        with("nng-json", "nng 1.4, a pair of sockets, the same JSON", BASIC, OTHER_WIRE, &[CMAKE]),
        with("nng-native", "the same, plain bytes", BASIC, OTHER_WIRE, &[CMAKE]),
        peer("shm-json", "a ring in shared memory by hand, both sides spin, the same JSON"),
        peer("shm-native", "the same, plain bytes"),
        with("zbus", "zbus 6.2, D-Bus without a bus, over a Unix socket", ZBUS, ONE_ANSWER, &[]),
        codec("codec", "ipc-codec with ipc-compat's format", CODEC),
        codec("codec-node-ipc", "the codec of the crate node-ipc 14.0.0", NO_SCAN),
    ]
}

/// How much slower than the fastest the slow ones are, about.
const PARTS: &[(&str, u64)] = &[
    ("node-ipc", 2),
    ("npm-14", 4),
    ("npm-9", 16),
    ("node-send", 4),
    ("length-json", 2),
    ("zeromq-json", 4),
    ("zeromq-native", 4),
    ("ipc-channel-json", 4),
    ("ipc-channel-native", 4),
    ("tarpc-json", 8),
    ("tarpc-native", 4),
    ("busrt-json", 4),
    ("busrt-native", 4),
    ("jsonrpsee", 8),
    ("remoc", 4),
    ("nats", 8),
    ("npm-14-calls", 8),
    ("npm-9-calls", 16),
    ("ours-call>npm-14-calls", 4),
    ("npm-14-calls>ours-call", 4),
    ("npm-9-requests", 16),
    ("net-ipc", 8),
    ("nats-subject", 8),
    ("socketioxide", 4),
    ("node-tls", 4),
    ("node-worker", 4),
    ("nng-json", 4),
    ("nng-native", 4),
    ("zbus", 16),
];
