//! The option of a config that is about calls without a connection, by what comes of it.

use std::time::Duration;

use ipc_compat::{Config, Ipc, Retries, blocking};
use ipc_core::{CallError, CallOptions, Client, Sent};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::{ROADS, Road};

/// Calls a method of a server that is not there, and returns the error.
fn call(road: Road, calls: CallOptions) -> CallError {
    let directory = TempDir::new().unwrap();
    let mut config = Config::classic();
    config.socket_root = directory.path().join("");
    config.max_retries = Retries::Forever;
    config.calls = calls;
    let ipc = Ipc::new(config.clone());
    let client = match road {
        Road::Blocking => {
            let mut client = blocking::IpcClient::connect_to(&config, "world").unwrap();
            return client.call::<_, u64>("sum", &1).unwrap_err();
        }
        Road::Ipc => ipc.connect_to("world").unwrap().core().clone(),
        Road::Core => {
            let transport = ipc.transport_to("world").unwrap();
            let options = config.client_options().unwrap();
            Client::builder(config.format().unwrap(), transport).options(options).build()
        }
    };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { client.call::<_, u64>("sum", &1).await.unwrap_err() })
}

/// Without the option it would wait for a server until its deadline, which comes at once here.
#[test]
fn a_call_without_a_connection_fails_at_once_if_the_config_says_so() {
    for road in ROADS {
        let error = call(road, CallOptions::default().deadline(Duration::ZERO));
        assert!(matches!(error, CallError::Deadline { .. }), "{error:?} by {road:?}");
        let error = call(road, CallOptions::default().fail_when_disconnected(true));
        let unsent = matches!(error, CallError::Disconnected { sent: Sent::No });
        assert!(unsent, "{error:?} by {road:?}");
    }
}
