//! A client and a server that call each other.

use std::fmt::Display;
use std::future::{Future, IntoFuture, poll_fn};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{
    CallError, Client, ClientBuilder, ClientEvent, MsgPack, Server, ServerBuilder, ServerEvent,
};
use ipc_transport::{Listener, MemoryTransport, Transport};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::raw::RawPeer;

/// A server and a client of it.
pub(crate) struct Pair {
    pub(crate) server: Server<MsgPack>,
    pub(crate) client: Client<MsgPack>,
}

/// Returns a server that listens and a client of it that is not started.
pub(crate) async fn pair() -> Pair {
    pair_with(|client| client, |server| server).await
}

/// Returns the same with other options.
pub(crate) async fn pair_with(
    client: impl FnOnce(ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack>,
    server: impl FnOnce(ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack>,
) -> Pair {
    let transport = transport();
    let server = server(Server::builder(MsgPack::new(), transport.clone())).build();
    server.listen().await.unwrap();
    let client = client(Client::builder(MsgPack::new(), transport)).build();
    Pair { server, client }
}

/// Returns a transport of its own.
pub(crate) fn transport() -> MemoryTransport {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    MemoryTransport::new(format!("calls-{number}"))
}

/// Returns one that holds only so many bytes on their way.
pub(crate) fn narrow(bytes: usize) -> MemoryTransport {
    transport().with_capacity(NonZeroUsize::new(bytes).unwrap())
}

/// Returns a client that is connected to a raw server, which listens on.
pub(crate) async fn raw_server(
    transport: &MemoryTransport,
    settings: impl FnOnce(ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack>,
) -> (Client<MsgPack>, RawPeer, Box<dyn Listener>) {
    let mut listener = transport.listen().await.unwrap();
    let client = settings(client(transport)).build();
    client.start().unwrap();
    let peer = RawPeer::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    (client, peer, listener)
}

/// Returns the builder of a client that tries again every 10 ms.
pub(crate) fn client(transport: &MemoryTransport) -> ClientBuilder<MsgPack> {
    let pause = Backoff::fixed(Duration::from_millis(10));
    Client::builder(MsgPack::new(), transport.clone()).reconnect(ReconnectPolicy::forever(pause))
}

/// Returns a server that listens, and a raw client of it.
pub(crate) async fn raw_client(
    settings: impl FnOnce(ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack>,
) -> (Server<MsgPack>, RawPeer, MemoryTransport) {
    let transport = transport();
    let server = settings(Server::builder(MsgPack::new(), transport.clone())).build();
    server.listen().await.unwrap();
    let peer = RawPeer::dial(&transport).await;
    (server, peer, transport)
}

/// Waits for what has to come.
#[track_caller]
pub(crate) fn soon<F: IntoFuture>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    let future = future.into_future();
    async move {
        let within = tokio::time::timeout(Duration::from_secs(600), future).await;
        within.unwrap_or_else(|_| panic!("waited in vain at {caller}"))
    }
}

/// Returns a call that has been polled once: it waits, or is queued or written.
pub(crate) async fn open<C>(calling: C) -> C::IntoFuture
where
    C: IntoFuture<Output = Result<u64, CallError>>,
    C::IntoFuture: Unpin,
{
    let mut open = calling.into_future();
    poll_fn(|cx| {
        assert!(Pin::new(&mut open).poll(cx).is_pending(), "the call ended at once");
        Poll::Ready(())
    })
    .await;
    open
}

/// Makes a call in a task of its own.
pub(crate) fn asking(
    client: &Client<MsgPack>,
    method: &'static str,
    within: Duration,
) -> JoinHandle<Result<u64, CallError>> {
    let client = client.clone();
    tokio::spawn(async move { client.call(method, &1).within(within).await })
}

/// What happened, a line each.
#[derive(Clone)]
pub(crate) struct Notes(Arc<watch::Sender<Vec<String>>>);

impl Notes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    /// Returns notes of the errors of a server.
    pub(crate) fn of_server(server: &Server<MsgPack>) -> Self {
        let notes = Self::new();
        let other = notes.clone();
        server.on_lifecycle(move |event| {
            if let ServerEvent::Error { error, .. } = event {
                other.note(chain(error));
            }
        });
        notes
    }

    /// Returns notes of the errors of a client.
    pub(crate) fn of_client(client: &Client<MsgPack>) -> Self {
        let notes = Self::new();
        let other = notes.clone();
        client.on_lifecycle(move |event| {
            if let ClientEvent::Error(error) = event {
                other.note(chain(error));
            }
        });
        notes
    }

    pub(crate) fn note(&self, line: impl Display) {
        self.0.send_modify(|lines| lines.push(line.to_string()));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// Waits until a line is there.
    #[track_caller]
    pub(crate) fn until(&self, line: &'static str) -> impl Future<Output = ()> {
        let mut lines = self.0.subscribe();
        soon(async move {
            let _ = lines.wait_for(|lines| lines.iter().any(|other| other == line)).await;
        })
    }

    /// Waits until a line is there so many times.
    #[track_caller]
    pub(crate) fn until_times(&self, line: &'static str, times: usize) -> impl Future<Output = ()> {
        let mut lines = self.0.subscribe();
        let count = move |lines: &Vec<String>| lines.iter().filter(|other| *other == line).count();
        soon(async move {
            let _ = lines.wait_for(|lines| count(lines) >= times).await;
        })
    }

    /// Waits until there are so many lines.
    #[track_caller]
    pub(crate) fn until_len(&self, len: usize) -> impl Future<Output = ()> {
        let mut lines = self.0.subscribe();
        soon(async move {
            let _ = lines.wait_for(|lines| lines.len() >= len).await;
        })
    }

    /// Returns a guard that leaves this line when it is dropped.
    pub(crate) fn guard(&self, line: &'static str) -> Guard {
        Guard(self.clone(), line)
    }
}

/// Leaves a line when it is dropped.
pub(crate) struct Guard(Notes, &'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// Returns the messages of an error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Makes a call without arguments in a task of its own.
pub(crate) fn asking_unit(
    client: &Client<MsgPack>,
    method: &'static str,
) -> JoinHandle<Result<u64, CallError>> {
    let client = client.clone();
    tokio::spawn(async move { client.call(method, &()).await })
}
