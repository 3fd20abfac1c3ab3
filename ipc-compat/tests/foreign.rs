//! Ends within a frame and peers that speak another protocol, as reported to handlers of either role.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::path::PathBuf;

use ipc_compat::{Config, Ipc, NodeFormat, RawSocket as _, codes};
use ipc_core::{Error, MessageFormat};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

fn ipc(directory: &TempDir, config: Config) -> Ipc {
    let mut config = config;
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.id = "world".to_owned();
    config.stop_retrying = true;
    Ipc::new(config)
}

both_runtimes!(a_server_hears_of_an_end_within_a_frame_before_the_end);
async fn a_server_hears_of_an_end_within_a_frame_before_the_end() {
    for config in [Config::classic(), Config::v14()] {
        let directory = tempfile::tempdir().unwrap();
        let ipc = ipc(&directory, config);
        let server = ipc.serve(()).unwrap();
        let (told, mut lines) = mpsc::unbounded_channel();
        let tell = told.clone();
        server.on_error(move |error, socket| {
            let (code, peer) = (codes::of(error), socket.map(|socket| socket.id().get()));
            tell.send(format!("error {code} {peer:?}")).unwrap();
        });
        server.on_close(move |_| told.send("close".to_owned()).unwrap());
        server.start().await.unwrap();
        let path = ipc.config().socket_path("world");
        let mut peer = UnixStream::connect(path).await.unwrap();
        peer.write_all(b"{\"type\":\"m\"}\n").await.unwrap();
        drop(peer);
        assert_eq!(lines.recv().await.unwrap(), "error ERR_IPC_TRUNCATED Some(1)");
        assert_eq!(lines.recv().await.unwrap(), "close");
        server.stop().await;
    }
}

both_runtimes!(a_client_hears_of_an_end_within_a_frame_before_the_end);
async fn a_client_hears_of_an_end_within_a_frame_before_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let ipc = ipc(&directory, Config::classic());
    let listener = UnixListener::bind(ipc.config().socket_path("world")).unwrap();
    let client = ipc.connect_to("world").unwrap();
    let (told, mut lines) = mpsc::unbounded_channel();
    let tell = told.clone();
    client.on_error(move |error| {
        assert!(matches!(error, Error::Truncated { buffered: 9, looks_like: None }));
        tell.send("error").unwrap();
    });
    client.on_disconnect(move |_| told.send("disconnect").unwrap());
    client.start().unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(b"{\"type\":\"").await.unwrap();
    drop(peer);
    assert_eq!(lines.recv().await.unwrap(), "error");
    assert_eq!(lines.recv().await.unwrap(), "disconnect");
}

/// The error of a frame that is not JSON says what it looks like, and does not show it.
#[test]
fn a_frame_that_is_no_json_says_what_it_looks_like() {
    let table: &[(&[u8], Option<&str>)] = &[
        (b"\xEF\xBB\xBF{\"type\":\"secret\"}", Some("a UTF-8 byte order mark (EF BB BF)")),
        (b"\xFF\xFE{\0\"\0s\0e\0c\0", Some("text in UTF-16")),
        (b"GET /secret HTTP/1.1\r\nCookie: secret\r\n", Some("an HTTP request")),
        (b"\0\0\0\x0f{\"secret\":true}", Some("a big-endian length of four bytes")),
        (b"\x82\xa6secret\x01\x01", Some("MessagePack")),
        (b"Content-Length: 3\r\n\r\n{}", Some("a Content-Length header")),
        (b"secret", None),
        (b"{\"secret\":", None),
        (b"{\"secret\":1}\n{\"secret\":2}\n", None),
    ];
    for (frame, looks_like) in table {
        let error = NodeFormat::classic().decode(frame.to_vec().into()).unwrap_err();
        assert_eq!(error.code(), codes::INVALID_JSON);
        assert!(error.message().starts_with("frame is not JSON: "), "{error}");
        let hint = error.message().split_once(": it looks like ");
        match looks_like {
            None => assert_eq!(hint, None),
            Some(expected) => assert!(hint.unwrap().1.contains(expected), "{error}"),
        }
        assert!(!error.message().contains("secret"), "{error}");
    }
}

both_runtimes!(a_server_in_raw_mode_reads_no_more_than_its_peer_does);
/// Answers in raw mode are answers as well.
async fn a_server_in_raw_mode_reads_no_more_than_its_peer_does() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::classic();
    config.raw_buffer = true;
    config.high_water_mark = Some(100_000);
    let ipc = ipc(&directory, config);
    let server = ipc.serve(()).unwrap();
    server.on_data(|bytes, socket| socket.emit_raw(bytes).unwrap());
    server.start().await.unwrap();
    let path = ipc.config().socket_path("world");
    let (mut reader, mut writer) = UnixStream::connect(&path).await.unwrap().into_split();
    let count = 20 << 20;
    let writing = tokio::spawn(async move {
        writer.write_all(&vec![7; count]).await.unwrap();
        writer
    });
    let echoing = loop {
        match server.sockets().into_iter().next() {
            Some(socket) => break socket,
            None => tokio::task::yield_now().await,
        }
    };
    // It stops at its last mark: while another client is answered a hundred times, the server takes
    // nothing from this one, which has more to give.
    let mut other = UnixStream::connect(&path).await.unwrap();
    let last = loop {
        let before = echoing.queued().bytes;
        for _ in 0..100 {
            other.write_all(b"?").await.unwrap();
            assert_eq!(other.read_u8().await.unwrap(), b'?');
        }
        if before >= 400_000 && before == echoing.queued().bytes {
            break before;
        }
    };
    assert!((400_000..600_000).contains(&last), "{last} bytes wait");
    let mut echo = vec![0; count];
    reader.read_exact(&mut echo).await.unwrap();
    assert!(echo.iter().all(|byte| *byte == 7));
    drop(writing.await.unwrap());
    server.stop().await;
}
