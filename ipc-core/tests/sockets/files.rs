//! A server whose socket file is removed or replaced, and one that gives its socket away.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ipc_core::{Client, Error, Incoming, Server, ServerEvent};
use ipc_transport::{AfterDisplaced, OpenTransport, UnixTransport, WhenDisplaced};
use tempfile::TempDir;

use crate::support::{Lines, soon};

struct Place {
    _directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        Self { _directory: directory, path }
    }

    fn server(&self, then: WhenDisplaced) -> Server<Lines> {
        let transport = UnixTransport::new(&self.path)
            .with_file_watch(Some(Duration::from_millis(5)))
            .with_when_displaced(then);
        let server = Server::builder(Lines, transport).build();
        server.on("say", |text: String, peer| peer.emit("echo", &*text).unwrap());
        server
    }

    /// Returns a client that has been served.
    async fn client(&self) -> Client<Lines> {
        let client = Client::builder(Lines, UnixTransport::new(&self.path)).build();
        client.start().unwrap();
        self.check(&client).await;
        client
    }

    async fn check(&self, client: &Client<Lines>) {
        let mut events = client.events();
        client.emit("say", "hello").unwrap();
        loop {
            match soon(events.next()).await.unwrap() {
                Incoming::Message(message, _) if message.event() == "echo" => return,
                _ => {}
            }
        }
    }
}

/// Returns what the server made of the loss of its file, and the errors it told by then.
async fn displaced(
    events: &mut ipc_core::Events<Lines, ServerEvent<Lines>>,
) -> ipc_transport::Displaced {
    loop {
        match soon(events.next()).await.unwrap() {
            Incoming::Lifecycle(ServerEvent::Displaced(displaced)) => return displaced,
            Incoming::Lifecycle(ServerEvent::Error { error, .. }) => panic!("{error}"),
            _ => {}
        }
    }
}

both_runtimes!(a_server_that_serves_on_tells_and_keeps_its_peers);
async fn a_server_that_serves_on_tells_and_keeps_its_peers() {
    let place = Place::new();
    let server = place.server(WhenDisplaced::ServeOn);
    let mut events = server.events();
    server.listen().await.unwrap();
    let client = place.client().await;
    fs::remove_file(&place.path).unwrap();
    let told = displaced(&mut events).await;
    assert!(matches!(told.then, AfterDisplaced::ServesOn), "{told}");
    place.check(&client).await;
    soon(client.close()).await;
    soon(server.shutdown(Duration::from_secs(10))).await;
}

both_runtimes!(a_server_makes_its_file_again_and_is_found);
async fn a_server_makes_its_file_again_and_is_found() {
    let place = Place::new();
    let server = place.server(WhenDisplaced::Remake);
    let mut events = server.events();
    server.listen().await.unwrap();
    fs::remove_file(&place.path).unwrap();
    let told = displaced(&mut events).await;
    assert!(matches!(told.then, AfterDisplaced::Remade), "{told}");
    let client = place.client().await;
    soon(client.close()).await;
    soon(server.shutdown(Duration::from_secs(10))).await;
    assert!(!place.path.exists());
}

both_runtimes!(a_server_that_is_to_stop_writes_what_waits_and_ends_its_streams);
async fn a_server_that_is_to_stop_writes_what_waits_and_ends_its_streams() {
    let place = Place::new();
    let server = place.server(WhenDisplaced::Stop);
    let mut events = server.events();
    server.listen().await.unwrap();
    let client = place.client().await;
    let mut heard = client.events();
    server.broadcast("last", "word").unwrap();
    fs::write(place.path.with_extension("new"), "not ours").unwrap();
    fs::rename(place.path.with_extension("new"), &place.path).unwrap();
    let told = displaced(&mut events).await;
    assert!(matches!(told.then, AfterDisplaced::Stopped), "{told}");
    let mut codes = Vec::new();
    while let Some(event) = soon(events.next()).await {
        match event {
            Incoming::Lifecycle(ServerEvent::Error { error, .. }) => codes.push(error.code()),
            Incoming::Lifecycle(ServerEvent::Disconnect { .. }) => codes.push("disconnect"),
            _ => {}
        }
    }
    assert_eq!(codes, ["displaced", "disconnect"]);
    assert!(server.peers().is_empty());
    loop {
        match soon(heard.next()).await.unwrap() {
            Incoming::Message(message, _) if message.event() == "last" => break,
            _ => {}
        }
    }
    assert!(matches!(server.listen().await, Err(Error::Closed)));
    soon(client.disconnect()).await;
    // Whatever is there now is somebody else's.
    soon(server.shutdown(Duration::from_secs(10))).await;
    assert_eq!(fs::read_to_string(&place.path).unwrap(), "not ours");
}

both_runtimes!(a_socket_that_is_handed_over_is_served_on);
async fn a_socket_that_is_handed_over_is_served_on() {
    let place = Place::new();
    let server = place.server(WhenDisplaced::ServeOn);
    assert!(matches!(server.hand_over().await, Err(Error::Closed)), "it does not listen yet");
    server.listen().await.unwrap();
    let old = place.client().await;
    let socket = soon(server.hand_over()).await.unwrap();
    assert!(matches!(server.hand_over().await, Err(Error::Closed)), "given away already");
    let heir = OpenTransport::new(socket).unwrap().with_file_removal(true);
    let heir = Server::builder(Lines, heir).build();
    heir.on("say", |text: String, peer| peer.emit("echo", &*text).unwrap());
    heir.listen().await.unwrap();
    let new = place.client().await;
    assert_eq!(heir.peers().len(), 1);
    // Whoever was connected still is.
    place.check(&old).await;
    soon(server.shutdown(Duration::from_secs(10))).await;
    assert!(place.path.exists(), "the file is the other's");
    place.check(&new).await;
    soon(heir.shutdown(Duration::from_secs(10))).await;
    assert!(!place.path.exists());
}
