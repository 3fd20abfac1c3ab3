//! A server at a fresh path or port.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, Server, ServerBuilder};
use ipc_transport::{
    Endpoint, TcpTransport, TlsClient, TlsServer, TlsTransport, Transport, UnixTransport,
};
use tempfile::TempDir;

use crate::certificates::{Authority, Identity};
use crate::support::{Lines, Log, soon};

/// The kinds of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    Tcp,
    Tls,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Unix, Kind::Tcp, Kind::Tls];

/// A server that listens, and the way to it.
pub(crate) struct Rig {
    pub(crate) server: Server<Lines>,
    pub(crate) log: Log,
    trust: Trust,
    _dir: TempDir,
}

/// What TLS needs: both sides have certificates and want to see the other's.
pub(crate) struct Trust {
    pub(crate) ca: Authority,
    server: Identity,
    client: Identity,
}

impl Trust {
    fn new() -> Self {
        let ca = Authority::new("ca");
        let (server, client) = (ca.issue(&["127.0.0.1"]), ca.issue(&["client.example"]));
        Self { ca, server, client }
    }

    /// Returns a transport that serves and dials.
    pub(crate) fn transport(&self, port: u16) -> TlsTransport {
        let client = TlsClient::builder()
            .trust(self.ca.pem())
            .identity(self.client.chain(), self.client.key());
        let server =
            TlsServer::builder(self.server.chain(), self.server.key()).client_ca(self.ca.pem());
        TlsTransport::new("127.0.0.1", port)
            .with_client(client.build().unwrap())
            .with_server(server.build().unwrap())
    }
}

impl Rig {
    /// Returns a server that answers each `say` with an `echo`.
    pub(crate) async fn new(
        kind: Kind,
        settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
    ) -> Self {
        let (dir, trust) = (TempDir::new().unwrap(), Trust::new());
        let transport: Box<dyn Transport> = match kind {
            Kind::Unix => Box::new(UnixTransport::new(dir.path().join("socket"))),
            Kind::Tcp => Box::new(TcpTransport::new("127.0.0.1", 0)),
            Kind::Tls => Box::new(trust.transport(0)),
        };
        let server = settings(Server::builder(Lines, transport)).build();
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        Self { server, log, trust, _dir: dir }
    }

    pub(crate) fn transport(&self) -> Box<dyn Transport> {
        match self.server.endpoint().unwrap() {
            Endpoint::Tls { port, .. } => Box::new(self.trust.transport(port)),
            endpoint => endpoint.transport().unwrap(),
        }
    }

    /// Returns what TLS needs.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Returns a client that is connecting.
    pub(crate) fn client(&self) -> Client<Lines> {
        let never = ReconnectPolicy::never();
        let client = Client::builder(Lines, self.transport()).reconnect(never).build();
        client.start().unwrap();
        client
    }
}

/// Waits for what can be seen without a notification, such as the number of tasks: looks again and again, for
/// two minutes. The pauses leave the processor to what is waited for.
#[track_caller]
pub(crate) fn eventually(mut done: impl FnMut() -> bool) -> impl Future<Output = ()> {
    soon(async move {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
}
