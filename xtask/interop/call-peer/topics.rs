//! Topics: what a server publishes, and what a client subscribes to.

use ipc_compat::{IpcClient, IpcServer};
use serde_json::{Value, json};

use crate::print;

/// Publishes, and prints how many were sent it.
pub(crate) fn publish(server: &IpcServer, topic: &str, data: &Value) {
    print(&match server.publish(topic, data) {
        Ok(report) => json!({"event": "published", "key": topic, "sent": report.sent}),
        Err(error) => json!({"event": "failed", "key": topic, "code": error.code()}),
    });
}

/// Subscribes to the patterns of a list, and prints how that ended.
pub(crate) fn subscribe(client: &IpcClient, key: String, patterns: &Value) {
    let patterns = patterns.as_array().into_iter().flatten();
    let patterns: Vec<_> = patterns.filter_map(Value::as_str).map(str::to_owned).collect();
    let client = client.clone();
    tokio::spawn(async move {
        print(&match client.subscribe(&patterns).await {
            Ok(()) => json!({"event": "result", "key": key, "ok": client.subscriptions().len()}),
            Err(error) => json!({"event": "failed", "key": key, "code": error.code()}),
        });
    });
}
