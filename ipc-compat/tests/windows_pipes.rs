//! Local sockets on Windows: named pipes, by node-ipc's rule for their names.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc};
use ipc_transport::Endpoint;
use tokio::sync::mpsc;

/// Starts a server at one place and sends it a message from a client that was given another one.
async fn meet(server: &str, client: &str) -> Endpoint {
    let ipc = Ipc::new(Config::classic());
    let server = ipc.serve(server).unwrap();
    let (heard, mut words) = mpsc::unbounded_channel();
    server.on("message", move |text: String, _| {
        let _ = heard.send(text);
    });
    let endpoint = server.start().await.unwrap();
    let client = ipc.connect_to(("world", client)).unwrap();
    client.emit("message", "hello").unwrap();
    client.close().await;
    let word = tokio::time::timeout(Duration::from_secs(60), words.recv()).await.unwrap();
    assert_eq!(word.as_deref(), Some("hello"));
    server.stop().await;
    endpoint
}

fn fresh(what: &str) -> String {
    format!("ipc-compat-{}-{what}", std::process::id())
}

// Tests W33
#[tokio::test]
async fn a_path_is_the_name_of_a_pipe_on_both_sides() {
    let name = fresh("path");
    let path = format!("/tmp/app.{name}");
    let pipe = format!(r"\\.\pipe\tmp-app.{name}");
    assert_eq!(meet(&path, &path).await, Endpoint::Pipe(pipe.clone()));
    // A full name is taken as it is, by the server too.
    assert_eq!(meet(&path, &pipe).await, Endpoint::Pipe(pipe.clone()));
    assert_eq!(meet(&pipe, &path).await, Endpoint::Pipe(pipe));
}

#[tokio::test]
async fn without_a_path_the_name_is_made_of_root_appspace_and_id() {
    for (dialect, root) in [(Dialect::Classic, "tmp-"), (Dialect::V14, "node-ipc-")] {
        let mut config = match dialect {
            Dialect::V14 => Config::v14(),
            _ => Config::classic(),
        };
        config.id = fresh(root);
        let id = config.id.clone();
        let server = Ipc::new(config).serve(()).unwrap();
        let Endpoint::Pipe(name) = server.start().await.unwrap() else { panic!("no pipe") };
        assert!(name.starts_with(&format!(r"\\.\pipe\{root}")), "{name}");
        assert!(name.ends_with(&format!("app.{id}")), "{name}");
        server.stop().await;
    }
}

// Tests W36
#[tokio::test]
async fn a_pipe_may_be_for_everybody() {
    for (readable, writable) in [(true, false), (false, true), (true, true)] {
        let mut config = Config::classic();
        (config.readable_all, config.writable_all) = (readable, writable);
        let server = Ipc::new(config).serve(fresh("rights")).unwrap();
        server.start().await.unwrap();
        server.stop().await;
    }
}
