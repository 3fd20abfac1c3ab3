//! Servers on UDP, as in node-ipc: without connections, and with an address as the only identity.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on panics"
)]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_compat::{Config, EmitToError, Ipc, IpcServer, NoData, UdpType};
use ipc_core::EmitError;
use ipc_transport::Endpoint;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// A peer that is only a socket.
struct Somebody(UdpSocket);

impl Somebody {
    fn new(address: &str) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(socket)
    }

    fn send(&self, bytes: impl AsRef<[u8]>, to: SocketAddr) {
        self.0.send_to(bytes.as_ref(), to).unwrap();
    }

    /// Returns the next datagram, without keeping the runtime waiting.
    async fn hear(&self) -> (String, SocketAddr) {
        let socket = self.0.try_clone().unwrap();
        let heard = tokio::task::spawn_blocking(move || {
            let mut room = vec![0; 65_536];
            let (length, from) = socket.recv_from(&mut room).unwrap();
            room.truncate(length);
            (String::from_utf8(room).unwrap(), from)
        });
        heard.await.unwrap()
    }
}

/// Returns a config whose port is any that is free.
fn config() -> Config {
    let mut config = Config::classic();
    config.network_port = 0;
    config
}

async fn start(server: &IpcServer) -> SocketAddr {
    let endpoint = server.start().await.unwrap().to_string();
    endpoint.split_once(':').unwrap().1.parse().unwrap()
}

async fn next<T>(receiver: &mut mpsc::UnboundedReceiver<T>) -> T {
    let item = tokio::time::timeout(Duration::from_secs(60), receiver.recv()).await;
    item.expect("nothing came in time").expect("nothing comes any more")
}

// Tests W47
both_runtimes!(each_side_serves_and_emits_to_the_others_address);
async fn each_side_serves_and_emits_to_the_others_address() {
    for (kind, host) in [(UdpType::Udp4, "127.0.0.1"), (UdpType::Udp6, "::1")] {
        let (ours, theirs) = (Ipc::new(config()), Ipc::new(config()));
        let one = ours.serve_net((host, kind)).unwrap();
        let two = theirs.serve_net((host, kind)).unwrap();
        let (heard, mut hears) = mpsc::unbounded_channel();
        one.on("question", |n: u32, socket| socket.emit("answer", &(n + 1)).unwrap());
        two.on("answer", move |n: u32, socket| {
            heard.send((n, socket.info().unwrap().remote)).unwrap();
        });
        let address = start(&one).await;
        start(&two).await;
        two.emit_to(address, "question", &41).unwrap();
        assert_eq!(next(&mut hears).await, (42, Some(address)));
        one.stop().await;
        // The peer has left, which is not an error over UDP.
        two.emit_to((host, address.port()), "question", &1).unwrap();
        two.emit_to((address.ip(), address.port()), "question", &2).unwrap();
        assert_eq!(two.stop().await.cut, 0);
    }
}

// Tests W45 and W49
both_runtimes!(nobody_connects_and_a_broadcast_reaches_whom_was_heard_of);
async fn nobody_connects_and_a_broadcast_reaches_whom_was_heard_of() {
    let server = Ipc::new(config()).serve_net("udp4").unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let told = Arc::clone(&told);
        move || told.lock().unwrap().push(what)
    };
    let (connect, disconnect, close) = (note("connect"), note("disconnected"), note("close"));
    server.on_connect(move |_| connect());
    server.on_socket_disconnected(move |_, _| disconnect());
    server.on_close(move |_| close());
    let (heard, mut hears) = mpsc::unbounded_channel();
    server.on_any(move |message, _| heard.send(message.event().to_owned()).unwrap());
    let address = start(&server).await;
    let (one, two, silent) =
        (Somebody::new("127.0.0.1"), Somebody::new("127.0.0.1"), Somebody::new("127.0.0.1"));
    one.send("{\"type\":\"a\"}\u{c}", address);
    assert_eq!(next(&mut hears).await, "a");
    two.send("{\"type\":\"b\"}\u{c}", address);
    assert_eq!(next(&mut hears).await, "b");
    server.emit_to(silent.0.local_addr().unwrap(), "hello", &NoData).unwrap();
    assert_eq!(silent.hear().await.0, "{\"type\":\"hello\",\"data\":{}}\u{c}");

    assert_eq!(server.broadcast("all", &1).unwrap().sent, 2);
    for peer in [&one, &two] {
        assert_eq!(peer.hear().await, ("{\"type\":\"all\",\"data\":1}\u{c}".to_owned(), address));
    }
    assert_eq!(server.sockets().len(), 3);
    server.stop().await;
    assert_eq!(*told.lock().unwrap(), [""; 0]);
    silent.0.set_nonblocking(true).unwrap();
    assert!(silent.0.recv(&mut [0; 16]).is_err());
}

// Tests W8 and W46
both_runtimes!(white_space_large_messages_and_several_in_one_are_understood);
async fn white_space_large_messages_and_several_in_one_are_understood() {
    let server = Ipc::new(config()).serve_net(UdpType::Udp4).unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    server.on_any(move |message, socket| {
        let remote = socket.info().unwrap().remote.unwrap();
        let data: Value = socket.decode(message).unwrap_or(Value::Null);
        heard.send((remote, message.event().to_owned(), data)).unwrap();
    });
    let address = start(&server).await;
    let (one, two) = (Somebody::new("127.0.0.1"), Somebody::new("127.0.0.1"));
    one.send("  \n\t{\"type\":\"spaced\",\"data\":1}\u{c}", address);
    let from = one.0.local_addr().unwrap();
    assert_eq!(next(&mut hears).await, (from, "spaced".to_owned(), json!(1)));
    one.send("{\"type\":\"a\"}\u{c}{\"type\":\"b\",\"data\":[2]}\u{c}", address);
    assert_eq!(next(&mut hears).await, (from, "a".to_owned(), Value::Null));
    assert_eq!(next(&mut hears).await, (from, "b".to_owned(), json!([2])));

    // Two peers, each with a message of 100 KiB in datagrams of 32 KiB, in turn.
    let text = "0123456789".repeat(10_240);
    let frame = format!("{{\"type\":\"long\",\"data\":\"{text}\"}}\u{c}");
    let (pace, mut ended) = (Somebody::new("127.0.0.1"), 0);
    for part in frame.as_bytes().chunks(32 * 1024) {
        one.send(part, address);
        two.send(part, address);
        // No faster than it is read: the system drops what does not fit into a socket's buffer.
        pace.send("{\"type\":\"read\"}\u{c}", address);
        loop {
            let (_, event, data) = next(&mut hears).await;
            if event == "read" {
                break;
            }
            assert_eq!(data, json!(text));
            ended += 1;
        }
    }
    while ended < 2 {
        assert_eq!(next(&mut hears).await.2, json!(text));
        ended += 1;
    }
}

// Tests W45
both_runtimes!(in_raw_mode_each_datagram_is_one_event);
async fn in_raw_mode_each_datagram_is_one_event() {
    let mut config = config();
    config.raw_buffer = true;
    let server = Ipc::new(config).serve_net("udp4").unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    server.on_data(move |bytes, _| heard.send(bytes.len()).unwrap());
    let address = start(&server).await;
    let somebody = Somebody::new("127.0.0.1");
    for length in [1, 40_000, 3] {
        somebody.send(vec![0; length], address);
    }
    for length in [1, 40_000, 3] {
        assert_eq!(next(&mut hears).await, length);
    }
    server.write_to(somebody.0.local_addr().unwrap(), "bare").unwrap();
    assert_eq!(somebody.hear().await, ("bare".to_owned(), address));
}

both_runtimes!(what_cannot_be_sent_or_served_says_why);
async fn what_cannot_be_sent_or_served_says_why() {
    let ipc = Ipc::new(config());
    let server = ipc.serve_net("udp4").unwrap();
    let address = start(&server).await;
    let host = server.emit_to(("h.com", 1), "t", &1);
    assert!(matches!(host, Err(EmitToError::Host { host }) if host == "h.com"));
    let family = server.emit_to(("::1", 1), "t", &1).unwrap_err();
    assert!(family.to_string().contains("IPv4"), "{family}");
    let large = server.emit_to(address, "t", &"x".repeat(65_507)).unwrap_err();
    let EmitToError::Emit(EmitError::TooLargeForDatagram { limit, actual }) = large else {
        panic!("{large}");
    };
    assert_eq!((limit, actual), (65_507, 65_507 + "{\"type\":\"t\",\"data\":\"\"}\u{c}".len()));

    let taken = ipc.serve_net((i32::from(address.port()), "udp4")).unwrap();
    assert_eq!(taken.start().await.unwrap_err().code(), "address_in_use");
    let family = ipc.serve_net(("127.0.0.1", "udp6")).unwrap().start().await.unwrap_err();
    assert!(family.to_string().contains("\"127.0.0.1\" has no IPv6"), "{family}");
    // Wherever the config's host is of the other family, node-ipc's own way out holds.
    let endpoint = ipc.serve_net(("::1", "udp4")).unwrap().start().await.unwrap();
    assert!(matches!(endpoint, Endpoint::Udp4 { host, .. } if host == "127.0.0.1"));
}
