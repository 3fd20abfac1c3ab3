//! The profile `assured` end to end: what passes, and what no setting gets around.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ipc_compat::{Config, Dialect, Ipc, IpcError, Profile, Tls, codes};
use ipc_core::EmitError;
use tempfile::TempDir;

fn config(directory: &TempDir) -> Config {
    let mut config = Config::v14();
    config.socket_root = PathBuf::from(format!("{}/root/", directory.path().display()));
    config.id = "world".to_owned();
    config.parser = Profile::Assured;
    config.allowed_events = ["ask".to_owned(), "answer".to_owned()].into();
    config
}

// Tests W16, W32 and W37
both_runtimes!(a_local_conversation_passes);
async fn a_local_conversation_passes() {
    for dialect in [Dialect::V14, Dialect::Classic] {
        let directory = TempDir::new().unwrap();
        let mut config = config(&directory);
        config.dialect = dialect;
        let ipc = Ipc::new(config);
        let server = ipc.serve(()).unwrap();
        server.on("ask", |question: String, socket| {
            let _ = socket.emit("answer", &format!("{question}!"));
        });
        server.start().await.unwrap();
        // Also where the dialect would not make it by itself.
        let root = directory.path().join("root");
        assert_eq!(fs::metadata(root).unwrap().permissions().mode() & 0o777, 0o700);
        let client = ipc.connect_to("world").unwrap();
        let (heard, mut answers) = tokio::sync::mpsc::unbounded_channel();
        client.on("answer", move |answer: String, _| heard.send(answer).unwrap());
        client.emit("ask", "hello").unwrap();
        assert_eq!(answers.recv().await.as_deref(), Some("hello!"));
        match client.emit("tell", "hello") {
            Err(EmitError::Format(error)) => assert_eq!(error.code(), codes::EVENT_NOT_ALLOWED),
            other => panic!("it was sent: {other:?}"),
        }
        client.close().await;
        server.stop().await;
    }
}

#[test]
fn raw_bytes_are_no_way_around_it() {
    let directory = TempDir::new().unwrap();
    let mut config = config(&directory);
    config.raw_buffer = true;
    config.secure_socket_root = false;
    let ipc = Ipc::new(config);
    for refused in [ipc.serve(()), ipc.serve_net(()), ipc.serve_net("udp4")] {
        assert_eq!(refused.unwrap_err().code(), codes::ASSURED_TRANSPORT);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_in_no_directory() {
    let directory = TempDir::new().unwrap();
    let root = config(&directory).socket_root.display().to_string();
    let ipc = Ipc::new(config(&directory));
    for name in ["\0app.world".to_owned(), format!("\0{root}app.world")] {
        let refused = ipc.serve(name).unwrap_err();
        assert_eq!(refused.code(), codes::ASSURED_TRANSPORT);
    }
}

#[test]
fn a_transport_of_the_programs_own_is_refused() {
    let directory = TempDir::new().unwrap();
    let transport = ipc_transport::MemoryTransport::new("assured");
    let refused = Ipc::new(config(&directory)).serve_on(transport).unwrap_err();
    assert_eq!(refused.code(), codes::ASSURED_TRANSPORT);
}

// Tests W38
#[test]
fn what_is_missing_is_named() {
    let directory = TempDir::new().unwrap();
    let mut config = config(&directory);
    let mut tls = Tls::default();
    tls.private = Some("key.pem".into());
    tls.public = Some("cert.pem".into());
    config.tls = Some(tls);
    match Ipc::new(config.clone()).serve_net(()) {
        Err(IpcError::AssuredTls { missing }) => assert!(missing.contains("`ca`"), "{missing}"),
        other => panic!("it was made: {other:?}"),
    }
    config.tls = None;
    let error = Ipc::new(config).serve_net(()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the profile `assured` refuses it: a server on the network needs TLS"
    );
}
