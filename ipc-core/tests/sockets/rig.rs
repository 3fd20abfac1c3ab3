//! A server at a fresh path or port.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, Server, ServerBuilder};
use ipc_transport::{TcpTransport, Transport, UnixTransport};
use tempfile::TempDir;

use crate::support::{Lines, Log, soon};

/// The kinds of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    Tcp,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Unix, Kind::Tcp];

/// A server that listens, and the way to it.
pub(crate) struct Rig {
    pub(crate) server: Server<Lines>,
    pub(crate) log: Log,
    _dir: TempDir,
}

impl Rig {
    /// Returns a server that answers each `say` with an `echo`.
    pub(crate) async fn new(
        kind: Kind,
        settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let transport: Box<dyn Transport> = match kind {
            Kind::Unix => Box::new(UnixTransport::new(dir.path().join("socket"))),
            Kind::Tcp => Box::new(TcpTransport::new("127.0.0.1", 0)),
        };
        let server = settings(Server::builder(Lines, transport)).build();
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        Self { server, log, _dir: dir }
    }

    pub(crate) fn transport(&self) -> Box<dyn Transport> {
        self.server.endpoint().unwrap().transport().unwrap()
    }

    /// Returns a client that is connecting.
    pub(crate) fn client(&self) -> Client<Lines> {
        let never = ReconnectPolicy::never();
        let client = Client::builder(Lines, self.transport()).reconnect(never).build();
        client.connect();
        client
    }
}

/// Waits for something that comes without being told of: looks again and again, for two minutes.
#[track_caller]
pub(crate) fn eventually(mut done: impl FnMut() -> bool) -> impl Future<Output = ()> {
    soon(async move {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
}
