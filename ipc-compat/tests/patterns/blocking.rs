//! Clients and servers without a runtime, with real node-ipc on the other side: it is a plain peer.

use std::time::Duration;

use ipc_compat::Config;
use ipc_compat::blocking::{Incoming, IpcClient, IpcServer};
use ipc_core::{Bye, ClientEvent, Hello, OnPlainPeer};

use crate::kit::{Room, config, soon};
use crate::program::{Program, nodes};

/// Far longer than anything takes on a machine with other work.
const DEADLINE: Duration = Duration::from_secs(120);

both_runtimes!(
    a_server_of_node_is_greeted_and_lives_on,
    a_client_of_node_says_hello_and_is_sent_away,
);

/// Runs this on a thread of its own, where waiting stops no runtime.
async fn waiting<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    soon("a thread", tokio::task::spawn_blocking(what)).await.unwrap()
}

async fn a_server_of_node_is_greeted_and_lives_on() {
    for node in nodes("a_server_of_node_is_greeted_and_lives_on") {
        // A server of each, since one that listens for all events does not outlive its first client.
        for part in [goes_on, insists] {
            let room = Room::new(node.dialect);
            let mut server = node.script("calls_server.cjs", &room.root(), &[]);
            assert_eq!(server.line().await, "up");
            let mut config = config(node.dialect, &room.root(), "a client");
            waiting(move || {
                config.hello = Some(Hello::new("alice"));
                part(config);
            })
            .await;
        }
    }
}

fn goes_on(config: Config) {
    let mut world = IpcClient::connect_to(&config, "world").unwrap();
    // Its helper says that it does not know the hello, which is no event.
    assert_eq!(world.call::<_, u64>("sum", &[1, 2, 3]).unwrap(), 6);
    assert_eq!(world.greeting(), None);
    assert_eq!(world.subscribe(["price.*"]).unwrap_err().code(), "unknown_method");
    assert_eq!(world.about().unwrap_err().code(), "unknown_method");
    let events = std::iter::from_fn(|| world.next_timeout(Duration::ZERO).ok());
    let connects = |event| matches!(event, Incoming::Lifecycle(ClientEvent::Connect));
    assert!(events.map(connects).eq([true]));
    assert!(world.close().undelivered.is_empty());
}

fn insists(mut config: Config) {
    config.hello = config.hello.map(|hello| hello.on_plain_peer(OnPlainPeer::Refuse));
    let mut world = IpcClient::connect_to(&config, "world").unwrap();
    let ended = world.call::<_, u64>("sum", &[1]).unwrap_err();
    assert!(ended.has_not_run(), "{ended:?}");
    assert_eq!(world.connected().unwrap_err().code(), "plain_peer");
}

async fn a_client_of_node_says_hello_and_is_sent_away() {
    for node in nodes("a_client_of_node_says_hello_and_is_sent_away") {
        let room = Room::new(node.dialect);
        let config = config(node.dialect, &room.root(), "world");
        let mut server = IpcServer::serve(&config, ()).unwrap();
        let mut server = waiting(move || {
            server.start().unwrap();
            server
        })
        .await;
        let mut client: Program = node.script("hello_client.cjs", &room.root(), &[]);
        let serving = waiting(move || {
            let mut client = server.accept().unwrap();
            let event = client.next_timeout(DEADLINE).unwrap();
            let Incoming::Message(message) = event else { panic!("{event:?}") };
            assert_eq!(message.event(), "who am I");
            let name = client.identity().unwrap().name.to_string();
            client.emit("you are", name.as_str()).unwrap();
            client.kick(&Bye::new("limit", "too loud")).peer_ended
        });
        let lines = async {
            let mut lines = Vec::new();
            for _ in 0..3 {
                lines.push(client.line().await);
            }
            lines
        };
        let (peer_ended, lines) = tokio::join!(serving, lines);
        assert!(peer_ended);
        assert_eq!(lines, ["known", "you are alice", "sent away: limit"]);
        assert!(client.ended().await.status.success());
    }
}
