//! A peer in C: on the plain stream of a socket, and in raw mode.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::print_stdout, reason = "it says what it skips")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bytes::{BufMut, BytesMut};
use ipc_compat::{Config, Ipc, RawSocket};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

/// Compiles the program in C of the examples; `None`, and a line that says so, without a compiler.
fn compiled(directory: &TempDir) -> Option<PathBuf> {
    let program = directory.path().join("peer");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/raw_stream.c");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-o"]);
    match cc.arg(&program).arg(source).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(program)
        }
        Err(error) => {
            println!("SKIPPED: there is no `cc` here: {error}");
            None
        }
    }
}

fn ipc(directory: &TempDir) -> Ipc {
    let mut config = Config::classic();
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.id = "world".to_owned();
    config.raw_buffer = true;
    Ipc::new(config)
}

fn start(program: &Path, directory: &TempDir) -> Child {
    let socket = directory.path().join("app.world");
    Command::new(program).arg(socket).stdout(Stdio::piped()).spawn().unwrap()
}

/// Checks that the peer succeeded, and what it received.
async fn check_content(peer: Child) {
    let output = tokio::task::spawn_blocking(|| peer.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "got number 7, value 100000, reading -0.3125\n");
    assert!(output.status.success());
}

both_runtimes!(numbers_of_both_byte_orders_cross_a_plain_stream);
async fn numbers_of_both_byte_orders_cross_a_plain_stream() {
    let directory = TempDir::new().unwrap();
    let Some(program) = compiled(&directory) else { return };
    let mut listener = ipc(&directory).transport(()).unwrap().listen().await.unwrap();
    let peer = start(&program, &directory);
    let mut stream = listener.accept().await.unwrap();
    assert_eq!(stream.read_u16().await.unwrap(), 7);
    assert_eq!(stream.read_i32().await.unwrap(), -100_000);
    assert_eq!(stream.read_f64_le().await.unwrap(), -0.156_25);
    stream.write_u16(7).await.unwrap();
    stream.write_i32_le(100_000).await.unwrap();
    stream.write_f64(-0.3125).await.unwrap();
    check_content(peer).await;
    listener.close().await.unwrap();
    assert!(!directory.path().join("app.world").exists());
}

both_runtimes!(raw_mode_serves_a_peer_in_c);
async fn raw_mode_serves_a_peer_in_c() {
    let directory = TempDir::new().unwrap();
    let Some(program) = compiled(&directory) else { return };
    let ipc = ipc(&directory);
    let server = ipc.serve(()).unwrap();
    let (sender, mut chunks) = mpsc::unbounded_channel();
    server.on_data(move |bytes, socket| sender.send((bytes, socket.clone())).unwrap());
    server.start().await.unwrap();
    let peer = start(&program, &directory);
    let mut command = BytesMut::new();
    let socket = loop {
        let (bytes, socket) = chunks.recv().await.unwrap();
        command.extend_from_slice(&bytes);
        if command.len() >= 14 {
            break socket;
        }
    };
    assert_eq!(*command, *b"\x00\x07\xff\xfe\x79\x60\x00\x00\x00\x00\x00\x00\xc4\xbf");
    let mut answer = BytesMut::new();
    answer.put_u16(7);
    answer.put_i32_le(100_000);
    answer.put_f64(-0.3125);
    // In two pieces: the peer reads on until it has all.
    let rest = answer.split_off(5);
    socket.write(answer).unwrap();
    socket.write(rest).unwrap();
    check_content(peer).await;
    server.stop().await;
}

both_runtimes!(a_client_dials_a_plain_stream_too);
async fn a_client_dials_a_plain_stream_too() {
    let directory = TempDir::new().unwrap();
    let ipc = ipc(&directory);
    let mut listener = ipc.transport(()).unwrap().listen().await.unwrap();
    let dialled = ipc.transport_to("world").unwrap();
    let (client, accepted) = tokio::join!(dialled.dial(), listener.accept());
    let (mut client, mut accepted) = (client.unwrap(), accepted.unwrap());
    client.write_u32_le(0x00ff_eecc).await.unwrap();
    assert_eq!(accepted.read_u32().await.unwrap(), 0xccee_ff00);
}
