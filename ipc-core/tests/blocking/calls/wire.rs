//! A peer that is a bare socket of either kind and speaks in frames: it calls and answers nothing by
//! itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use bytes::BytesMut;
use ipc_core::blocking::{Client, ClientBuilder};
use ipc_core::protocol::builtin::{BuiltinFormat, Value};
use ipc_core::protocol::calls::{CallFormat, CallHead, CallNumber, Control, Signal};
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{DecodePayload, EncodePayload, Failure, Message, MessageFormat, MsgPack};
use ipc_transport::{Endpoint, TcpTransport, UnixTransport};

use super::rig::{DEADLINE, MOMENT, Sockets};

const FORMAT: MsgPack = MsgPack::new();

/// A bare listening socket.
pub(super) enum Listening {
    Unix(UnixListener, UnixTransport),
    Tcp(TcpListener, TcpTransport),
}

impl Listening {
    pub(super) fn at(sockets: &Sockets) -> Self {
        match sockets {
            Sockets::Unix(directory) => {
                let path = directory.path().join("s");
                Self::Unix(UnixListener::bind(&path).unwrap(), UnixTransport::new(path))
            }
            Sockets::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
                let port = listener.local_addr().unwrap().port();
                Self::Tcp(listener, TcpTransport::new("127.0.0.1", port))
            }
        }
    }

    /// Returns the builder of a client of it, which comes back.
    pub(super) fn builder(&self) -> ClientBuilder<MsgPack> {
        let builder = match self {
            Self::Unix(_, transport) => Client::builder(MsgPack::new(), transport.clone()),
            Self::Tcp(_, transport) => Client::builder(MsgPack::new(), transport.clone()),
        };
        let soon = Backoff::fixed(Duration::from_millis(1));
        builder.unwrap().reconnect(ReconnectPolicy::forever(soon))
    }

    pub(super) fn accept(&self) -> Wire {
        match self {
            Self::Unix(listener, _) => Wire::unix(listener.accept().unwrap().0),
            Self::Tcp(listener, _) => Wire::tcp(listener.accept().unwrap().0),
        }
    }
}

/// What a test needs of a socket.
trait Socket: Read + Write + Send {
    fn set_timeout(&self, timeout: Duration);
}

impl Socket for UnixStream {
    fn set_timeout(&self, timeout: Duration) {
        self.set_read_timeout(Some(timeout)).unwrap();
    }
}

impl Socket for TcpStream {
    fn set_timeout(&self, timeout: Duration) {
        self.set_read_timeout(Some(timeout)).unwrap();
    }
}

/// A bare socket that speaks in frames.
pub(super) struct Wire {
    socket: Box<dyn Socket>,
    /// The number and the time of the call that was heard last.
    pub(super) number: u64,
    pub(super) left: Option<Duration>,
    /// What was heard last, if it is the payload of a call or an answer.
    pub(super) value: Value,
}

impl Wire {
    fn unix(socket: UnixStream) -> Self {
        Self::new(Box::new(socket))
    }

    fn tcp(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        Self::new(Box::new(socket))
    }

    fn new(socket: Box<dyn Socket>) -> Self {
        socket.set_timeout(DEADLINE);
        Self { socket, number: 0, left: None, value: Value::Null }
    }

    pub(super) fn dial(endpoint: &Endpoint) -> Self {
        match endpoint {
            Endpoint::Unix(path) => Self::unix(UnixStream::connect(path).unwrap()),
            Endpoint::Tcp { port, .. } => {
                Self::tcp(TcpStream::connect(("127.0.0.1", *port)).unwrap())
            }
            other => panic!("no socket for {other}"),
        }
    }

    fn send(&mut self, encode: impl FnOnce(&mut BytesMut)) {
        let mut frame = BytesMut::new();
        encode(&mut frame);
        let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
        self.socket.write_all(&[&length[..], &frame].concat()).unwrap();
    }

    pub(super) fn call(&mut self, n: Option<u64>, method: &str, args: &Value) {
        let head = CallHead { number: n, method, left: None, credit: None };
        self.send(|out| FORMAT.encode_builtin_call(&head, None, args, out).unwrap());
    }

    pub(super) fn answer(&mut self, n: u64, result: &Value) {
        let number = CallNumber::integer(n).unwrap();
        self.send(|out| FORMAT.encode_builtin_answer(&number, result, out).unwrap());
    }

    pub(super) fn fail(&mut self, n: u64, code: &str) {
        let failure = Failure::new(code, "as the test wants it");
        let number = CallNumber::integer(n).unwrap();
        let signal = Signal::Failure(&number, &failure);
        self.send(|out| FORMAT.encode_signal(&signal, out).unwrap());
    }

    pub(super) fn event(&mut self, event: &str, payload: u64) {
        self.send(|out| FORMAT.encode(event, &payload, out).unwrap());
    }

    /// Returns the next frame as a line, or `end`.
    pub(super) fn hear(&mut self) -> String {
        let mut length = [0; 4];
        if self.socket.read_exact(&mut length).is_err() {
            return "end".to_owned();
        }
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.socket.read_exact(&mut frame).unwrap();
        let message = FORMAT.decode(frame.into()).unwrap();
        match FORMAT.control(&message) {
            None => format!("event {} {}", message.event(), number(&message)),
            Some(control) => self.text(control.unwrap()),
        }
    }

    fn text(&mut self, control: Control) -> String {
        match control {
            Control::Call { number, left, message, .. } => {
                self.left = left;
                self.value = FORMAT.read_value(&message).unwrap();
                match number {
                    Some(CallNumber::Integer(number)) => {
                        self.number = number;
                        format!("call {}", message.event())
                    }
                    _ => format!("notice {}", message.event()),
                }
            }
            Control::Answer { number: CallNumber::Integer(number), result, .. } => {
                self.value = FORMAT.read_value(&result).unwrap();
                format!("answer {number}")
            }
            Control::Failure { number: CallNumber::Integer(number), failure } => {
                format!("failure {number} {}", failure.code)
            }
            other => format!("{other:?}"),
        }
    }

    /// Returns the text that was heard last under this key.
    pub(super) fn said(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_text)
    }

    /// Returns whether nothing is heard for a moment.
    pub(super) fn is_silent(&mut self) -> bool {
        self.socket.set_timeout(MOMENT);
        let nothing = self.socket.read(&mut [0]).is_err();
        self.socket.set_timeout(DEADLINE);
        nothing
    }
}

fn number(message: &Message) -> u64 {
    FORMAT.decode_payload(message).unwrap()
}
