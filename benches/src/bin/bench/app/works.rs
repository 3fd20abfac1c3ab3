//! Which workloads, or cases of them, the subjects take part in, what they need, and why they are not in others.

use super::subjects::Need;

pub(super) const BASIC: &[&str] = &["W1", "W2", "W3"];
pub(super) const CORE: &[&str] = &["W1", "W2", "W3", "W4", "W6"];
pub(super) const LIMIT: &[&str] = &["W1", "W2", "W3", "W4", "W6", "W13", "W14"];
pub(super) const MULTI: &[&str] = &["W1", "W2", "W3", "W4", "W5 group", "W6", "W13", "W15"];
pub(super) const BLOCKING: &[&str] = &["W1", "W2", "W3", "W6"];
pub(super) const TRIPS: &[&str] = &["W1", "W2"];
pub(super) const ALONE: &[&str] = &["W1"];
pub(super) const PACED: &[&str] = &["W4"];
pub(super) const NPM: &[&str] = &[
    "W1",
    "W2",
    "W3",
    "W4",
    // A group it does not have.
    "W5 1 receiver",
    "W5 8 receivers",
    "W5 64 receivers",
    "W5 1,000 receivers",
    "W6",
    "W7",
    "W8",
    "W9",
];
/// For a group it has a set of sockets.
pub(super) const NPM_14: &[&str] = &["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W15"];
pub(super) const GROUPS: &[&str] = &["W5 group"];
pub(super) const MIXED: &[&str] = &["W8"];
pub(super) const TARPC: &[&str] = &["W1", "W2", "W3", "W11"];
pub(super) const ZBUS: &[&str] = &["W1", "W2 Unix", "W11"];
pub(super) const CALLS: &[&str] = &["W11", "W12"];
pub(super) const ANSWERS: &[&str] = &["W11"];
pub(super) const ONE: &[&str] = &["W11 1 in flight"];
pub(super) const ALL: &[&str] =
    &["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W11", "W12", "W13", "W14", "W15"];
pub(super) const CODEC: &[&str] = &["W10"];
pub(super) const NO_SCAN: &[&str] = &["W10 decode", "W10 encode"];

pub(super) const V9: &[Need] = &[NODE_IPC_9];
pub(super) const V14: &[Need] = &[Need { name: "node-ipc-14", variable: "NODE_IPC_DIR" }];
pub(super) const NODE_IPC_9: Need = Need { name: "node-ipc-9", variable: "NODE_IPC_DIR" };
pub(super) const REQUESTS: &[Need] =
    &[NODE_IPC_9, Need { name: "node-ipc-requests", variable: "NODE_IPC_REQUESTS_DIR" }];
pub(super) const NET_IPC: &[Need] = &[Need { name: "net-ipc", variable: "NET_IPC_DIR" }];
pub(super) const NATS: Need = Need { name: "nats-server", variable: "NATS_SERVER" };
/// Where it is, nng is built.
pub(super) const CMAKE: Need = Need { name: "cmake", variable: "BENCH_CMAKE" };

pub(super) const SAME: &str = "as `ours`";
pub(super) const SPINS: &str = "for one message at a time";
pub(super) const OTHER_WIRE: &str = "another wire: in W1 to W3 only";
pub(super) const ONE_ANSWER: &str = "calls of one answer only";
pub(super) const ONLY_HERE: &str = "it is for other workloads";
pub(super) const SLOW: &str = "its server ends the connection of a slow reader";
pub(super) const SERVER: &str = "server.cjs";
pub(super) const CLIENT: &str = "client.cjs";
pub(super) const CALL_SERVER: &str = "call-server.cjs helper";
pub(super) const CALL_CLIENT: &str = "call-client.cjs helper";
