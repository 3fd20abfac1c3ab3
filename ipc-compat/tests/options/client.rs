//! Each setting of a config that a client has, by what comes of it.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ipc_compat::{Config, Ipc, Logger, NodeFormat, Profile, Retries, blocking, codes};
use ipc_core::{Client, ClientEvent, CloseReport, EmitError, Error, Events, Incoming};
use rustix::event::{PollFd, PollFlags, poll};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{DEADLINE, ROADS, Road};

/// A client of the server `world` that was made in one of these ways.
enum Twin {
    Async { client: Client<NodeFormat>, events: Events<NodeFormat, ClientEvent>, runtime: Runtime },
    Blocking(Box<blocking::IpcClient>),
}

impl Twin {
    fn new(road: Road, config: &Config) -> Self {
        let ipc = Ipc::new(config.clone());
        let client = match road {
            Road::Blocking => {
                let client = blocking::IpcClient::connect_to(config, "world").unwrap();
                return Self::Blocking(Box::new(client));
            }
            Road::Ipc => ipc.connect_to("world").unwrap().core().clone(),
            Road::Core => {
                let transport = ipc.transport_to("world").unwrap();
                Client::builder(config.format().unwrap(), transport)
                    .options(config.client_options().unwrap())
                    .handler_order(Config::HANDLER_ORDER)
                    .build()
            }
        };
        let runtime = match road {
            Road::Core => Builder::new_current_thread().enable_all().build().unwrap(),
            _ => Runtime::new().unwrap(),
        };
        let events = client.events();
        Self::Async { client, events, runtime }
    }

    fn emit(&mut self, text: &str) -> Result<(), EmitError> {
        match self {
            Self::Async { client, runtime, .. } => {
                // The first message starts the client.
                let _entered = runtime.enter();
                client.emit("e", text)
            }
            Self::Blocking(client) => client.emit("e", text),
        }
    }

    /// Returns the next event of the connection; messages are left out.
    fn next(&mut self) -> Option<String> {
        loop {
            let event = match self {
                Self::Async { events, runtime, .. } => {
                    let next = async { tokio::time::timeout(DEADLINE, events.next()).await };
                    match runtime.block_on(next).unwrap_or_else(|_| panic!("nothing happened"))? {
                        Incoming::Lifecycle(event) => event,
                        _ => continue,
                    }
                }
                Self::Blocking(client) => match client.next_timeout(DEADLINE) {
                    Ok(blocking::Incoming::Lifecycle(event)) => event,
                    Ok(_) => continue,
                    Err(blocking::NextError::Ended) => return None,
                    Err(error) => panic!("{error}"),
                },
            };
            return Some(match event {
                ClientEvent::Connect => "connect".to_owned(),
                ClientEvent::Disconnect(_) => "disconnect".to_owned(),
                ClientEvent::Destroy => "destroy".to_owned(),
                ClientEvent::Error(error) => code(&error),
                other => panic!("{other:?}"),
            });
        }
    }

    fn close(&mut self) -> CloseReport {
        match self {
            Self::Async { client, runtime, .. } => runtime.block_on(client.close()),
            Self::Blocking(client) => client.close(),
        }
    }
}

fn code(error: &Error) -> String {
    codes::of(error).to_owned()
}

/// What the server `world` is.
#[derive(Clone, Copy)]
enum World {
    /// There is none.
    Absent,
    /// It sends this once it was sent one frame, and closes when the client has.
    Sends(&'static [u8]),
    /// It closes once it was sent one frame.
    Hangs,
    /// It ends its side only if the client, whose own has ended, has not hung up within this time.
    Late(Duration),
}

impl World {
    fn listen(self, path: &Path) -> Option<UnixListener> {
        match self {
            Self::Absent => None,
            _ => Some(UnixListener::bind(path).unwrap()),
        }
    }

    fn serve(self, mut socket: UnixStream) {
        let mut heard = vec![0; 4096];
        assert_ne!(socket.read(&mut heard).unwrap(), 0);
        match self {
            Self::Absent | Self::Hangs => return,
            Self::Sends(frames) => socket.write_all(frames).unwrap(),
            Self::Late(_) => {}
        }
        // A client that closes before it has read everything resets the connection.
        let _ = socket.read_to_end(&mut heard);
        if let Self::Late(time) = self {
            // A hang-up is reported whether it is asked for or not.
            let mut sockets = [PollFd::new(&socket, PollFlags::empty())];
            let hung_up = poll(&mut sockets, Some(&time.try_into().unwrap()));
            assert_eq!(hung_up, Ok(0), "the client did not wait for the server's end");
        }
    }
}

struct Row {
    /// The setting, by name.
    option: &'static str,
    change: fn(&mut Config),
    world: World,
    /// What the client sends.
    sends: &'static [&'static str],
    /// What comes of it, up to the client's end.
    expected: &'static [&'static str],
    /// The same without the change; nothing where that would take too long.
    otherwise: &'static [&'static str],
}

const LONG: &str = "a text that is longer than fifty bytes, which some of the limits here forbid";
const MALFORMED: &[u8] = b"no JSON\x0c";
const GONE: &str = "ERR_IPC_NOBODY_LISTENING";

/// Settings of a config that are options of the core's client.
const ROWS: [Row; 13] = [
    Row {
        option: "max_message_size, sent",
        change: |config| config.max_message_size = Some(50),
        world: World::Absent,
        sends: &[LONG],
        expected: &["too large", GONE, "disconnect", "destroy"],
        otherwise: &["sent", GONE, "disconnect", "destroy", "1 undelivered"],
    },
    Row {
        option: "max_message_size, received",
        change: |config| config.max_message_size = Some(30),
        world: World::Sends(b"{\"type\":\"e\",\"data\":\"longer than that\"}\x0cno JSON\x0c"),
        sends: &["x"],
        expected: &["sent", "connect", "ERR_IPC_FRAME_TOO_LARGE", "disconnect", "destroy"],
        otherwise: &["sent", "connect", "ERR_IPC_INVALID_JSON"],
    },
    Row {
        option: "max_pending_bytes",
        change: |config| config.max_pending_bytes = 50,
        world: World::Absent,
        sends: &[LONG],
        expected: &["full", GONE, "disconnect", "destroy"],
        otherwise: &["sent", GONE, "disconnect", "destroy", "1 undelivered"],
    },
    Row {
        option: "message_timeout",
        change: |config| config.message_timeout = Some(Duration::from_millis(5)),
        world: World::Sends(b"{\"type\":"),
        sends: &["x"],
        expected: &["sent", "connect", "ERR_IPC_MESSAGE_TIMEOUT", "disconnect", "destroy"],
        otherwise: &[],
    },
    Row {
        option: "sync",
        change: |config| config.sync = true,
        world: World::Hangs,
        sends: &["1", "2"],
        expected: &["sent", "sent", "connect", "disconnect", "destroy", "1 undelivered"],
        otherwise: &[],
    },
    Row {
        option: "max_retries",
        change: |config| config.max_retries = Retries::Times(2),
        world: World::Absent,
        sends: &["x"],
        expected: &[
            "sent",
            GONE,
            "disconnect",
            GONE,
            "disconnect",
            GONE,
            "disconnect",
            "destroy",
            "1 undelivered",
        ],
        otherwise: &["sent", GONE, "disconnect", "destroy", "1 undelivered"],
    },
    Row {
        option: "stop_retrying",
        change: |config| {
            config.max_retries = Retries::Forever;
            config.stop_retrying = true;
        },
        world: World::Absent,
        sends: &["x"],
        expected: &["sent", GONE, "disconnect", "destroy", "1 undelivered"],
        otherwise: &[],
    },
    Row {
        option: "retry_permanent",
        change: |config| {
            too_long(config);
            config.max_retries = Retries::Times(1);
            config.retry_permanent = true;
        },
        world: World::Absent,
        sends: &["x"],
        expected: &[
            "sent",
            "ERR_IPC_NAME_TOO_LONG",
            "disconnect",
            "ERR_IPC_NAME_TOO_LONG",
            "disconnect",
            "destroy",
            "1 undelivered",
        ],
        otherwise: &[],
    },
    Row {
        option: "retry_permanent, off",
        change: |config| {
            too_long(config);
            config.max_retries = Retries::Times(1);
        },
        world: World::Absent,
        sends: &["x"],
        expected: &["sent", "ERR_IPC_NAME_TOO_LONG", "disconnect", "destroy", "1 undelivered"],
        otherwise: &[],
    },
    Row {
        option: "dialect",
        change: |config| config.dialect = ipc_compat::Dialect::V14,
        world: World::Sends(MALFORMED),
        sends: &["x"],
        expected: &["sent", "connect", "ERR_IPC_INVALID_JSON", "disconnect", "destroy"],
        otherwise: &["sent", "connect", "ERR_IPC_INVALID_JSON"],
    },
    Row {
        option: "parser",
        change: |config| config.parser = Profile::Guarded,
        world: World::Sends(MALFORMED),
        sends: &["x"],
        expected: &["sent", "connect", "ERR_IPC_INVALID_JSON", "disconnect", "destroy"],
        otherwise: &["sent", "connect", "ERR_IPC_INVALID_JSON"],
    },
    Row {
        option: "max_event_name_length",
        change: |config| config.max_event_name_length = Some(3),
        world: World::Sends(b"{\"type\":\"long\",\"data\":1}\x0cno JSON\x0c"),
        sends: &["x"],
        expected: &["sent", "connect", "ERR_IPC_EVENT_TOO_LARGE"],
        otherwise: &["sent", "connect", "ERR_IPC_INVALID_JSON"],
    },
    Row {
        option: "linger",
        change: |config| config.linger = Duration::from_secs(60),
        world: World::Late(Duration::from_millis(1500)),
        sends: &["x"],
        expected: &["sent", "connect", "the peer has ended"],
        otherwise: &[],
    },
];

fn too_long(config: &mut Config) {
    config.appspace = "x".repeat(300);
}

fn config(directory: &TempDir, change: fn(&mut Config)) -> Config {
    let mut config = Config::classic();
    config.socket_root = directory.path().join("");
    config.retry = Duration::from_millis(1);
    config.max_retries = Retries::Times(0);
    change(&mut config);
    config
}

/// Runs a row. Stops after as many events as are `expected`, since not each client ends.
fn run(road: Road, row: &Row, change: fn(&mut Config), expected: &[&str]) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let (world, listener) = (row.world, row.world.listen(&directory.path().join("app.world")));
    let mut client = Twin::new(road, &config(&directory, change));
    let mut trace: Vec<_> = row.sends.iter().map(|text| outcome(client.emit(text))).collect();
    // Only now, so that everything is sent before anything is answered.
    let server =
        listener.map(|listener| thread::spawn(move || world.serve(listener.accept().unwrap().0)));
    let closing = ["1 undelivered", "the peer has ended"];
    while trace.len() < expected.iter().filter(|step| !closing.contains(step)).count() {
        let Some(event) = client.next() else { break };
        trace.push(event);
    }
    let report = client.close();
    if !report.undelivered.is_empty() {
        trace.push(format!("{} undelivered", report.undelivered.len()));
    }
    if let (World::Late(_), true) = (world, report.peer_ended) {
        trace.push("the peer has ended".to_owned());
    }
    drop(client);
    server.into_iter().for_each(|server| server.join().unwrap());
    trace
}

fn outcome(sent: Result<(), EmitError>) -> String {
    match sent {
        Ok(()) => "sent".to_owned(),
        Err(EmitError::TooLarge { .. }) => "full".to_owned(),
        Err(EmitError::Encode(_)) => "too large".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_setting_of_a_client_reaches_both_drivers() {
    for row in &ROWS {
        for road in ROADS {
            let trace = run(road, row, row.change, row.expected);
            assert_eq!(trace, row.expected, "{} by {road:?}", row.option);
            if !row.otherwise.is_empty() {
                let trace = run(road, row, |_| {}, row.otherwise);
                assert_eq!(trace, row.otherwise, "without {} by {road:?}", row.option);
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the blocking driver has no clock but the system's")]
fn the_pause_between_attempts_is_the_configs() {
    let directory = TempDir::new().unwrap();
    for road in ROADS {
        let config = config(&directory, |config| {
            config.retry = Duration::from_millis(60);
            config.max_retries = Retries::Times(2);
        });
        let mut client = Twin::new(road, &config);
        client.emit("x").unwrap();
        let start = Instant::now();
        let events: Vec<_> = std::iter::from_fn(|| client.next()).collect();
        assert_eq!(
            events,
            [GONE, "disconnect", GONE, "disconnect", GONE, "disconnect", "destroy"],
            "{road:?}"
        );
        // The core's own would be anything from 0 on.
        assert!(start.elapsed() >= Duration::from_millis(110), "{road:?}");
    }
}

#[test]
fn what_is_sent_is_logged_on_each_road() {
    for road in ROADS {
        for log_payloads in [true, false] {
            let directory = TempDir::new().unwrap();
            let lines = Arc::new(Mutex::new(Vec::new()));
            let mut config = config(&directory, |_| {});
            config.log_payloads = log_payloads;
            let log = Arc::clone(&lines);
            config.logger =
                Some(Logger::new(move |line| log.lock().unwrap().push(line.to_owned())));
            Twin::new(road, &config).emit("x").unwrap();
            let logged = lines.lock().unwrap().contains(&"dispatching event e \"x\"".to_owned());
            assert_eq!(logged, log_payloads, "{road:?}");
        }
    }
}
