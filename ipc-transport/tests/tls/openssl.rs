//! OpenSSL's own client and server as the peer, if the machine has the program.

use std::io::Write;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use ipc_transport::{ClientAuth, Pem, Stream, TlsClient, TlsServer, TlsTransport, Transport};

use crate::certificates::Authority;
use crate::openssl_files::Openssl;
use crate::rig::{both, client, listen, port, server, soon};

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

/// Starts a server with these words at a free port; `None` if the machine has no openssl.
async fn serve(words: &[&str]) -> Option<(Child, u16)> {
    // A port that was free a moment ago: somebody else may have taken it meanwhile.
    for _ in 0..10 {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let accept = format!("127.0.0.1:{port}");
        let mut child = openssl(&[&["s_server", "-accept", &accept, "-rev"], words].concat())?;
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("ACCEPT") {
                    // What it says later has to go somewhere.
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return true;
                }
            }
            false
        };
        if soon(ready).await {
            return Some((child, port));
        }
    }
    panic!("openssl does not start: {words:?}");
}

/// Says something to a server that turns lines round.
async fn talk(stream: &mut Stream) {
    stream.write_all(b"hello\n").await.expect("a write");
    stream.flush().await.expect("a flush");
    let mut answer = [0; 6];
    soon(stream.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(&answer, b"olleh\n");
}

#[tokio::test]
async fn its_server_answers_in_both_versions() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(format!("{}{}", identity.chain, identity.key).as_bytes()).expect("a write");
    let path = file.path().display().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        let Some((_child, port)) = serve(&["-cert", &path, "-key", &path, version]).await else {
            return;
        };
        let transport = TlsTransport::new("127.0.0.1", port).with_client(client(&authority));
        talk(&mut soon(transport.dial()).await.expect("a connection")).await;
    }
}

both_runtimes!(its_server_may_have_any_key_if_nothing_is_checked);
/// Whoever checks nothing takes any certificate, also with a key that cannot be computed with here:
/// then nothing proves that the peer has it.
async fn its_server_may_have_any_key_if_nothing_is_checked() {
    let Some(place) = Openssl::new() else { return };
    let p521 = cfg!(feature = "tls-aws-lc-rs");
    for (key, version, proven) in [
        ("rsa:2048", "-tls1_2", true),
        ("rsa:2048", "-tls1_3", true),
        ("rsa:1024", "-tls1_2", false),
        ("rsa:1024", "-tls1_3", false),
        ("rsa-pss -pkeyopt rsa_keygen_bits:2048", "-tls1_3", false),
        ("ed448", "-tls1_3", false),
        ("ec -pkeyopt ec_paramgen_curve:P-384", "-tls1_2", true),
        ("ec -pkeyopt ec_paramgen_curve:P-521", "-tls1_3", p521),
    ] {
        place.run(&format!(
            "req -x509 -newkey {key} -nodes -subj /CN=me -keyout key.pem -out cert.pem"
        ));
        let path = |name| place.path(name).display().to_string();
        let (cert, key_file) = (path("cert.pem"), path("key.pem"));
        let words = ["-cert", &cert, "-key", &key_file, "-cipher", "DEFAULT@SECLEVEL=0", version];
        let Some((_child, port)) = serve(&words).await else { return };
        let client = TlsClient::builder().dangerous_accept_any_certificate().build();
        let transport = TlsTransport::new("127.0.0.1", port).with_client(client.expect("a client"));
        let mut stream =
            soon(transport.dial()).await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        talk(&mut stream).await;
        let tls = stream.peer().tls.clone().expect("TLS");
        assert_eq!((tls.verified, tls.proven), (false, proven), "{key} {version}");
    }
}

/// A key that cannot be computed with is no proof, whoever has signed its certificate.
#[test]
fn a_client_that_proves_nothing_is_not_verified() {
    let Some(place) = Openssl::new() else { return };
    place.run(&format!("{CA} -keyout ca.key -out ca.pem"));
    place.run("req -new -newkey ed448 -nodes -subj /CN=client -keyout client.key -out client.csr");
    std::fs::write(place.path("ext"), "subjectAltName=DNS:client\n").expect("a file");
    place.run("x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out client.pem");
    let path = |name| place.path(name).display().to_string();
    let (cert, key) = (path("client.pem"), path("client.key"));
    both(async || {
        for (auth, taken) in [(ClientAuth::Asked, true), (ClientAuth::Required, false)] {
            let identity = Authority::new("ours").local();
            let builder = TlsServer::builder(identity.chain(), identity.key());
            let builder = builder.client_ca(Pem::file(place.path("ca.pem"))).client_auth(auth);
            let mut listener = listen(builder.build().expect("a server")).await;
            let address = format!("127.0.0.1:{}", port(&*listener));
            let words = ["s_client", "-quiet", "-connect", &address, "-cert", &cert, "-key", &key];
            let Some(_child) = openssl(&words) else { return };
            let accepted = soon(listener.accept()).await;
            assert_eq!(accepted.is_ok(), taken, "{accepted:?}");
            if let Ok(stream) = accepted {
                let tls = stream.peer().tls.clone().expect("TLS");
                assert_eq!((tls.certificates.len(), tls.verified, tls.proven), (1, false, false));
            }
        }
    });
}

const CA: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca";
