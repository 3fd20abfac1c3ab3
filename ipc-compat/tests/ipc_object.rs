//! The `Ipc` object: its calls, their arguments, and the order of its events.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_compat::{Config, Ipc, IpcError, RawJson, Retries, Socket};
use ipc_transport::Endpoint;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// An object whose local sockets are in a directory of its own.
fn ipc(directory: &TempDir, id: &str) -> Ipc {
    let mut config = Config::classic();
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.id = id.to_owned();
    config.network_host = own_address();
    Ipc::new(config)
}

/// Returns a loopback address that is one test's own, so that its ports are all free. Where there is
/// only one loopback address, the tests of ports depend on no other program using them.
fn own_address() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    let (id, test) = (std::process::id(), USED.fetch_add(1, Ordering::Relaxed));
    match cfg!(target_os = "linux") {
        true => format!("127.{}.{}.{}", 2 + test % 250, 1 + id / 250 % 250, 1 + id % 250),
        false => "127.0.0.1".to_owned(),
    }
}

/// Returns what arrives, or panics after ten seconds.
async fn next<T>(receiver: &mut mpsc::UnboundedReceiver<T>) -> T {
    let item = tokio::time::timeout(Duration::from_secs(10), receiver.recv()).await;
    item.expect("nothing came within ten seconds").expect("nothing comes any more")
}

// Tests W26
both_runtimes!(the_readmes_hello_world_works);
async fn the_readmes_hello_world_works() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    let server = ipc.serve(()).unwrap();
    server.on("message", |text: String, socket| {
        socket.emit("message", &format!("{text} world!")).unwrap();
    });
    let endpoint = server.start().await.unwrap();
    assert_eq!(endpoint, Endpoint::Unix(directory.path().join("app.world")));

    let (heard, mut hears) = mpsc::unbounded_channel();
    let _world = ipc
        .connect_to(("world", move |ipc: &Ipc| {
            let world = ipc.of("world").expect("it is there when the callback runs");
            world.on_connect(|world| world.emit("message", "hello").unwrap());
            world.on("message", move |text: String, _| heard.send(text).unwrap());
        }))
        .unwrap();
    assert_eq!(next(&mut hears).await, "hello world!");
    let report = ipc.disconnect("world").unwrap().close().await;
    assert!(report.undelivered.is_empty());
    assert!(ipc.of("world").is_none());
    assert!(ipc.disconnect("world").is_none());
    assert_eq!(server.stop().await.cut, 0);
    assert!(!directory.path().join("app.world").exists());
}

// Tests W34, W40
both_runtimes!(arguments_may_be_left_out_but_stay_in_order);
async fn arguments_may_be_left_out_but_stay_in_order() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "here");
    let (host, port) = (ipc.config().network_host, ipc.config().network_port);
    let host = host.as_str();
    let path = directory.path().join("explicit");
    let started = Arc::new(Mutex::new(0));
    let count = |started: &Arc<Mutex<i32>>| {
        let started = Arc::clone(started);
        move |_: &Ipc| *started.lock().unwrap() += 1
    };
    let unix = |path: &std::path::Path| Endpoint::Unix(path.to_owned());
    let tcp = |port| Endpoint::Tcp { host: host.to_owned(), port };

    let default = directory.path().join("app.here");
    check(ipc.serve(count(&started)), &unix(&default)).await;
    check(ipc.serve(""), &unix(&default)).await;
    check(ipc.serve(path.clone()), &unix(&path)).await;
    check(ipc.serve((path.as_path(), count(&started))), &unix(&path)).await;
    check(ipc.serve_net(()), &tcp(port)).await;
    check(ipc.serve_net(count(&started)), &tcp(port)).await;
    check(ipc.serve_net(0), &tcp(port)).await;
    check(ipc.serve_net(host), &tcp(port)).await;
    check(ipc.serve_net((host, 0)), &tcp(port)).await;
    let other = port + 1;
    check(ipc.serve_net(other), &tcp(other)).await;
    check(ipc.serve_net((other, count(&started))), &tcp(other)).await;
    check(ipc.serve_net((host, other)), &tcp(other)).await;
    check(ipc.serve_net((host, other, count(&started))), &tcp(other)).await;
    assert_eq!(*started.lock().unwrap(), 5);

    let refused = ipc.serve_net(70_000).unwrap_err();
    assert_eq!(refused, IpcError::InvalidPort { port: 70_000 });
    assert_eq!(ipc.connect_to("").unwrap_err(), IpcError::NoId);
}

async fn check(server: Result<ipc_compat::IpcServer, IpcError>, expected: &Endpoint) {
    let server = server.unwrap();
    assert_eq!(&server.start().await.unwrap(), expected);
    server.stop().await;
}

both_runtimes!(a_second_connect_to_finds_the_first_client);
async fn a_second_connect_to_finds_the_first_client() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    ipc.serve(()).unwrap().start().await.unwrap();
    let first = ipc.connect_to("world").unwrap();
    first.connected().await.unwrap();
    let (called, mut calls) = mpsc::unbounded_channel();
    let second = ipc.connect_to(("world", move |_: &Ipc| called.send(()).unwrap())).unwrap();
    next(&mut calls).await;
    assert_eq!(first.socket(), second.socket());
    // One that has ended is replaced.
    first.close().await;
    let third = ipc.connect_to("world").unwrap();
    assert_ne!(first.socket(), third.socket());
    third.connected().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retries_run_out_in_the_recorded_order() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "absent");
    ipc.configure(|config| {
        config.retry = Duration::from_millis(100);
        config.max_retries = Retries::Times(2);
    });
    let (told, mut tells) = mpsc::unbounded_channel();
    let start = tokio::time::Instant::now();
    let tell = move |what: &'static str| {
        let told = told.clone();
        move || told.send((what, start.elapsed().as_millis())).unwrap()
    };
    let _world = ipc
        .connect_to(("world", move |ipc: &Ipc| {
            let world = ipc.of("world").unwrap();
            let (error, disconnect) = (tell("error"), tell("disconnect"));
            world.on_error(move |_| error());
            world.on_disconnect(move |_| disconnect());
            world.on_destroy(tell("destroy"));
        }))
        .unwrap();
    // Tests W51
    let expected = [
        ("error", 0),
        ("disconnect", 0),
        ("error", 100),
        ("disconnect", 100),
        ("error", 200),
        ("disconnect", 200),
        ("destroy", 200),
    ];
    for (what, at) in expected {
        let (told, when) = next(&mut tells).await;
        assert_eq!(told, what);
        assert!((at..at + 10).contains(&when), "{what} at {when} ms, expected {at}");
    }
}

// Tests W52
both_runtimes!(stop_retrying_reaches_a_client_that_waits);
async fn stop_retrying_reaches_a_client_that_waits() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "absent");
    ipc.configure(|config| config.retry = Duration::from_secs(3600));
    let client = ipc.connect_to("world").unwrap();
    let (lost, mut losses) = mpsc::unbounded_channel();
    client.on_disconnect(move |_| lost.send(()).unwrap());
    client.start().unwrap();
    next(&mut losses).await;
    ipc.configure(|config| config.stop_retrying = true);
    client.connected().await.unwrap_err();
}

// Tests W52
both_runtimes!(stop_retrying_can_be_taken_back);
async fn stop_retrying_can_be_taken_back() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    ipc.configure(|config| config.retry = Duration::from_millis(1));
    let server = ipc.serve(()).unwrap();
    server.start().await.unwrap();
    let client = ipc.connect_to("world").unwrap();
    client.connected().await.unwrap();
    ipc.configure(|config| config.stop_retrying = true);
    ipc.configure(|config| config.stop_retrying = false);
    let (lost, mut losses) = mpsc::unbounded_channel();
    client.on_disconnect(move |_| lost.send(()).unwrap());
    server.stop().await;
    next(&mut losses).await;
    ipc.serve(()).unwrap().start().await.unwrap();
    client.connected().await.unwrap();
}

// Tests W48
#[cfg(target_os = "linux")]
both_runtimes!(a_client_comes_from_the_interface_of_the_config);
#[cfg(target_os = "linux")]
async fn a_client_comes_from_the_interface_of_the_config() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    let server = ipc.serve_net(()).unwrap();
    let (told, mut tells) = mpsc::unbounded_channel();
    server.on_connect(move |socket| told.send(socket.info().unwrap().remote.unwrap()).unwrap());
    server.start().await.unwrap();
    // Every address of the network 127 is this machine's.
    let from = format!("{}:7198", own_address()).parse::<std::net::SocketAddr>().unwrap();
    ipc.configure(|config| {
        config.interface.local_address = Some(from.ip());
        config.interface.local_port = Some(from.port());
    });
    ipc.connect_to_net("world").unwrap().connected().await.unwrap();
    assert_eq!(next(&mut tells).await, from);
    // A name without an address of the family cannot be reached, an address can.
    ipc.configure(|config| {
        config.interface = ipc_compat::Interface::default();
        config.interface.family = Some(ipc_compat::Family::V6);
        config.max_retries = Retries::Times(0);
    });
    ipc.connect_to_net("again").unwrap().connected().await.unwrap();
}

// Tests W22, W53: what is sent before the connection is made is not lost.
both_runtimes!(a_client_names_itself_and_leaves_in_node_ipcs_order);
async fn a_client_names_itself_and_leaves_in_node_ipcs_order() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    let server = ipc.serve(()).unwrap();
    let (told, mut tells) = mpsc::unbounded_channel();
    let tell = told.clone();
    server.on_connect(move |_| tell.send("connect".to_owned()).unwrap());
    let tell = told.clone();
    server.on_any(move |message, _| tell.send(message.event().to_owned()).unwrap());
    let tell = told;
    server.on_socket_disconnected(move |_, id| {
        tell.send(id.map_or_else(|| "absent".to_owned(), RawJson::to_string)).unwrap();
    });
    server.start().await.unwrap();
    for (data, id) in [(r#"{"id":"me"}"#, "\"me\""), (r#"{"id":0}"#, "absent")] {
        let client = ipc.connect_to("world").unwrap();
        client.emit("hello", &data.parse::<RawJson>().unwrap()).unwrap();
        ipc.disconnect("world").unwrap().close().await;
        assert_eq!(next(&mut tells).await, "connect");
        assert_eq!(next(&mut tells).await, "hello");
        assert_eq!(next(&mut tells).await, id);
    }
}

// Tests W2, W22
both_runtimes!(objects_of_one_process_have_configs_of_their_own);
async fn objects_of_one_process_have_configs_of_their_own() {
    let directory = TempDir::new().unwrap();
    let with = |id: &str, change: fn(&mut Config)| {
        let ipc = ipc(&directory, id);
        ipc.configure(change);
        ipc
    };
    let lines = with("lines", |config| config.delimiter = ipc_codec::Delimiter::new("\n").unwrap());
    let frames = with("frames", |config| config.dialect = ipc_compat::Dialect::V14);
    let bytes = with("bytes", |config| config.raw_buffer = true);
    let (heard, mut hears) = mpsc::unbounded_channel();
    for ipc in [&lines, &frames] {
        let server = ipc.serve(()).unwrap();
        let (heard, named) = (heard.clone(), server.clone());
        server.on("told", move |data: RawJson, socket| {
            let id = named.socket_id(socket).map(|id| id.to_string());
            heard.send(format!("{data} {id:?}")).unwrap();
        });
        server.start().await.unwrap();
    }
    let server = bytes.serve(()).unwrap();
    server.on_data(move |data, _| heard.send(format!("{data:?}")).unwrap());
    server.start().await.unwrap();

    let told = r#"{"id":"me"}"#.parse::<RawJson>().unwrap();
    lines.connect_to("lines").unwrap().emit("told", &told).unwrap();
    // Classic takes the id before the handler runs, v14 not unless asked to.
    assert_eq!(next(&mut hears).await, r#"{"id":"me"} Some("\"me\"")"#);
    frames.connect_to("frames").unwrap().emit("told", &told).unwrap();
    assert_eq!(next(&mut hears).await, r#"{"id":"me"} None"#);
    bytes.connect_to("bytes").unwrap().emit_raw("raw").unwrap();
    assert_eq!(next(&mut hears).await, r#"b"raw""#);
}

#[cfg(unix)]
both_runtimes!(a_socket_that_is_open_already_is_served);
#[cfg(unix)]
async fn a_socket_that_is_open_already_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.world");
    let open = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let ipc = Ipc::new(Config::classic());
    let server = ipc.serve_on(ipc_transport::OpenTransport::new(open).unwrap()).unwrap();
    server.on("ask", |question: String, socket| {
        let _ = socket.emit("answer", &format!("{question}!"));
    });
    server.start().await.unwrap();
    let client = ipc.connect_to(("world", path.as_path())).unwrap();
    let (heard, mut answers) = mpsc::unbounded_channel();
    client.on("answer", move |answer: String, _| heard.send(answer).unwrap());
    client.emit("ask", "hello").unwrap();
    assert_eq!(answers.recv().await.as_deref(), Some("hello!"));
    client.close().await;
    server.stop().await;
    assert!(path.exists(), "the file is its maker's");
}

both_runtimes!(each_connection_is_greeted_and_the_end_can_be_waited_for);
async fn each_connection_is_greeted_and_the_end_can_be_waited_for() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    ipc.configure(|config| config.retry = Duration::from_millis(1));
    let client = ipc.connect_to("world").unwrap();
    client.on_connect(|world| world.emit("hello", "it's me").unwrap());
    client.start().unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    for _ in 0..2 {
        let server = ipc.serve(()).unwrap();
        let heard = heard.clone();
        server.on("hello", move |text: String, _| heard.send(text).unwrap());
        server.start().await.unwrap();
        assert_eq!(next(&mut hears).await, "it's me");
        server.stop().await;
    }
    // A wait that is cancelled, here before the end, has no effect.
    let waits = tokio::time::timeout(Duration::ZERO, client.closed()).await;
    assert!(waits.is_err(), "a lost connection is not the end");
    ipc.configure(|config| config.stop_retrying = true);
    client.closed().await;
    client.closed().await;
}

both_runtimes!(lifecycle_handlers_may_run_once_and_be_removed);
async fn lifecycle_handlers_may_run_once_and_be_removed() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory, "world");
    ipc.configure(|config| config.retry = Duration::from_millis(1));
    let (told, mut tells) = mpsc::unbounded_channel();
    let tell = |what: &'static str| {
        let told = told.clone();
        move |_: &Socket| told.send(what).unwrap()
    };
    let client = ipc.connect_to("world").unwrap();
    let removed = client.on_connect(tell("it was removed"));
    assert!(client.off(removed) && !client.off(removed));
    client.once_connect(tell("once connect"));
    client.on_connect(tell("connect"));
    client.start().unwrap();
    for round in [1, 2] {
        let server = ipc.serve(()).unwrap();
        server.once_connect(tell("server once connect"));
        server.start().await.unwrap();
        // Which side is notified first is the scheduler's choice.
        let expected = ["connect", "server once connect", "once connect"];
        let mut expected = expected.get(..if round == 1 { 3 } else { 2 }).unwrap().to_vec();
        expected.sort_unstable();
        let mut heard = Vec::new();
        for _ in &expected {
            heard.push(next(&mut tells).await);
        }
        heard.sort_unstable();
        assert_eq!(heard, expected);
        let lost = told.clone();
        client.once_disconnect(move |_| lost.send("once disconnect").unwrap());
        server.stop().await;
        assert_eq!(next(&mut tells).await, "once disconnect");
    }
}
