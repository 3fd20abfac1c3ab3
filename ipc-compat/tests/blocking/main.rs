//! Clients and servers without a runtime do what the config says.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod calls;
mod identities;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ipc_compat::blocking::{Incoming, IpcClient, IpcServer, NextError};
use ipc_compat::{Config, IpcError, Logger, Profile, Retries, codes};
use ipc_core::{ClientEvent, EmitError, Spin};
use ipc_transport::Endpoint;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A config whose sockets are in a directory of its own, and the lines it logs.
struct Place {
    directory: TempDir,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), lines: Arc::default() }
    }

    fn config(&self, config: Config) -> Config {
        let lines = Arc::clone(&self.lines);
        let mut socket_root = self.directory.path().to_owned();
        socket_root.push("");
        with(config, |config| {
            config.id = "world".into();
            config.socket_root = socket_root;
            config.retry = Duration::from_millis(1);
            let log = move |line: &str| lines.lock().unwrap().push(line.to_owned());
            config.logger = Some(Logger::new(log));
        })
    }

    fn classic(&self) -> Config {
        self.config(Config::classic())
    }

    fn classic_with(&self, change: impl FnOnce(&mut Config)) -> Config {
        with(self.classic(), change)
    }

    /// Listens where a client of this config looks.
    fn listener(&self) -> UnixListener {
        UnixListener::bind(self.directory.path().join("app.world")).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

fn with(mut config: Config, change: impl FnOnce(&mut Config)) -> Config {
    change(&mut config);
    config
}

fn text(event: &Incoming) -> String {
    match event {
        Incoming::Message(message) => {
            let data = String::from_utf8_lossy(message.payload().unwrap_or_default());
            format!("{} {data}", message.event())
        }
        Incoming::Lifecycle(ClientEvent::Connect) => "connect".into(),
        Incoming::Lifecycle(ClientEvent::Disconnect(_)) => "disconnect".into(),
        Incoming::Lifecycle(ClientEvent::Destroy) => "destroy".into(),
        Incoming::Lifecycle(ClientEvent::Error(error)) => codes::of(error).to_owned(),
        other => format!("{other:?}"),
    }
}

/// Returns what happens until the client's end.
fn to_the_end(client: &mut IpcClient) -> Vec<String> {
    std::iter::from_fn(|| client.next_timeout(DEADLINE).ok()).map(|event| text(&event)).collect()
}

/// Accepts a connection, says this, and reads to its end.
fn peer(listener: UnixListener, says: &'static [u8]) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(says).unwrap();
        let mut heard = Vec::new();
        // A peer that was not read to its end resets the connection.
        let _ = socket.read_to_end(&mut heard);
        heard
    })
}

#[test]
fn what_is_sent_is_answered() {
    check_answer(None);
    check_answer(Spin::for_up_to(Duration::from_micros(50)).ok());
}

fn check_answer(spin: Option<Spin>) {
    let place = Place::new();
    let config = place.classic_with(|config| config.spin = spin);
    let mut server = IpcServer::serve(&config, ()).unwrap();
    let path = place.directory.path().join("app.world");
    assert_eq!(server.start().unwrap(), Endpoint::Unix(path));
    let serving = thread::spawn(move || {
        let mut client = server.accept().unwrap();
        assert!(client.claimed_id().is_none());
        let Some(Incoming::Message(message)) = client.next() else { panic!("no message") };
        let data: Value = client.decode(&message).unwrap();
        client.emit(message.event(), &data["message"]).unwrap();
        assert_eq!(client.claimed_id().unwrap().as_str(), "\"hello\"");
        assert_eq!(client.next().as_ref().map(text).as_deref(), Some("disconnect"));
        client.number()
    });
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    client.emit("app.message", &json!({"id": "hello", "message": "hi"})).unwrap();
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("connect"));
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("app.message \"hi\""));
    assert!(client.close().undelivered.is_empty());
    assert_eq!(serving.join().unwrap(), 1);
}

#[test]
fn a_message_beyond_the_limit_is_not_sent() {
    let place = Place::new();
    let config = place.classic_with(|config| config.max_message_size = Some(10));
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let error = client.emit("e", "x".repeat(100).as_str()).unwrap_err();
    assert!(matches!(error, EmitError::Encode(_)), "{error:?}");
    // The same for what is received.
    let config = with(config, |config| {
        config.max_message_size = Some(30);
        config.max_retries = Retries::Times(0);
    });
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let peer = peer(place.listener(), b"{\"type\":\"e\",\"data\":\"longer than that\"}\x0c");
    let events = to_the_end(&mut client);
    assert_eq!(events, ["connect", "ERR_IPC_FRAME_TOO_LARGE", "disconnect", "destroy"]);
    peer.join().unwrap();
}

#[test]
fn what_waits_is_bounded() {
    let place = Place::new();
    let config = place.classic_with(|config| config.max_pending_bytes = 100);
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let text = "x".repeat(60);
    client.emit("e", text.as_str()).unwrap();
    let error = client.emit("e", text.as_str()).unwrap_err();
    assert!(matches!(error, EmitError::Full(_)), "{error:?}");
}

#[test]
fn retries_are_as_many_as_the_config_says() {
    let place = Place::new();
    let config = |max_retries| place.classic_with(|config| config.max_retries = max_retries);
    for (retries, attempts) in [(0, 1), (2, 3)] {
        let config = config(Retries::Times(retries));
        let mut client = IpcClient::connect_to(&config, "world").unwrap();
        let events = to_the_end(&mut client);
        let failed = events.iter().filter(|event| *event == "ERR_IPC_NOBODY_LISTENING").count();
        assert_eq!((failed, events.last().map(String::as_str)), (attempts, Some("destroy")));
        assert!(client.connected().is_err());
    }
    let config = with(config(Retries::Forever), |config| config.stop_retrying = true);
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    assert!(client.connected().is_err());
}

#[test]
fn sync_holds_a_message_until_the_one_before_is_answered() {
    let place = Place::new();
    let config = place.classic_with(|config| config.sync = true);
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let listener = place.listener();
    client.connected().unwrap();
    client.emit("e", &1).unwrap();
    client.emit("e", &2).unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut heard = [0; 100];
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("connect"));
    assert_eq!(client.next_timeout(Duration::from_millis(1)).unwrap_err(), NextError::TimedOut);
    let first = socket.read(&mut heard).unwrap();
    assert_eq!(&heard[..first], b"{\"type\":\"e\",\"data\":1}\x0c");
    socket.write_all(b"{\"type\":\"ok\",\"data\":{}}\x0c").unwrap();
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("ok {}"));
    assert_eq!(client.next_timeout(Duration::from_millis(1)).unwrap_err(), NextError::TimedOut);
    let second = socket.read(&mut heard).unwrap();
    assert_eq!(&heard[..second], b"{\"type\":\"e\",\"data\":2}\x0c");
}

#[test]
fn an_unfinished_message_has_the_configs_time() {
    let place = Place::new();
    let limit = Duration::from_millis(5);
    let config = place.classic_with(|config| {
        config.message_timeout = Some(limit);
        config.max_retries = Retries::Times(0);
    });
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let peer = peer(place.listener(), b"{\"type\":");
    let events = to_the_end(&mut client);
    assert_eq!(events, ["connect", "ERR_IPC_MESSAGE_TIMEOUT", "disconnect", "destroy"]);
    peer.join().unwrap();
}

/// 14 closes the connection, and a client does not come back; classic versions go on.
#[test]
fn a_malformed_frame_means_what_it_means_to_each_version() {
    const MALFORMED: &[u8] = b"no JSON\x0c{\"type\":\"e\",\"data\":1}\x0c";
    let place = Place::new();
    let config = place.config(Config::v14());
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    let peer_of_v14 = peer(place.listener(), MALFORMED);
    let events = to_the_end(&mut client);
    assert_eq!(events, ["connect", "ERR_IPC_INVALID_JSON", "disconnect", "destroy"]);
    peer_of_v14.join().unwrap();

    let place = Place::new();
    let mut client = IpcClient::connect_to(&place.classic(), "world").unwrap();
    let peer_of_classic = peer(place.listener(), MALFORMED);
    let events: Vec<_> = (0..3).map(|_| text(&client.next().unwrap())).collect();
    assert_eq!(events, ["connect", "ERR_IPC_INVALID_JSON", "e 1"]);
    client.close();
    peer_of_classic.join().unwrap();
}

#[test]
fn a_server_turns_away_more_than_max_connections() {
    let place = Place::new();
    let config = place.classic_with(|config| config.max_connections = 1);
    let mut server = IpcServer::serve(&config, ()).unwrap();
    server.start().unwrap();
    let path = place.directory.path().join("app.world");
    let kept = UnixStream::connect(&path).unwrap();
    let first = server.accept().unwrap();
    let mut too_many = UnixStream::connect(&path).unwrap();
    let serving = thread::spawn(move || {
        let next = server.accept().unwrap();
        (server.refused(), next.number())
    });
    assert_eq!(too_many.read(&mut [0]).unwrap(), 0);
    drop((first, kept));
    let _next = UnixStream::connect(&path).unwrap();
    assert_eq!(serving.join().unwrap(), (1, 2));
    let refused = "client refused: as many peers are connected as may be: 1".to_owned();
    assert!(place.lines().contains(&refused), "{:?}", place.lines());
}

#[test]
fn what_happens_is_logged_and_payloads_only_if_asked_for() {
    for log_payloads in [false, true] {
        let place = Place::new();
        let config = place.classic_with(|config| {
            config.log_payloads = log_payloads;
            config.max_retries = Retries::Times(0);
        });
        let mut client = IpcClient::connect_to(&config, "world").unwrap();
        client.emit("ask", "a secret").unwrap();
        let peer = peer(place.listener(), b"{\"type\":\"e\",\"data\":7}\x0cno JSON\x0c");
        (0..3).for_each(|_| drop(client.next()));
        client.close();
        to_the_end(&mut client);
        peer.join().unwrap();
        let mut expected = vec![
            "dispatching event ask \"a secret\"",
            "connected to world",
            "received event e 7",
            "client of world: frame is not JSON: expected ident at line 1 column 2",
            "connection to world closed: by this side",
            "client of world is closed",
        ];
        expected.retain(|line| log_payloads || !line.contains("event"));
        assert_eq!(place.lines(), expected);
    }
}

#[test]
fn what_needs_a_runtime_is_an_error_when_it_is_made() {
    let place = Place::new();
    let config = place.classic();
    let udp = IpcServer::serve_net(&config, "udp4").unwrap_err();
    assert!(matches!(udp, IpcError::NotBlocking(_)), "{udp:?}");
    assert_eq!(udp.code(), codes::NOT_BLOCKING);
    let callback = IpcClient::connect_to(&config, ("world", |_: &ipc_compat::Ipc| {}));
    assert!(matches!(callback, Err(IpcError::Unsupported { .. })));
    let memory = ipc_transport::MemoryTransport::new("nowhere");
    let memory = IpcClient::connect_on(&config, "world", memory).unwrap_err();
    assert!(matches!(memory, IpcError::NotBlocking(_)), "{memory:?}");
    let mut unverified = ipc_compat::Tls::default();
    unverified.reject_unauthorized = false;
    let encrypted = with(config.clone(), |config| config.tls = Some(unverified));
    let tls = IpcClient::connect_to_net(&encrypted, "world").unwrap_err();
    assert!(matches!(tls, IpcError::NotBlocking(_)), "{tls:?}");
    let nothing = with(config, |config| config.max_connections = 0);
    assert!(matches!(IpcServer::serve(&nothing, ()), Err(IpcError::Config(_))));
}

#[test]
fn the_profile_assured_is_as_strict_as_with_a_runtime() {
    let place = Place::new();
    let config = place.classic_with(|config| {
        config.parser = Profile::Assured;
        config.allowed_events.insert("e".to_owned());
    });
    let elsewhere = IpcServer::serve(&config, "/tmp/elsewhere").unwrap_err();
    assert_eq!(elsewhere.code(), codes::ASSURED_TRANSPORT);
    let plain = IpcClient::connect_to_net(&config, "world").unwrap_err();
    assert_eq!(plain.code(), codes::ASSURED_TRANSPORT);
}

#[test]
fn raw_mode_has_bytes_over_tcp_too() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = place.classic_with(|config| config.raw_buffer = true);
    let mut client = IpcClient::connect_to_net(&config, ("world", port)).unwrap();
    client.emit_raw([1, 300, -1]).unwrap();
    assert!(client.emit("e", &1).is_err());
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    assert!(client.flush());
    let mut heard = [0; 3];
    socket.read_exact(&mut heard).unwrap();
    assert_eq!(heard, [1, 44, 255]);
    socket.write_all(b"ok").unwrap();
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("connect"));
    assert_eq!(client.next().as_ref().map(text).as_deref(), Some("data ok"));
    client.close();
}

/// Ends a test that would hang; no test waits for it otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
