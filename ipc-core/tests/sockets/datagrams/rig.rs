//! A server on a free port, and somebody who is only a socket.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use ipc_core::{Server, ServerBuilder};
use ipc_transport::{Endpoint, Transport, UdpTransport};

use crate::support::{Lines, Log, soon};

/// A server that answers each `say` with an `echo`.
pub(crate) struct Rig {
    pub(crate) server: Server<Lines>,
    pub(crate) log: Log,
    pub(crate) address: SocketAddr,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(udp(), |builder| builder).await
    }

    pub(crate) async fn with(
        transport: impl Transport,
        settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
    ) -> Self {
        let server = settings(Server::builder(Lines, transport)).build();
        server.on("say", |text: String, peer| {
            // What cannot be sent is told elsewhere.
            let _ = peer.emit("echo", text.as_str());
        });
        let log = Log::of_server(&server);
        let address = address(&soon(server.listen()).await.unwrap());
        Self { server, log, address }
    }
}

pub(crate) fn udp() -> UdpTransport {
    UdpTransport::udp4("127.0.0.1", 0)
}

pub(crate) fn address(endpoint: &Endpoint) -> SocketAddr {
    let text = endpoint.to_string();
    text.split_once(':').unwrap().1.parse().unwrap()
}

/// Somebody who is only a socket.
pub(crate) struct Somebody(pub(crate) UdpSocket);

impl Somebody {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>, to: SocketAddr) {
        self.0.send_to(bytes.as_ref(), to).unwrap();
    }

    /// Returns the next datagram and where it came from, without keeping the runtime waiting.
    pub(crate) async fn hear(&self) -> (String, SocketAddr) {
        let socket = self.0.try_clone().unwrap();
        let heard = tokio::task::spawn_blocking(move || {
            let mut room = vec![0; 65_536];
            let (length, from) = socket.recv_from(&mut room).unwrap();
            room.truncate(length);
            (String::from_utf8(room).unwrap(), from)
        });
        heard.await.unwrap()
    }

    /// Returns whether nothing has come.
    pub(crate) fn heard_nothing(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let heard = self.0.recv_from(&mut [0; 16]);
        self.0.set_nonblocking(false).unwrap();
        heard.is_err()
    }
}
