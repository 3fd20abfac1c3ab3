//! Shortcuts for tests over memory with a paused clock.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, Message, Server};
use ipc_transport::MemoryTransport;

#[path = "../support/mod.rs"]
mod shared;

pub(crate) use shared::{Lines, Log, Raw, soon};

/// Returns a transport over memory under a name of its own.
pub(crate) fn memory() -> MemoryTransport {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    MemoryTransport::new(format!("core-test-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Returns the same with room for only this many bytes on their way.
pub(crate) fn narrow(bytes: usize) -> MemoryTransport {
    memory().with_capacity(NonZeroUsize::new(bytes).unwrap())
}

/// Returns a server that listens, and its log.
pub(crate) async fn server(transport: &MemoryTransport) -> (Server<Lines>, Log) {
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    (server, log)
}

/// Returns a client that is connecting, and its log. It never connects again.
pub(crate) fn client(transport: &MemoryTransport) -> (Client<Lines>, Log) {
    let client =
        Client::builder(Lines, transport.clone()).reconnect(ReconnectPolicy::never()).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    (client, log)
}

/// Returns the policy that tries this often with pauses of 100 ms.
pub(crate) fn times(times: u32) -> ReconnectPolicy {
    ReconnectPolicy::times(times, Backoff::fixed(Duration::from_millis(100)))
}

/// Returns messages as text.
pub(crate) fn texts(messages: &[Message]) -> Vec<String> {
    let payload = |message: &Message| message.payload().unwrap_or_default().to_vec();
    let text = |message: &Message| String::from_utf8(payload(message)).unwrap();
    messages.iter().map(|message| format!("{} {}", message.event(), text(message))).collect()
}
