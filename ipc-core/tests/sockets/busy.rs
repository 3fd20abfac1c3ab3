//! A server that is there and does not keep up, so that a client waits for a place.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixStream;
use std::time::Duration;

use ipc_core::Client;
use ipc_core::session::ReconnectPolicy;
use ipc_transport::{Listener, Transport, UnixTransport};
use tempfile::TempDir;

use crate::support::{Lines, Log, Raw, soon};

/// Returns a listener whose backlog is full, and who fills it: a backlog of 0 has room for one.
async fn full(dir: &TempDir) -> (UnixTransport, Box<dyn Listener>, UnixStream) {
    let transport = UnixTransport::new(dir.path().join("socket")).with_backlog(0);
    let listener = transport.listen().await.unwrap();
    let first = UnixStream::connect(transport.path()).unwrap();
    (transport, listener, first)
}

both_runtimes!(a_busy_server_is_told_from_one_that_is_not_there);
async fn a_busy_server_is_told_from_one_that_is_not_there() {
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
}

both_runtimes!(a_place_that_gets_free_is_taken);
async fn a_place_that_gets_free_is_taken() {
    let dir = TempDir::new().unwrap();
    let (transport, mut listener, _first) = full(&dir).await;
    let client = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
    client.start().unwrap();
    client.send("say", "it waited").await.unwrap();
    let _first = Raw::accept(&mut listener).await;
    let mut second = Raw::accept(&mut listener).await;
    assert_eq!(soon(second.line()).await, "say it waited");
    client.disconnect().await;
}
