//! Peers in other languages: other delimiters, frames cut and joined in every way, and raw bytes.

use ipc_compat::paths::pipe_name;
use ipc_compat::{Encoding, Ipc, IpcClient, IpcServer, RawSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::kit::{DIALECTS, Inbox, Room, inbox, soon};
use crate::program::nodes;

/// One byte, another one, and seven.
const DELIMITERS: [&str; 3] = ["\n", "\r", "<-next>"];

/// Text with each of the delimiters in it.
const TEXT: &str = "first\nsecond\rthird<-next>fourth";

async fn echo(ipc: &Ipc, delimiter: &str) -> IpcServer {
    ipc.configure(|config| config.delimiter = delimiter.parse().unwrap());
    let server = ipc.serve(()).unwrap();
    server.on("echo", |text: String, socket| socket.emit("echo", &text).unwrap());
    server.start().await.unwrap();
    server
}

/// Reads until this many frames have arrived, and returns them.
async fn frames(stream: &mut UnixStream, delimiter: &str, count: usize) -> Vec<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if text.ends_with(delimiter) && text.matches(delimiter).count() == count {
            return text.split_terminator(delimiter).map(str::to_owned).collect();
        }
        let more = soon("an answer", stream.read_buf(&mut read)).await.unwrap();
        assert_ne!(more, 0, "the end");
    }
}

both_runtimes!(frames_may_be_joined_in_a_write_or_cut_to_bytes);
async fn frames_may_be_joined_in_a_write_or_cut_to_bytes() {
    for (dialect, delimiter) in DIALECTS.iter().flat_map(|d| DELIMITERS.map(|it| (*d, it))) {
        let room = Room::new(dialect);
        let _server = echo(&room.ipc("world"), delimiter).await;
        let mut stream = UnixStream::connect(room.path("app.world")).await.unwrap();
        let frame = |n: u32| format!("{{\"type\":\"echo\",\"data\":\"{n}\"}}");
        let several: String = (0..5).map(|n| frame(n) + delimiter).collect();
        stream.write_all(several.as_bytes()).await.unwrap();
        let expected: Vec<_> = (0..5).map(frame).collect();
        assert_eq!(frames(&mut stream, delimiter, 5).await, expected);
        for byte in (frame(5) + delimiter).bytes() {
            stream.write_all(&[byte]).await.unwrap();
            // The other side's task runs and reads what is there.
            tokio::task::yield_now().await;
        }
        assert_eq!(frames(&mut stream, delimiter, 1).await, [frame(5)]);
    }
}

both_runtimes!(a_text_may_hold_any_delimiter);
async fn a_text_may_hold_any_delimiter() {
    for (dialect, delimiter) in DIALECTS.iter().flat_map(|d| DELIMITERS.map(|it| (*d, it))) {
        let room = Room::new(dialect);
        let ipc = room.ipc("world");
        let _server = echo(&ipc, delimiter).await;
        assert_eq!(echoed(&ipc, TEXT).await, TEXT);
    }
}

async fn echoed(ipc: &Ipc, text: &str) -> String {
    let client = ipc.connect_to("world").unwrap();
    let echo = client.next("echo");
    client.emit("echo", text).unwrap();
    let text = soon("the echo", echo).await.unwrap();
    client.close().await;
    text
}

both_runtimes!(node_reads_and_writes_the_delimiters_it_can);
async fn node_reads_and_writes_the_delimiters_it_can() {
    for node in nodes("node_reads_and_writes_the_delimiters_it_can") {
        // Classic versions only know delimiters of one character.
        let can = |delimiter: &&str| room_for(node.dialect, delimiter);
        for delimiter in DELIMITERS.into_iter().filter(can) {
            let room = Room::new(node.dialect);
            let mut server = node.script("p7_echo.cjs", &room.root(), &["serve", delimiter]);
            assert_eq!(server.line().await, "up");
            let ipc = room.ipc("client");
            ipc.configure(|config| config.delimiter = delimiter.parse().unwrap());
            // Node sends back how many characters it read: it does not escape a delimiter of its own.
            assert_eq!(echoed(&ipc, TEXT).await, TEXT.len().to_string());

            let room = Room::new(node.dialect);
            let _server = echo(&room.ipc("world"), delimiter).await;
            let mut client = node.script("p7_echo.cjs", &room.root(), &["connect", delimiter]);
            assert_eq!(client.line().await, "echo hello from node");
        }
    }
}

fn room_for(dialect: ipc_compat::Dialect, delimiter: &str) -> bool {
    dialect == ipc_compat::Dialect::V14 || delimiter.len() == 1
}

/// Returns all byte values, over and over, 4 MiB of them.
fn bytes() -> Vec<u8> {
    (0..=255).cycle().take(4 * 1024 * 1024).collect()
}

fn raw(room: &Room, encoding: Encoding) -> Ipc {
    let ipc = room.ipc("world");
    ipc.configure(|config| {
        config.raw_buffer = true;
        config.encoding = encoding;
    });
    ipc
}

async fn raw_echo(ipc: &Ipc) -> IpcServer {
    let server = ipc.serve(()).unwrap();
    server.on_data(|bytes, socket| socket.emit_raw(bytes).unwrap());
    server.start().await.unwrap();
    server
}

/// Waits until the expected number of bytes has arrived, in whatever chunks.
async fn arrives(data: &mut Inbox<bytes::Bytes>, expected: &[u8]) {
    let mut came = Vec::new();
    while came.len() < expected.len() {
        came.extend_from_slice(&data.next().await);
    }
    assert!(came == expected, "{} bytes came, and not those that were sent", came.len());
}

fn raw_client(ipc: &Ipc) -> (IpcClient, Inbox<bytes::Bytes>) {
    let client = ipc.connect_to("world").unwrap();
    let (hear, data) = inbox();
    client.on_data(move |bytes, _| hear.put(bytes));
    client.start().unwrap();
    (client, data)
}

both_runtimes!(every_byte_and_four_mebibytes_come_back);
async fn every_byte_and_four_mebibytes_come_back() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let ipc = raw(&room, Encoding::Utf8);
        let _server = raw_echo(&ipc).await;
        let (client, mut data) = raw_client(&ipc);
        client.emit_raw(bytes()).unwrap();
        arrives(&mut data, &bytes()).await;
        client.close().await;
    }
}

const ENCODINGS: [(&str, Encoding); 4] = [
    ("hex", Encoding::Hex),
    ("utf8", Encoding::Utf8),
    ("ascii", Encoding::Ascii),
    ("latin1", Encoding::Latin1),
];

/// What a peer in Node returns unharmed. Classic versions make text of what they read, which
/// destroys what is not ASCII, unless the encoding is one that keeps every byte.
fn echoable(node: ipc_compat::Dialect, encoding: Encoding) -> Vec<u8> {
    let keeps = matches!(encoding, Encoding::Hex | Encoding::Latin1);
    match node == ipc_compat::Dialect::V14 || keeps {
        true => bytes(),
        false => bytes().into_iter().map(|byte| byte & 0x7f).collect(),
    }
}

/// What Node sends by itself at the beginning: every byte.
fn greeting() -> Vec<u8> {
    (0..=255).collect()
}

both_runtimes!(node_serves_raw_bytes_under_every_encoding);
async fn node_serves_raw_bytes_under_every_encoding() {
    for node in nodes("node_serves_raw_bytes_under_every_encoding") {
        for (name, encoding) in ENCODINGS {
            let room = Room::new(node.dialect);
            let mut server = node.script("p7_raw.cjs", &room.root(), &["serve", name]);
            assert_eq!(server.line().await, "up");
            let (client, mut data) = raw_client(&raw(&room, encoding));
            arrives(&mut data, &greeting()).await;
            let sent = echoable(node.dialect, encoding);
            client.emit_raw(&sent[..]).unwrap();
            arrives(&mut data, &sent).await;
            client.close().await;
        }
    }
}

both_runtimes!(a_raw_client_in_node_under_every_encoding);
async fn a_raw_client_in_node_under_every_encoding() {
    for node in nodes("a_raw_client_in_node_under_every_encoding") {
        for (name, encoding) in ENCODINGS {
            let room = Room::new(node.dialect);
            let server = raw(&room, encoding).serve(()).unwrap();
            let (come, mut clients) = inbox();
            server.on_connect(move |socket| come.put(socket.clone()));
            let (hear, mut data) = inbox();
            server.on_data(move |bytes, _| hear.put(bytes));
            server.start().await.unwrap();
            let _client = node.script("p7_raw.cjs", &room.root(), &["connect", name]);
            let client = clients.next().await;
            arrives(&mut data, &greeting()).await;
            let sent = echoable(node.dialect, encoding);
            client.emit_raw(&sent[..]).unwrap();
            arrives(&mut data, &sent).await;
        }
    }
}

#[test]
fn a_pipe_is_named_after_its_path_and_a_full_name_stays() {
    assert_eq!(pipe_name("/tmp/app.x"), r"\\.\pipe\tmp-app.x");
    assert_eq!(pipe_name(r"\\.\pipe\of-another-program"), r"\\.\pipe\of-another-program");
}
