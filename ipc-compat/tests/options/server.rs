//! Each setting of a config that a server has, by what comes of it.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc, NodeFormat, blocking};
use ipc_core::{
    Access, Allow, OnDenied, OverRate, PlainPeers, Rate, SameIdentity, Server, Tokens,
    WaitingLimits,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{DEADLINE, ROADS, Road};

/// A server that answers each `e` with 1 KiB, and says whether the answer was taken.
struct Twin {
    directory: TempDir,
    taken: Receiver<bool>,
    /// What an async server runs on.
    _runs: Option<(Server<NodeFormat>, Runtime)>,
}

impl Twin {
    fn new(road: Road, change: fn(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = Config::classic();
        config.socket_root = directory.path().join("");
        config.id = "world".to_owned();
        change(&mut config);
        let (takes, taken) = mpsc::channel();
        let ipc = Ipc::new(config.clone());
        let server = match road {
            Road::Blocking => {
                let mut server = blocking::IpcServer::serve(&config, ()).unwrap();
                server.start().unwrap();
                thread::spawn(move || accept(server, &takes));
                return Self { directory, taken, _runs: None };
            }
            Road::Ipc => ipc.serve(()).unwrap().core().clone(),
            Road::Core => {
                let transport = ipc.transport(()).unwrap();
                Server::builder(config.format().unwrap(), transport)
                    .options(config.server_options().unwrap())
                    .handler_order(Config::HANDLER_ORDER)
                    .build()
            }
        };
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        server.on("e", move |_: String, peer| {
            let _ = takes.send(peer.emit("e", answer().as_str()).is_ok());
        });
        runtime.block_on(server.listen()).unwrap();
        Self { directory, taken, _runs: Some((server, runtime)) }
    }

    fn connect(&self) -> UnixStream {
        let path: PathBuf = self.directory.path().join("app.world");
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket
    }
}

/// Accepts clients for as long as the program runs.
fn accept(mut server: blocking::IpcServer, takes: &Sender<bool>) {
    while let Ok(mut client) = server.accept() {
        let takes = takes.clone();
        thread::spawn(move || {
            while let Some(event) = client.next() {
                if let blocking::Incoming::Message(_) = event {
                    let _ = takes.send(client.emit("e", answer().as_str()).is_ok());
                }
            }
        });
    }
}

fn answer() -> String {
    "x".repeat(1024)
}

/// Returns whether the server answers these bytes; if not, it closes the connection.
fn answers(socket: &mut UnixStream, bytes: &[u8]) -> bool {
    // A server that closes at once breaks the connection while it is written to, or read from.
    let written = socket.write_all(bytes);
    match socket.read(&mut [0; 64]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the server does nothing"),
        read => written.is_ok() && matches!(read, Ok(1..)),
    }
}

const QUESTION: &[u8] = b"{\"type\":\"e\",\"data\":\"?\"}\x0c";

const MALFORMED: &[u8] = b"no JSON\x0c{\"type\":\"e\",\"data\":\"?\"}\x0c";

struct Row {
    /// The setting, by name.
    option: &'static str,
    change: fn(&mut Config),
    /// What a client sends that the server does not answer then.
    sends: &'static [u8],
    /// Whether it is answered without the change; `None` where that would take too long.
    otherwise: Option<bool>,
}

/// Settings of a config that are options of the core's server.
const ROWS: [Row; 8] = [
    Row {
        option: "max_message_size",
        change: |config| config.max_message_size = Some(20),
        sends: QUESTION,
        otherwise: Some(true),
    },
    Row {
        option: "message_timeout",
        change: |config| config.message_timeout = Some(Duration::from_millis(5)),
        sends: b"{\"type\":",
        otherwise: None,
    },
    Row {
        option: "dialect",
        change: |config| {
            config.dialect = Dialect::V14;
            config.secure_socket_root = false;
        },
        sends: MALFORMED,
        otherwise: Some(true),
    },
    Row {
        option: "access",
        change: |config| config.access = Access::users([]),
        sends: QUESTION,
        otherwise: Some(true),
    },
    Row {
        option: "rate",
        change: |config| config.rate = Some(Rate::messages(1).over(OverRate::Close)),
        sends: MALFORMED,
        otherwise: Some(true),
    },
    Row {
        option: "allow and on_denied",
        change: |config| {
            config.allow = Allow::new().events(["app.*"]).unwrap();
            config.on_denied = OnDenied::Close;
        },
        sends: QUESTION,
        otherwise: Some(true),
    },
    Row {
        option: "token and waiting_limits",
        change: tokens,
        sends: QUESTION,
        otherwise: Some(true),
    },
    Row {
        option: "parser",
        change: |config| config.parser = ipc_compat::Profile::Guarded,
        sends: MALFORMED,
        otherwise: Some(true),
    },
];

#[test]
fn each_setting_of_a_server_reaches_both_drivers() {
    for row in &ROWS {
        for road in ROADS {
            let server = Twin::new(road, row.change);
            assert!(!answers(&mut server.connect(), row.sends), "{} by {road:?}", row.option);
            if let Some(otherwise) = row.otherwise {
                let answered = answers(&mut Twin::new(road, |_| {}).connect(), row.sends);
                assert_eq!(answered, otherwise, "without {} by {road:?}", row.option);
            }
        }
    }
}

/// Asks for tokens, and waits for them for a moment only.
fn tokens(config: &mut Config) {
    config.token = Some(Tokens::new([("alice", "s3cret")]).unwrap().into());
    config.waiting_limits = WaitingLimits::default().time(Duration::from_millis(20));
}

#[test]
fn plain_clients_of_a_server_with_tokens_may_be_let_in() {
    for road in ROADS {
        let server = Twin::new(road, |config| {
            tokens(config);
            config.plain_peers = PlainPeers::Admit;
        });
        assert!(answers(&mut server.connect(), QUESTION), "{road:?}");
    }
}

#[test]
fn the_rule_for_one_name_twice_is_the_configs() {
    for road in ROADS {
        let server = Twin::new(road, |config| config.same_identity = SameIdentity::RefuseNew);
        let says_hello = |socket: &mut UnixStream| {
            socket.write_all(HELLO).unwrap();
            let mut answer = Vec::new();
            BufReader::new(socket).read_until(b'\x0c', &mut answer).unwrap();
            String::from_utf8(answer).unwrap()
        };
        let (mut first, mut second) = (server.connect(), server.connect());
        assert!(says_hello(&mut first).contains("\"ok\""), "{road:?}");
        let answer = says_hello(&mut second);
        assert!(answer.contains("identity_in_use"), "{answer} by {road:?}");
    }
}

const HELLO: &[u8] = b"{\"type\":\"$call\",\"data\":{\"n\":1,\"call\":\"$hello\",\"args\":{\"v\":1,\"name\":\"bob\"}}}\x0c";

#[test]
fn one_client_more_than_max_connections_is_closed() {
    for road in ROADS {
        for (max, second) in [(1, false), (2, true)] {
            let change: fn(&mut Config) = if max == 1 {
                |config| config.max_connections = 1
            } else {
                |config| config.max_connections = 2
            };
            let server = Twin::new(road, change);
            let mut first = server.connect();
            assert!(answers(&mut first, QUESTION), "{road:?}");
            assert_eq!(answers(&mut server.connect(), QUESTION), second, "{max} by {road:?}");
        }
    }
}

/// A client that reads nothing is read from up to the mark, so that no answer to it is refused; or,
/// without a mark, for as long as it sends.
#[test]
fn the_high_water_mark_and_the_queue_are_the_configs() {
    const QUESTIONS: usize = 2000;
    for road in ROADS {
        let small: fn(&mut Config) = |config| config.max_pending_bytes = 100_000;
        let unmarked: fn(&mut Config) = |config| {
            config.max_pending_bytes = 100_000;
            config.high_water_mark = None;
        };
        let unbounded: fn(&mut Config) = |config| config.high_water_mark = None;
        for (change, reads, refuses) in
            [(small, true, false), (unmarked, false, true), (unbounded, false, false)]
        {
            let server = Twin::new(road, change);
            let socket = server.connect();
            let mut reader = socket.try_clone().unwrap();
            let mut writer = socket.try_clone().unwrap();
            let writing = thread::spawn(move || writer.write_all(&QUESTION.repeat(QUESTIONS)));
            let reading = reads
                .then(|| thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink())));
            let taken = (0..QUESTIONS).map(|_| server.taken.recv_timeout(DEADLINE).unwrap());
            let refused = taken.filter(|taken| !taken).count();
            assert_eq!(refused > 0, refuses, "{refused} by {road:?}");
            writing.join().unwrap().unwrap();
            drop((socket, reading));
        }
    }
}
