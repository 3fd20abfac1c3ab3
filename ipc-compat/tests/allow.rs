//! What a client of node-ipc's form may not send and call, by lists with patterns, over a socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc, IpcServer};
use ipc_core::{Allow, Failure};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

/// A client that is only frames.
struct Plain(BufReader<UnixStream>);

impl Plain {
    fn connect(dir: &TempDir) -> Self {
        let socket = UnixStream::connect(dir.path().join("app.world")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(BufReader::new(socket))
    }

    fn send(&mut self, event: &str, data: &str) {
        let frame = format!("{{\"type\":\"{event}\",\"data\":{data}}}\x0c");
        self.0.get_mut().write_all(frame.as_bytes()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut frame = Vec::new();
        self.0.read_until(b'\x0c', &mut frame).unwrap();
        String::from_utf8(frame).unwrap().trim_end_matches('\x0c').to_owned()
    }
}

async fn server(dir: &TempDir, dialect: Dialect, allow: Allow) -> IpcServer {
    let mut config = Config::classic();
    (config.dialect, config.allow) = (dialect, allow);
    config.socket_root = dir.path().join("");
    config.id = "world".to_owned();
    let server = Ipc::new(config).serve(()).unwrap();
    for event in ["app.a", "app.b.c", "stop"] {
        server.on(event, move |text: String, socket| {
            socket.emit("heard", &format!("{event} {text}")).unwrap();
        });
    }
    for method in ["sum", "stop"] {
        server.on_call(method, |numbers: Vec<u64>, _| async move {
            Ok::<u64, Failure>(numbers.iter().sum())
        });
    }
    server.start().await.unwrap();
    server
}

both_runtimes!(events_and_calls_of_a_plain_client_are_held_to_its_lists);
async fn events_and_calls_of_a_plain_client_are_held_to_its_lists() {
    for dialect in [Dialect::Classic, Dialect::V14] {
        let dir = TempDir::new().unwrap();
        let allow = Allow::new().events(["app.*"]).unwrap().calls(["sum"]).unwrap();
        let server = server(&dir, dialect, allow).await;
        let mut client = Plain::connect(&dir);
        let talk = move || {
            client.send("stop", "\"x\"");
            client.send("app.b.c", "\"x\"");
            client.send("app.a", "\"x\"");
            assert_eq!(client.hear(), r#"{"type":"heard","data":"app.a x"}"#);
            client.send("$call", r#"{"n":1,"call":"sum","args":[1,2]}"#);
            assert_eq!(client.hear(), r#"{"type":"$answer","data":{"n":1,"ok":3}}"#);
            // Arguments that are none are not looked at.
            client.send("$call", r#"{"n":2,"call":"stop","args":"secret"}"#);
            assert_eq!(
                client.hear(),
                r#"{"type":"$answer","data":{"n":2,"error":{"code":"denied","message":"the method \"stop\" may not be called"}}}"#,
            );
            client
        };
        let client = spawn_blocking(talk).await.unwrap();
        let limited = server.core().peers()[0].limited();
        assert_eq!(limited.denied, 3);
        drop(client);
        server.stop().await;
    }
}

both_runtimes!(each_client_may_have_lists_of_its_own);
async fn each_client_may_have_lists_of_its_own() {
    let dir = TempDir::new().unwrap();
    let server = server(&dir, Dialect::V14, Allow::nothing()).await;
    let guest = Allow::new().events(["app.>"]).unwrap();
    server.allow_by(move |client| match client.id().get() {
        1 => guest.clone(),
        _ => Allow::new(),
    });
    let talk = move || {
        let mut first = Plain::connect(&dir);
        first.send("stop", "\"1\"");
        first.send("app.b.c", "\"1\"");
        assert_eq!(first.hear(), r#"{"type":"heard","data":"app.b.c 1"}"#);
        let mut second = Plain::connect(&dir);
        second.send("stop", "\"2\"");
        assert_eq!(second.hear(), r#"{"type":"heard","data":"stop 2"}"#);
    };
    spawn_blocking(talk).await.unwrap();
    server.stop().await;
}
