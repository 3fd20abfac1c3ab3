//! Every recorded refusal of a setting or a transport by 14's profiles against ours.

use std::collections::BTreeMap;

use ipc_compat::{Arg, Config, ConfigError, Ipc, IpcError};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

/// What `testdata/assured.cjs` wrote.
#[derive(Debug, Deserialize)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    config: Value,
    call: String,
    args: Vec<Value>,
    #[serde(rename = "14.0.0")]
    node: String,
}

/// A reason to differ from node-ipc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// Half a millisecond is a time.
    TimesHaveFractions,
    /// A server with certificates to trust asks its clients for theirs, whatever `requestCert` says.
    TrustAsks,
}

// Tests W37 and W38
both_runtimes!(profiles_refuse_what_14_refuses);
async fn profiles_refuse_what_14_refuses() {
    let table: Table = serde_json::from_str(include_str!("../../testdata/assured.json")).unwrap();
    let mut found = BTreeMap::new();
    for row in &table.rows {
        let ours = outcome(row);
        if ours == row.node {
            continue;
        }
        let deviation = match (row.node.as_str(), &*ours) {
            ("TypeError", "passed") if row.config["messageTimeout"] == 1.5 => {
                Deviation::TimesHaveFractions
            }
            ("ERR_IPC_ASSURED_TLS", "passed") if row.config["tls"]["requestCert"] == false => {
                Deviation::TrustAsks
            }
            _ => panic!("ours is {ours}: {row:?}"),
        };
        *found.entry(deviation).or_insert(0) += 1;
    }
    let expected = [(Deviation::TimesHaveFractions, 1), (Deviation::TrustAsks, 1)];
    assert_eq!(found, expected.into(), "rows per deviation");
    assert!(table.rows.len() >= 60);
}

/// Returns the outcome of the call: a code, `TypeError` for invalid settings, or `passed`.
fn outcome(row: &Row) -> String {
    let place = TempDir::new().unwrap();
    let root = place.path().join("root").display().to_string();
    let here = |value: &Value| -> Value {
        serde_json::from_str(&value.to_string().replace("%root", &root)).unwrap()
    };
    let mut config = Config::v14();
    config.socket_root = format!("{root}/").into();
    config.id = "me".to_owned();
    config.network_port = 1;
    let made = config.apply_json(&here(&row.config)).map_err(IpcError::from).and_then(|()| {
        let args = || row.args.iter().map(|arg| Arg::from(here(arg))).collect::<Vec<_>>();
        let ipc = Ipc::new(config);
        let made = match row.call.as_str() {
            "serve" => ipc.serve(args()).map(drop),
            "serveNet" => ipc.serve_net(args()).map(drop),
            "connectTo" => ipc.connect_to(args()).map(drop),
            "connectToNet" => ipc.connect_to_net(args()).map(drop),
            other => panic!("no such call: {other}"),
        };
        let _ = ipc.disconnect("world");
        made
    });
    match made {
        Ok(()) => "passed".to_owned(),
        // How far a transport gets that the profile takes is not what is recorded.
        Err(IpcError::Unsupported { .. } | IpcError::Tls(_)) => "passed".to_owned(),
        Err(IpcError::Config(
            ConfigError::Value { .. } | ConfigError::Zero { .. } | ConfigError::Empty { .. },
        )) => "TypeError".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}
