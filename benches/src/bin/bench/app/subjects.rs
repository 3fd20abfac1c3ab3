//! The subjects: what is measured, and what each can do.

use ipc_benches::Task;

use super::cases::Case;

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
}

/// What is started.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program {
    /// A kind of the program `subject`.
    Own(&'static str),
    /// A kind of the program `peers`.
    Peers(&'static str),
    /// A script, with node-ipc 9.
    Node9(&'static str),
    /// A script, with node-ipc 14.
    Node14(&'static str),
    /// A script, without node-ipc.
    Node(&'static str),
    /// The client that a case brings.
    Common,
    /// Nothing: the client starts it, or does without.
    None,
}

impl Subject {
    /// Returns whether it takes part in this case.
    pub(super) fn does(&self, case: &Case) -> bool {
        self.works.iter().any(|name| case.is(name)) && (self.tcp || !case.tcp)
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
    use Program::{Node, Node9, Node14, None, Own, Peers};
    let own = |name, about, works, others| Subject {
        name,
        about,
        server: Own(name),
        client: Own(name),
        works,
        others,
        tcp: true,
    };
    let pair = |name, about, server, client, works, others, tcp| Subject {
        name,
        about,
        server,
        client,
        works,
        others,
        tcp,
    };
    let codec = |name, about, works| pair(name, about, None, Own(name), works, "", false);
    let peer = |name, about| pair(name, about, Peers(name), Peers(name), BASIC, OTHER_WIRE, false);
    vec![
        own("raw", "the same bytes back, blocking, no protocol", BASIC, "no protocol"),
        own(
            "limit",
            "the same wire format by hand, blocking, batched, JSON with `serde_json`",
            CORE,
            "it is written by hand for the others only",
        ),
        own(
            "limit-bytes",
            "`limit` without reading JSON: as bytes that are known",
            BASIC,
            "as `limit`",
        ),
        own("ours", "typed handlers, tokio `current_thread`", ALL, ""),
        own("ours-multi", "`ours` on two threads of `multi_thread`", CORE, SAME),
        own("ours-await", "`ours`, the client awaits each answer", TRIPS, SAME),
        own("ours-json", "`ours`, the server passes the payload on", TRIPS, SAME),
        own(
            "ours-blocking",
            "the blocking driver, a thread for each connection; one way `FlushPolicy::Within(1 ms)`",
            BLOCKING,
            "one thread",
        ),
        own("ours-msgpack", "`ours` in MessagePack instead of JSON", BLOCKING, SAME),
        own("ours-immediate", "`ours`, `FlushPolicy::Immediate`", PACED, SAME),
        own("ours-within", "`ours`, `FlushPolicy::Within(1 ms)`", PACED, SAME),
        own(
            "node-ipc",
            "the crate node-ipc 14.0.0, blocking, `fast`",
            CORE,
            "its API has nothing for it",
        ),
        pair("npm-14", "npm's node-ipc 14.0.0", Node14(SERVER), Node14(CLIENT), NPM, "", true),
        pair("npm-9", "npm's node-ipc 9.2.1", Node9(SERVER), Node9(CLIENT), NPM, "", true),
        pair(
            "ours>npm-14",
            "server `ours`, client `npm-14`",
            Own("ours"),
            Node14(CLIENT),
            MIXED,
            "",
            false,
        ),
        pair(
            "npm-14>ours",
            "server `npm-14`, client `ours`",
            Node14(SERVER),
            Own("ours"),
            MIXED,
            "",
            false,
        ),
        pair(
            "node-send",
            "Node's own `process.send`",
            None,
            Node("process-send.cjs"),
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
        peer("tarpc-json", "tarpc 0.38, its JSON"),
        peer("tarpc-native", "tarpc 0.38, bincode"),
        peer("busrt-json", "busrt 0.5 through its broker, the same JSON"),
        peer("busrt-native", "busrt 0.5 through its broker, plain bytes"),
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
];

const BASIC: &[&str] = &["W1", "W2", "W3"];
const CORE: &[&str] = &["W1", "W2", "W3", "W4", "W6"];
const BLOCKING: &[&str] = &["W1", "W2", "W3", "W6"];
const TRIPS: &[&str] = &["W1", "W2"];
const PACED: &[&str] = &["W4"];
const NPM: &[&str] = &["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"];
const MIXED: &[&str] = &["W8"];
const ALL: &[&str] = &["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"];
const CODEC: &[&str] = &["W10"];
const NO_SCAN: &[&str] = &["W10 decode", "W10 encode"];

const SAME: &str = "as `ours`";
const OTHER_WIRE: &str = "another wire: in W1 to W3 only";
const SERVER: &str = "server.cjs";
const CLIENT: &str = "client.cjs";
