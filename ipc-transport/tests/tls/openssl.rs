//! OpenSSL's own client and server as the peer, if the machine has the program.

use std::io::Write;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use ipc_transport::{TlsTransport, Transport};

use crate::certificates::Authority;
use crate::rig::{client, listen, port, server, soon};

#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn openssl(words: &[&str]) -> Option<Child> {
    let started = Command::new("openssl")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    if started.is_err() {
        println!("SKIPPED: this machine has no openssl");
    }
    started.ok()
}

#[tokio::test]
async fn its_client_sends_and_reads_a_frame() {
    let authority = Authority::new("ca");
    let mut listener = listen(server(&authority.local())).await;
    let address = format!("127.0.0.1:{}", port(&*listener));
    let Some(mut child) = openssl(&["s_client", "-quiet", "-connect", &address]) else { return };
    let mut stdin = child.stdin.take().expect("stdin");
    let mut stdout = child.stdout.take().expect("stdout");
    let mut stream = soon(listener.accept()).await.expect("a connection");
    stdin.write_all(b"{\"type\":\"ask\",\"data\":1}\x0c\n").await.expect("a write");
    let mut asked = vec![0; 24];
    soon(stream.read_exact(&mut asked)).await.expect("the frame");
    assert_eq!(asked, b"{\"type\":\"ask\",\"data\":1}\x0c");
    let answer = b"{\"type\":\"answer\",\"data\":2}\x0c";
    stream.write_all(answer).await.expect("a write");
    stream.flush().await.expect("a flush");
    let mut read = vec![0; answer.len()];
    soon(stdout.read_exact(&mut read)).await.expect("the answer");
    assert_eq!(read, answer);
}

#[tokio::test]
async fn its_server_answers_in_both_versions() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(format!("{}{}", identity.chain, identity.key).as_bytes()).expect("a write");
    let path = file.path().display().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        // A port that was free a moment ago: somebody else may have taken it meanwhile.
        for attempt in 0.. {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let accept = format!("127.0.0.1:{port}");
            let words = ["s_server", "-accept", &accept, "-cert", &path, "-key", &path, version];
            let Some(mut child) = openssl(&[&words[..], &["-rev"]].concat()) else { return };
            let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
            let ready = async {
                while let Ok(Some(line)) = lines.next_line().await {
                    if line.contains("ACCEPT") {
                        return true;
                    }
                }
                false
            };
            if !soon(ready).await {
                assert!(attempt < 10, "openssl does not start");
                continue;
            }
            let transport = TlsTransport::new("127.0.0.1", port).with_client(client(&authority));
            let mut stream = soon(transport.dial()).await.expect("a connection");
            stream.write_all(b"hello\n").await.expect("a write");
            stream.flush().await.expect("a flush");
            let mut answer = [0; 6];
            soon(stream.read_exact(&mut answer)).await.expect("an answer");
            assert_eq!(&answer, b"olleh\n");
            break;
        }
    }
}
