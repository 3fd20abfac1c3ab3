//! Both drivers against each other over both kinds of socket, and a peer that is a bare socket.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use bytes::Bytes;
use ipc_core::blocking::{
    Client, ClientBuilder, Connection, Incoming, IncomingCall, Server, ServerBuilder,
};
use ipc_core::protocol::calls::{CallFormat, CallNumber, Control};
use ipc_core::session::ReconnectPolicy;
use ipc_core::{ClientEvent, Message, MessageFormat, MsgPack};
use ipc_transport::{Endpoint, TcpTransport, UnixTransport};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Makes two tests of each function that is named, over Unix sockets and over TCP.
macro_rules! both_sockets {
    ($($test:ident),+ $(,)?) => {
        $(
            mod $test {
                #[test]
                fn unix() {
                    super::$test(&crate::calls::rig::Sockets::unix());
                }

                #[test]
                fn tcp() {
                    super::$test(&crate::calls::rig::Sockets::Tcp);
                }
            }
        )+
    };
}
pub(super) use both_sockets;

/// A kind of socket.
pub(super) enum Sockets {
    Unix(TempDir),
    Tcp,
}

/// An async server, and the runtime that it runs on.
pub(super) struct AsyncServer {
    runtime: Runtime,
    pub(super) server: ipc_core::Server<MsgPack>,
    endpoint: Endpoint,
}

impl Sockets {
    pub(super) fn unix() -> Self {
        Self::Unix(tempfile::tempdir().unwrap())
    }

    /// Returns the same kind of socket at another place.
    pub(super) fn another(&self) -> Self {
        match self {
            Self::Unix(_) => Self::unix(),
            Self::Tcp => Self::Tcp,
        }
    }

    /// Starts an async server.
    pub(super) fn serve(&self) -> AsyncServer {
        self.serve_with(|builder| builder)
    }

    pub(super) fn serve_with(
        &self,
        change: impl FnOnce(ipc_core::ServerBuilder<MsgPack>) -> ipc_core::ServerBuilder<MsgPack>,
    ) -> AsyncServer {
        let runtime = runtime();
        let server = match self {
            Self::Unix(directory) => {
                let transport = UnixTransport::new(directory.path().join("s"));
                ipc_core::Server::builder(MsgPack::new(), transport)
            }
            Self::Tcp => {
                let transport = TcpTransport::new("127.0.0.1", 0);
                ipc_core::Server::builder(MsgPack::new(), transport)
            }
        };
        let server = change(server).build();
        runtime.block_on(server.listen()).unwrap();
        let endpoint = server.endpoint().unwrap();
        AsyncServer { runtime, server, endpoint }
    }

    /// Starts a blocking server.
    pub(super) fn accept(&self) -> Server<MsgPack> {
        self.accept_with(|builder| builder)
    }

    pub(super) fn accept_with(
        &self,
        change: impl FnOnce(ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack>,
    ) -> Server<MsgPack> {
        change(self.builder()).listen().unwrap()
    }

    /// Returns the builder of a blocking server.
    pub(super) fn builder(&self) -> ServerBuilder<MsgPack> {
        let builder = match self {
            Self::Unix(directory) => {
                Server::builder(MsgPack::new(), UnixTransport::new(directory.path().join("s")))
            }
            Self::Tcp => Server::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", 0)),
        };
        builder.unwrap()
    }
}

impl AsyncServer {
    /// Returns the builder of a blocking client of it.
    pub(super) fn builder(&self) -> ClientBuilder<MsgPack> {
        Client::builder(MsgPack::new(), self.endpoint.transport().unwrap()).unwrap()
    }

    /// Returns a blocking client of it that is connected.
    pub(super) fn client(&self) -> Client<MsgPack> {
        self.client_with(|builder| builder)
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(super) fn client_with(
        &self,
        change: impl FnOnce(ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack>,
    ) -> Client<MsgPack> {
        let mut client = change(self.builder().reconnect(ReconnectPolicy::never())).build();
        client.connected().unwrap();
        assert_eq!(heard(&mut client), "connect");
        client
    }
}

/// Returns an async client of this server that answers, and the runtime that it runs on.
pub(super) fn async_client(endpoint: &Endpoint) -> (Runtime, ipc_core::Client<MsgPack>) {
    let runtime = runtime();
    let transport = endpoint.transport().unwrap();
    let client = {
        let _within = runtime.enter();
        ipc_core::Client::builder(MsgPack::new(), transport).build()
    };
    (runtime, client)
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// A place for one Unix socket.
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn listener(&self) -> UnixListener {
        UnixListener::bind(self.0.path().join("s")).unwrap()
    }

    pub(super) fn transport(&self) -> UnixTransport {
        UnixTransport::new(self.0.path().join("s"))
    }

    pub(super) fn builder(&self) -> ClientBuilder<MsgPack> {
        let builder = Client::builder(MsgPack::new(), self.transport()).unwrap();
        builder.reconnect(ReconnectPolicy::never())
    }

    /// Returns a client that is connected, and the bare socket of its server.
    pub(super) fn bare_server(
        &self,
        change: impl FnOnce(ClientBuilder<MsgPack>) -> ClientBuilder<MsgPack>,
    ) -> (Client<MsgPack>, Bare) {
        let listener = self.listener();
        let mut client = change(self.builder()).build();
        client.connected().unwrap();
        assert_eq!(heard(&mut client), "connect");
        (client, Bare::accept(&listener))
    }

    /// Returns a server's connection, and the bare socket of its client.
    pub(super) fn bare_client(&self, calls: ipc_core::CallOptions) -> (Connection<MsgPack>, Bare) {
        self.bare_client_with(calls, |builder| builder)
    }

    pub(super) fn bare_client_with(
        &self,
        calls: ipc_core::CallOptions,
        change: impl FnOnce(ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack>,
    ) -> (Connection<MsgPack>, Bare) {
        let builder = Server::builder(MsgPack::new(), self.transport()).unwrap().calls(calls);
        let mut server = change(builder).listen().unwrap();
        let bare = Bare::new(UnixStream::connect(self.0.path().join("s")).unwrap());
        (server.accept().unwrap(), bare)
    }
}

/// A bare socket whose frames are MessagePack.
pub(super) struct Bare(UnixStream);

impl Bare {
    pub(super) fn new(socket: UnixStream) -> Self {
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    pub(super) fn accept(listener: &UnixListener) -> Self {
        Self::new(listener.accept().unwrap().0)
    }

    pub(super) fn into_socket(self) -> UnixStream {
        self.0
    }

    /// Sends frames.
    pub(super) fn send(&mut self, frames: &[&[u8]]) {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(frame);
        }
        self.0.write_all(&bytes).unwrap();
    }

    /// Returns what the next frame says.
    pub(super) fn heard(&mut self) -> String {
        let frame = self.frame();
        let message = MsgPack::new().decode(frame).unwrap();
        match MsgPack::new().control(&message) {
            Some(control) => of_control(control.unwrap()),
            None => of_message(&message),
        }
    }

    pub(super) fn frame(&mut self) -> Bytes {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut frame).unwrap();
        frame.into()
    }

    pub(super) fn read_some(&mut self, bytes: usize) {
        self.0.read_exact(&mut vec![0; bytes]).unwrap();
    }

    /// Ends its side, so that a close of the other one does not wait for it.
    pub(super) fn end(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Returns whether the other side has ended its own, with nothing more sent.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }
}

fn of_control(control: Control) -> String {
    let named = |number: Option<CallNumber>| match number {
        Some(CallNumber::Integer(number)) => number.to_string(),
        Some(CallNumber::Text(text)) => format!("{text:?}"),
        None => "-".to_owned(),
        Some(other) => format!("{other:?}"),
    };
    match control {
        Control::Call { number, message, .. } => {
            format!("call {} {}", named(number), of_message(&message))
        }
        Control::Cancel(number) => format!("cancel {}", named(Some(number))),
        Control::Answer { number, more, result } => {
            let more = if more { " more" } else { "" };
            format!("answer {} {:?}{more}", named(Some(number)), result.payload().unwrap_or(b""))
        }
        Control::Failure { number, failure } => {
            format!("failure {} {}", named(Some(number)), failure.code)
        }
        other => format!("{other:?}"),
    }
}

fn of_message(message: &Message) -> String {
    format!("{} {:?}", message.event(), message.payload().unwrap_or(b""))
}

/// What a client and a server's connection have in common.
pub(super) trait Side {
    fn event(&mut self) -> Option<Incoming>;
}

impl Side for Client<MsgPack> {
    fn event(&mut self) -> Option<Incoming> {
        self.next_timeout(DEADLINE).ok()
    }
}

impl Side for Connection<MsgPack> {
    fn event(&mut self) -> Option<Incoming> {
        self.next_timeout(DEADLINE).ok()
    }
}

/// Returns the next event as text.
pub(super) fn heard(side: &mut impl Side) -> String {
    match side.event() {
        Some(Incoming::Message(message)) => of_message(&message),
        Some(Incoming::Call(call)) => format!("call {}", of_message(call.args())),
        Some(Incoming::Lifecycle(ClientEvent::Connect)) => "connect".into(),
        Some(Incoming::Lifecycle(ClientEvent::Destroy)) => "destroy".into(),
        Some(Incoming::Lifecycle(ClientEvent::Disconnect(_))) => "disconnect".into(),
        Some(Incoming::Lifecycle(ClientEvent::Greeted(_))) => "greeted".into(),
        Some(Incoming::Lifecycle(ClientEvent::Dismissed(bye))) => {
            format!("dismissed {}", bye.code)
        }
        Some(Incoming::Lifecycle(ClientEvent::Error(error))) => format!("error {}", error.code()),
        other => format!("{other:?}"),
    }
}

/// Returns the next event, which is a call.
#[track_caller]
pub(super) fn called(side: &mut impl Side) -> IncomingCall {
    match side.event() {
        Some(Incoming::Call(call)) => call,
        other => panic!("no call: {other:?}"),
    }
}

/// Ends a test that would hang; nothing waits for it otherwise.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// Enough for what should not come.
pub(super) const MOMENT: Duration = Duration::from_millis(20);
