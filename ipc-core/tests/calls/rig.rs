//! A client and a server that call each other.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use ipc_core::{Client, MsgPack, Server};
use ipc_transport::MemoryTransport;

/// A server and a client of it.
pub(crate) struct Pair {
    pub(crate) server: Server<MsgPack>,
    pub(crate) client: Client<MsgPack>,
}

/// Returns a server that listens and a client of it that is not started.
pub(crate) async fn pair() -> Pair {
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone()).build();
    server.listen().await.unwrap();
    let client = Client::builder(MsgPack::new(), transport).build();
    Pair { server, client }
}

/// Returns a transport of its own.
pub(crate) fn transport() -> MemoryTransport {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    MemoryTransport::new(format!("calls-{number}"))
}

/// Waits for what has to come.
#[track_caller]
pub(crate) fn soon<F: IntoFuture>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    let future = future.into_future();
    async move {
        let within = tokio::time::timeout(Duration::from_secs(60), future).await;
        within.unwrap_or_else(|_| panic!("waited in vain at {caller}"))
    }
}
