//! Ends a client: by flushing with patience, or at once.

use std::time::Duration;

use ipc_compat::IpcClient;
use ipc_core::CloseReport;
use ipc_core::session::State;

/// Closes a client that has to end soon: it flushes only if it is connected.
pub(crate) async fn give_up(client: &IpcClient) -> CloseReport {
    let state = *client.core().state().borrow();
    match state {
        State::Connected | State::Draining => client.close().await,
        _ => client.core().disconnect().await,
    }
}

/// Waits until everything is written; `false` if the server read nothing for `patience`, or the
/// connection ended first.
pub(crate) async fn flush(client: &IpcClient, patience: Duration) -> bool {
    let client = client.core();
    let mut state = client.state();
    let written = async {
        loop {
            let before = client.peer().queued();
            if let Ok(written) = tokio::time::timeout(patience, client.flush()).await {
                return written;
            }
            if client.peer().queued() == before {
                return false;
            }
        }
    };
    let lost = |state: &State| !matches!(state, State::Connected | State::Dialing { .. });
    tokio::select! {
        written = written => written,
        _ = state.wait_for(lost) => false,
    }
}
