//! Calls between programs of JavaScript: js/calls.cjs on both sides, over real node-ipc alone.

use ipc_compat::Dialect;

use crate::kit::Room;
use crate::program::nodes;

/// What the client's script tries, in this order.
pub(crate) const PARTS: [&str; 7] = [
    "answers",
    "errors",
    "ends of calls",
    "streams",
    "a thousand at a time",
    "notices",
    "the end of the peer",
];

both_runtimes!(programs_of_node_call_each_other_across_versions);
async fn programs_of_node_call_each_other_across_versions() {
    let nodes = nodes("programs_of_node_call_each_other_across_versions");
    for (server, client) in nodes.iter().flat_map(|server| nodes.iter().map(move |c| (server, c))) {
        let room = Room::new(Dialect::Classic);
        let mut world = server.script("calls_server.cjs", &room.root(), &[]);
        assert_eq!(world.line().await, "up");
        let mut asks = client.script("calls_client.cjs", &room.root(), &[]);
        for part in PARTS {
            assert_eq!(asks.line().await, format!("{part}: ok"), "{server:?} {client:?}");
        }
        assert!(asks.ended().await.status.success());
        // The last part makes the server exit in the middle of a call.
        assert_eq!(world.ended().await.status.code(), Some(7));
    }
}
