//! Paths and texts: which of them is used, and which is ignored.

use std::fs;
use std::path::PathBuf;

use ipc_compat::{Config, Dialect, Ipc, Tls};
use ipc_transport::{Endpoint, Transport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::Authority;
use crate::rig::{Lines, config, here, refused, serve, soon, talk, text, trusting, who};

/// Writes a file.
fn file(directory: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

// Tests W70 and W71
both_runtimes!(files_go_before_texts);
async fn files_go_before_texts() {
    let directory = TempDir::new().unwrap();
    let ca = Authority::new("ca");
    for dialect in [Dialect::Classic, Dialect::V14] {
        let (server, client) = (here(&ca), ca.issue(&["client.example"]));
        let mut of_server = Tls::default();
        of_server.private = Some(file(&directory, "server.key", &server.key));
        of_server.public = Some(file(&directory, "server.crt", &server.chain));
        of_server.trusted_connections = vec![file(&directory, "ca.crt", text(&ca))];
        (of_server.key, of_server.cert) = (Some(b"no key".into()), Some(b"none".to_vec()));
        let mut of_server = config(of_server);
        of_server.dialect = dialect;
        let served = serve(of_server).await;
        let mut of_client = Tls::default();
        of_client.private = Some(file(&directory, "client.key", &client.key));
        of_client.public = Some(file(&directory, "client.crt", &client.chain));
        of_client.trusted_connections = vec![file(&directory, "ca.crt", text(&ca))];
        (of_client.key, of_client.cert) = (Some(b"no key".into()), Some(b"none".to_vec()));
        let mut of_client = config(of_client);
        of_client.dialect = dialect;
        talk(served.port, of_client).await;
        served.server.stop().await;
    }
}

// Tests W70: in classic the files take the place of `ca`, in 14 both count.
both_runtimes!(trusted_files_replace_or_join_the_texts);
async fn trusted_files_replace_or_join_the_texts() {
    let directory = TempDir::new().unwrap();
    let (ca, other) = (Authority::new("ca"), Authority::new("another"));
    let served = serve(config(who(&here(&ca)))).await;
    let mut tls = trusting(&ca, Tls::default());
    tls.trusted_connections = vec![file(&directory, "other.crt", text(&other))];
    let mut both = config(tls);
    both.dialect = Dialect::V14;
    talk(served.port, both.clone()).await;
    both.dialect = Dialect::Classic;
    assert_eq!(refused(served.port, both).await, "ERR_IPC_TLS_UNKNOWN_ISSUER");
    served.server.stop().await;
}

both_runtimes!(json_in_node_ipcs_spelling_is_all_it_takes);
async fn json_in_node_ipcs_spelling_is_all_it_takes() {
    let directory = TempDir::new().unwrap();
    let ca = Authority::new("ca");
    let server = here(&ca);
    let path = |name: &str, text: &str| file(&directory, name, text).display().to_string();
    let of_server = serde_json::json!({"id": "world", "networkHost": "localhost", "tls": {
        "private": path("server.key", &server.key),
        "public": path("server.crt", &server.chain),
    }});
    let trusted = path("ca.crt", std::str::from_utf8(&text(&ca)).unwrap());
    let of_client = serde_json::json!({"networkHost": "localhost",
        "tls": {"trustedConnections": trusted}});
    let mut served = Config::classic();
    served.apply_json(&of_server).unwrap();
    served.network_port = 0;
    let served = serve(served).await;
    let mut client = Config::v14();
    client.apply_json(&of_client).unwrap();
    talk(served.port, client).await;
    served.server.stop().await;
}

both_runtimes!(plain_streams_are_encrypted_too);
async fn plain_streams_are_encrypted_too() {
    let ca = Authority::new("ca");
    let transport = Ipc::new(config(who(&here(&ca)))).transport_net(()).unwrap();
    let mut listener = soon(transport.listen()).await.unwrap();
    let Endpoint::Tls { port, .. } = listener.endpoint() else { panic!("no TLS") };
    let mut of_client = config(trusting(&ca, Tls::default()));
    of_client.network_port = port;
    let dialer = Ipc::new(of_client).transport_to_net("world").unwrap();
    let (dialed, accepted) = soon(async { tokio::join!(dialer.dial(), listener.accept()) }).await;
    let (mut client, mut server) = (dialed.unwrap(), accepted.unwrap());
    assert!(client.peer().tls.is_some() && server.peer().tls.is_some());
    client.write_all(b"hello").await.unwrap();
    client.flush().await.unwrap();
    let mut heard = [0; 5];
    soon(server.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"hello");
}

// Tests W72
#[cfg(unix)]
both_runtimes!(local_sockets_stay_plain);
#[cfg(unix)]
async fn local_sockets_stay_plain() {
    use tokio::net::UnixStream;

    let directory = TempDir::new().unwrap();
    let path = directory.path().join("app.world");
    let lines = Lines::default();
    let mut local = config(Tls::default());
    local.logger = Some(lines.logger());
    let server = Ipc::new(local).serve(path.as_path()).unwrap();
    server.on("ask", |text: String, socket| socket.emit("answer", &text).unwrap());
    server.start().await.unwrap();
    assert!(lines.take().iter().any(|line| line.contains("local sockets stay plain")));
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(b"{\"type\":\"ask\",\"data\":\"x\"}\x0c").await.unwrap();
    let mut answer = vec![0; 28];
    soon(client.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"{\"type\":\"answer\",\"data\":\"x\"}\x0c"[..28]);
    server.stop().await;
}

both_runtimes!(diffie_hellman_parameters_are_said_to_be_of_no_use);
async fn diffie_hellman_parameters_are_said_to_be_of_no_use() {
    let ca = Authority::new("ca");
    let lines = Lines::default();
    let mut tls = who(&here(&ca));
    tls.dhparam = Some("/no/such/file".into());
    let mut of_server = config(tls);
    of_server.logger = Some(lines.logger());
    let served = serve(of_server.clone()).await;
    assert!(lines.take().iter().any(|line| line.contains("dhparam")));
    of_server.silent = true;
    Ipc::new(of_server).serve_net(()).unwrap();
    assert_eq!(lines.take(), [""; 0], "silent is silent");
    talk(served.port, config(trusting(&ca, Tls::default()))).await;
    served.server.stop().await;
}
