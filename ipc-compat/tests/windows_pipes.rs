//! Local sockets on Windows: named pipes, by node-ipc's rule for their names.
#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc, Resolve, Retries};
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

/// Returns a name that no other test has: twins run at the same time.
fn fresh(what: &str) -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    let (id, test) = (std::process::id(), USED.fetch_add(1, Ordering::Relaxed));
    format!("ipc-compat-{id}-{test}-{what}")
}

// Tests W33
both_runtimes!(a_path_is_the_name_of_a_pipe_on_both_sides);
async fn a_path_is_the_name_of_a_pipe_on_both_sides() {
    let name = fresh("path");
    let path = format!("/tmp/app.{name}");
    let pipe = format!(r"\\.\pipe\tmp-app.{name}");
    assert_eq!(meet(&path, &path).await, Endpoint::Pipe(pipe.clone()));
    // A full name is used unchanged, by the server too.
    assert_eq!(meet(&path, &pipe).await, Endpoint::Pipe(pipe.clone()));
    assert_eq!(meet(&pipe, &path).await, Endpoint::Pipe(pipe));
}

both_runtimes!(without_a_path_the_name_is_made_of_root_appspace_and_id);
async fn without_a_path_the_name_is_made_of_root_appspace_and_id() {
    for (dialect, root) in [(Dialect::Classic, "tmp-"), (Dialect::V14, "node-ipc-")] {
        let id = fresh(root);
        let server = Ipc::new(config(dialect, &id)).serve(()).unwrap();
        let Endpoint::Pipe(name) = server.start().await.unwrap() else { panic!("no pipe") };
        assert!(name.starts_with(&format!(r"\\.\pipe\{root}")), "{name}");
        assert!(name.ends_with(&format!("app.{id}")), "{name}");
        server.stop().await;
    }
}

fn config(dialect: Dialect, id: &str) -> Config {
    let mut config = match dialect {
        Dialect::V14 => Config::v14(),
        _ => Config::classic(),
    };
    config.id = id.to_owned();
    config.max_retries = Retries::Times(0);
    config
}

// Tests W31, W33
both_runtimes!(a_client_finds_the_pipe_of_the_other_family);
async fn a_client_finds_the_pipe_of_the_other_family() {
    for (servers, clients) in [(Dialect::Classic, Dialect::V14), (Dialect::V14, Dialect::Classic)] {
        let id = fresh(&format!("family-{servers:?}"));
        let server = Ipc::new(config(servers, &id)).serve(()).unwrap();
        let endpoint = server.start().await.unwrap();
        let client = Ipc::new(config(clients, &id)).connect_to(id.as_str()).unwrap();
        assert!(client.connected().await.is_err(), "without being told to it looks in its own");
        let mut both = config(clients, &id);
        both.resolve = Resolve::auto();
        let client = Ipc::new(both).connect_to(id.as_str()).unwrap();
        client.connected().await.unwrap();
        assert_eq!(client.core().peer().info().unwrap().endpoint, endpoint);
        client.close().await;
        server.stop().await;
    }
}

// Tests W36
both_runtimes!(a_pipe_may_be_for_everybody);
async fn a_pipe_may_be_for_everybody() {
    for (readable, writable) in [(true, false), (false, true), (true, true)] {
        let mut config = Config::classic();
        (config.readable_all, config.writable_all) = (readable, writable);
        let server = Ipc::new(config).serve(fresh("rights")).unwrap();
        server.start().await.unwrap();
        server.stop().await;
    }
}
