//! Sockets of a test's own, threads that serve them, and events as text.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ipc_core::blocking::{Client, ClientBuilder, Connection, Incoming, Server};
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{ClientEvent, DisconnectReason};
use ipc_transport::{Endpoint, TcpTransport, UnixTransport};
use tempfile::TempDir;
use tokio::runtime::{EnterGuard, Runtime};

use crate::lines::Lines;

/// A place for sockets that no other test has.
#[derive(Debug)]
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("s")
    }

    pub(crate) fn unix(&self) -> UnixTransport {
        UnixTransport::new(self.path())
    }

    pub(crate) fn listen(&self) -> Server<Lines> {
        Server::builder(Lines, self.unix()).unwrap().listen().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder<Lines> {
        Client::builder(Lines, self.unix()).unwrap().reconnect(ReconnectPolicy::never())
    }

    /// Returns both ends of a connection.
    pub(crate) fn pair(&self) -> (Client<Lines>, Connection<Lines>) {
        let mut server = self.listen();
        let mut client = self.builder().build();
        client.connected().unwrap();
        let connection = server.accept().unwrap();
        assert_eq!(next(&mut client), "connect");
        (client, connection)
    }
}

/// A clock that stands still until the test moves it: nothing that this thread does takes time.
pub(crate) struct Clock(Runtime);

impl Clock {
    pub(crate) fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        Self(builder.enable_time().start_paused(true).build().unwrap())
    }

    /// Makes it the clock of this thread.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.0.enter()
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.0.block_on(tokio::time::advance(time));
    }
}

/// Returns a server on a TCP port of its own, and a client of it.
pub(crate) fn tcp() -> (Server<Lines>, Client<Lines>) {
    let server = Server::builder(Lines, TcpTransport::new("127.0.0.1", 0)).unwrap();
    let server = server.listen().unwrap();
    let Endpoint::Tcp { host, port } = server.endpoint() else { panic!("no TCP endpoint") };
    (server, Client::builder(Lines, TcpTransport::new(host, port)).unwrap().build())
}

/// Returns the policy that tries this often with pauses of 1 ms.
pub(crate) fn times(times: u32) -> ReconnectPolicy {
    ReconnectPolicy::times(times, Backoff::fixed(Duration::from_millis(1)))
}

/// Sends every message back until the peer goes, and returns how it went.
pub(crate) fn echo(mut connection: Connection<Lines>) -> JoinHandle<String> {
    thread::spawn(move || {
        loop {
            match connection.next().unwrap() {
                Incoming::Message(message) => {
                    let text: String = connection.decode(&message).unwrap();
                    connection.emit(message.event(), text.as_str()).unwrap();
                }
                other => return text(&other),
            }
        }
    })
}

pub(crate) fn next(client: &mut Client<Lines>) -> String {
    client.next_timeout(DEADLINE).map_or_else(|error| error.to_string(), |event| text(&event))
}

pub(crate) fn heard(connection: &mut Connection<Lines>) -> String {
    connection.next_timeout(DEADLINE).map_or_else(|error| error.to_string(), |event| text(&event))
}

/// Returns what has happened already.
pub(crate) fn happened(client: &mut Client<Lines>) -> String {
    client.next_timeout(Duration::ZERO).map_or_else(|error| error.to_string(), |event| text(&event))
}

fn text(event: &Incoming) -> String {
    match event {
        Incoming::Message(message) => {
            let payload = String::from_utf8_lossy(message.payload().unwrap_or_default());
            format!("{} {payload}", message.event())
        }
        Incoming::Lifecycle(ClientEvent::Connect) => "connect".into(),
        Incoming::Lifecycle(ClientEvent::Destroy) => "destroy".into(),
        Incoming::Lifecycle(ClientEvent::Error(error)) => format!("error {}", error.code()),
        Incoming::Lifecycle(ClientEvent::Disconnect(reason)) => match reason {
            DisconnectReason::Error(error) => format!("disconnect {}", error.code()),
            other => format!("disconnect {other:?}"),
        },
        other => format!("{other:?}"),
    }
}

/// Ends a test that would hang; nothing waits for it otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
