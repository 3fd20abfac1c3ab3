//! A server that is there and does not keep up, so that a client waits for a place.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixStream;
use std::time::Duration;

use ipc_core::Client;
use ipc_core::session::ReconnectPolicy;
use ipc_transport::{Listener, Transport, UnixTransport};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::support::{Lines, Log, Raw, soon};

/// Returns a listener whose backlog is full, and who fills it: a backlog of 0 has room for one.
async fn full(dir: &TempDir) -> (UnixTransport, Box<dyn Listener>, UnixStream) {
    let transport = UnixTransport::new(dir.path().join("socket")).with_backlog(0);
    let listener = transport.listen().await.unwrap();
    let first = UnixStream::connect(transport.path()).unwrap();
    (transport, listener, first)
}

fn on_both_runtimes(test: impl AsyncFn()) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test());
}

#[test]
fn a_busy_server_is_told_from_one_that_is_not_there() {
    on_both_runtimes(async || {
        let dir = TempDir::new().unwrap();
        let (transport, _listener, _first) = full(&dir).await;
        let client = Client::builder(Lines, transport)
            .reconnect(ReconnectPolicy::never())
            .connect_timeout(Duration::from_millis(50))
            .build();
        let log = Log::of_client(&client);
        client.start().unwrap();
        log.until("destroy").await;
        assert_eq!(log.lines(), ["error busy", "disconnect busy", "destroy"]);
    });
}

#[test]
fn a_place_that_gets_free_is_taken() {
    on_both_runtimes(async || {
        let dir = TempDir::new().unwrap();
        let (transport, mut listener, _first) = full(&dir).await;
        let client = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
        client.start().unwrap();
        client.send("say", "it waited").await.unwrap();
        let _first = Raw::accept(&mut listener).await;
        let mut second = Raw::accept(&mut listener).await;
        assert_eq!(soon(second.line()).await, "say it waited");
        client.disconnect().await;
    });
}
