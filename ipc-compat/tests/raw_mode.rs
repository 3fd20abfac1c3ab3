//! Raw mode: bytes both ways, with nothing added to them and nothing made of them.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on panics"
)]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use ipc_compat::{
    Config, Encoding, Ipc, IpcClient, IpcServer, NodeFormat, RawSocket, RawTarget, codes,
};
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, EmitError, InFlight};
use ipc_transport::{MemoryHub, MemoryTransport, Stream, Transport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

/// An object in raw mode whose local sockets are in a directory of its own.
fn raw(directory: &TempDir, config: Config, encoding: Encoding) -> Ipc {
    let mut config = config;
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.id = "world".to_owned();
    config.raw_buffer = true;
    config.encoding = encoding;
    Ipc::new(config)
}

/// The chunks that come, however they are cut.
struct Chunks {
    coming: mpsc::UnboundedReceiver<Bytes>,
    /// Bytes that came together with expected ones.
    left: Vec<u8>,
}

impl Chunks {
    fn of(client: &IpcClient) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        client.on_data(move |bytes, _| sender.send(bytes).unwrap());
        client.start().unwrap();
        Self { coming: receiver, left: Vec::new() }
    }

    fn of_server(server: &IpcServer) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        server.on_data(move |bytes, _| sender.send(bytes).unwrap());
        Self { coming: receiver, left: Vec::new() }
    }

    async fn expect(&mut self, bytes: &[u8]) {
        while self.left.len() < bytes.len() {
            let chunk = tokio::time::timeout(DEADLINE, self.coming.recv()).await;
            self.left.extend_from_slice(&chunk.expect("in time").expect("more bytes"));
        }
        let later = self.left.split_off(bytes.len());
        assert!(self.left == bytes, "other bytes came than these {}", bytes.len());
        self.left = later;
    }
}

fn echo(server: &IpcServer) {
    server.on_data(|bytes, socket| socket.emit_raw(bytes).unwrap());
}

/// 4 MiB in which every byte value and every pair of neighbours occurs.
fn four_mebibytes() -> Vec<u8> {
    (0..4_u32 << 20).map(|at| (at * 31 + (at >> 8)) as u8).collect()
}

// Tests W92
both_runtimes!(every_byte_and_four_mebibytes_go_there_and_back);
async fn every_byte_and_four_mebibytes_go_there_and_back() {
    for config in [Config::classic(), Config::v14()] {
        for encoding in [Encoding::Utf8, Encoding::Ascii, Encoding::Hex] {
            let directory = TempDir::new().unwrap();
            let ipc = raw(&directory, config.clone(), encoding);
            let server = ipc.serve(()).unwrap();
            echo(&server);
            server.start().await.unwrap();
            let client = ipc.connect_to("world").unwrap();
            let mut chunks = Chunks::of(&client);
            let every: Vec<u8> = (0..=255).collect();
            client.emit_raw(&every).unwrap();
            chunks.expect(&every).await;
            let large = four_mebibytes();
            client.emit_raw(&large).unwrap();
            chunks.expect(&large).await;
            client.close().await;
            server.stop().await;
        }
    }
}

both_runtimes!(tcp_does_it_too);
async fn tcp_does_it_too() {
    let directory = TempDir::new().unwrap();
    let ipc = raw(&directory, Config::classic(), Encoding::Utf8);
    ipc.configure(|config| config.network_port = 0);
    let server = ipc.serve_net(()).unwrap();
    echo(&server);
    let ipc_transport::Endpoint::Tcp { port, .. } = server.start().await.unwrap() else {
        panic!("not TCP");
    };
    let client = ipc.connect_to_net(("world", port)).unwrap();
    let mut chunks = Chunks::of(&client);
    client.emit_raw([0xff, 0x00, 0x0c]).unwrap();
    chunks.expect(b"\xff\x00\x0c").await;
}

// Tests W90
both_runtimes!(the_configs_encoding_makes_bytes_of_text);
async fn the_configs_encoding_makes_bytes_of_text() {
    for (encoding, text, bytes) in [
        (Encoding::Utf8, "é☃", "é☃".as_bytes()),
        (Encoding::Ascii, "é", b"\xe9"),
        (Encoding::Latin1, "☃", b"\x03"),
        (Encoding::Utf16Le, "é", b"\xe9\x00"),
        (Encoding::Base64, "-_ +/", b"\xfb\xff\xbf"),
        (Encoding::Hex, "0a0b0", b"\x0a\x0b"),
    ] {
        let directory = TempDir::new().unwrap();
        let ipc = raw(&directory, Config::classic(), encoding);
        let server = ipc.serve(()).unwrap();
        let mut heard = Chunks::of_server(&server);
        server.on_connect(move |socket| socket.emit_raw(text).unwrap());
        server.start().await.unwrap();
        let client = ipc.connect_to("world").unwrap();
        let mut chunks = Chunks::of(&client);
        chunks.expect(bytes).await;
        client.emit_raw(text).unwrap();
        heard.expect(bytes).await;
        // Bytes are sent as they are under every encoding.
        client.emit_raw(b"\x80\xff").unwrap();
        heard.expect(b"\x80\xff").await;
        client.close().await;
        assert!(heard.left.is_empty() && heard.coming.try_recv().is_err(), "nothing was added");
    }
}

both_runtimes!(a_broadcast_reaches_every_client);
async fn a_broadcast_reaches_every_client() {
    let directory = TempDir::new().unwrap();
    let ipc = raw(&directory, Config::v14(), Encoding::Hex);
    let server = ipc.serve(()).unwrap();
    let (connected, mut connects) = mpsc::unbounded_channel();
    server.on_connect(move |socket| connected.send(socket.clone()).unwrap());
    server.start().await.unwrap();
    let mut clients = Vec::new();
    for id in ["a", "b", "c"] {
        let path = directory.path().join("app.world");
        let client = ipc.connect_to((id, path.as_path())).unwrap();
        let chunks = Chunks::of(&client);
        clients.push((client, chunks));
        connects.recv().await.unwrap();
    }
    let report = server.broadcast_raw("00ff").unwrap();
    assert_eq!((report.sent, report.failed.len()), (3, 0));
    let large = four_mebibytes();
    assert_eq!(server.broadcast_raw(&large).unwrap().sent, 3);
    for (_, chunks) in &mut clients {
        chunks.expect(b"\x00\xff").await;
        chunks.expect(&large).await;
    }
    let first = server.sockets().remove(0);
    server.emit_raw(&first, [1, 2]).unwrap();
    first.send_raw("03").await.unwrap();
    clients[0].1.expect(b"\x01\x02\x03").await;
    assert_eq!(server.all().except(&first).emit_raw("04").unwrap().sent, 2);
    first.join("one").unwrap();
    assert_eq!(server.to("one").send_raw([5]).await.unwrap().sent, 1);
    assert_eq!(server.all().emit_raw("06").unwrap().sent, 3);
    for ((_, chunks), bytes) in clients.iter_mut().zip([b"\x05\x06", b"\x04\x06", b"\x04\x06"]) {
        chunks.expect(bytes).await;
    }
}

both_runtimes!(events_and_bytes_do_not_mix);
async fn events_and_bytes_do_not_mix() {
    let directory = TempDir::new().unwrap();
    let ipc = raw(&directory, Config::classic(), Encoding::Utf8);
    let server = ipc.serve(()).unwrap();
    let (wrong, mut wrongs) = mpsc::unbounded_channel();
    server.on("data", |_: String, _| panic!("there are no events"));
    server.on_error(move |error, _| wrong.send(codes::of(error)).unwrap());
    let mut heard = Chunks::of_server(&server);
    server.start().await.unwrap();
    let client = ipc.connect_to("world").unwrap();
    let refused = client.emit("message", "hello").unwrap_err();
    assert!(matches!(&refused, EmitError::Format(error) if error.code() == codes::RAW_MODE));
    let refused = server.broadcast("message", &1).unwrap_err();
    assert!(matches!(&refused, EmitError::Format(error) if error.code() == codes::RAW_MODE));
    // What looks like an envelope is bytes: it runs no handler and identifies no peer.
    let frame = b"{\"type\":\"data\",\"data\":{\"id\":\"me\"}}\x0c";
    client.emit_raw(frame).unwrap();
    heard.expect(frame).await;
    assert_eq!(wrongs.recv().await.unwrap(), codes::RAW_MODE);
    assert_eq!(server.socket_id(&server.sockets()[0]), None);
}

both_runtimes!(bytes_need_raw_mode);
async fn bytes_need_raw_mode() {
    let directory = TempDir::new().unwrap();
    let ipc = raw(&directory, Config::classic(), Encoding::Utf8);
    ipc.configure(|config| config.raw_buffer = false);
    let server = ipc.serve(()).unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    server.on_data(|_, _| panic!("frames are no raw bytes"));
    server.on("data", move |text: String, _| heard.send(text).unwrap());
    server.start().await.unwrap();
    let client = ipc.connect_to("world").unwrap();
    let not_raw = |error: &EmitError| matches!(error, EmitError::Format(error) if error.code() == codes::NOT_RAW_MODE);
    assert!(not_raw(&client.emit_raw("hello").unwrap_err()));
    assert!(not_raw(&server.broadcast_raw("hello").unwrap_err()));
    assert!(not_raw(&server.to("none").send_raw("hello").await.unwrap_err()));
    client.emit("data", "hello").unwrap();
    assert_eq!(hears.recv().await.unwrap(), "hello");
}

both_runtimes!(what_was_not_written_comes_back_whole);
async fn what_was_not_written_comes_back_whole() {
    let directory = TempDir::new().unwrap();
    let ipc = raw(&directory, Config::classic(), Encoding::Hex);
    let client = ipc.connect_to("absent").unwrap();
    client.emit_raw("00ff").unwrap();
    client.emit_raw([7]).unwrap();
    let report = client.disconnect().await;
    let payloads: Vec<_> = report.undelivered.iter().map(|data| data.payload().unwrap()).collect();
    assert_eq!(payloads, [&b"\x00\xff"[..], b"\x07"]);
}

/// A client over memory and the bare stream of its server.
async fn client_and_stream(in_flight: InFlight) -> (Client<NodeFormat>, Stream) {
    let transport = MemoryTransport::new("raw").with_hub(MemoryHub::new());
    let mut listener = transport.listen().await.unwrap();
    let format = NodeFormat::classic().with_raw(Encoding::Utf8);
    let client = Client::builder(format, transport)
        .reconnect(ReconnectPolicy::never())
        .in_flight(in_flight)
        .build();
    client.start().unwrap();
    let stream = listener.accept().await.unwrap();
    (client, stream)
}

async fn check_bytes(stream: &mut Stream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, expected);
}

async fn check_silent(stream: &mut Stream) {
    let more = tokio::time::timeout(DEADLINE, stream.read_u8()).await;
    assert!(more.is_err(), "a write left before its time: {more:?}");
}

// Tests W60 and W92
#[tokio::test(start_paused = true)]
async fn in_sync_mode_each_write_waits_for_a_chunk() {
    let (client, mut stream) = client_and_stream(InFlight::One).await;
    for text in ["one", "two", "three"] {
        client.peer().emit_raw(text).unwrap();
    }
    check_bytes(&mut stream, b"one").await;
    check_silent(&mut stream).await;
    // Any byte answers.
    stream.write_all(b"\x00").await.unwrap();
    check_bytes(&mut stream, b"two").await;
    check_silent(&mut stream).await;
    stream.write_all(b"a longer answer\x0c\x0c").await.unwrap();
    check_bytes(&mut stream, b"three").await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_that_ends_anywhere_is_no_broken_frame() {
    let (client, mut stream) = client_and_stream(InFlight::Unlimited).await;
    let mut events = client.events();
    stream.write_all(b"half a").await.unwrap();
    // The quiet is what is tested: longer than a frame may be unfinished. The clock is the test's.
    tokio::time::sleep(DEADLINE).await;
    drop(stream);
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(format!("{event:?}"));
    }
    let seen = seen.join("\n");
    assert!(seen.contains("PeerClosed") && !seen.contains("Error"), "{seen}");
}

/// More than any step takes, on a machine with other work.
const DEADLINE: Duration = Duration::from_secs(60);
