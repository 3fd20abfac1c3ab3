//! Hello, `$bye`, topics and lists of a client without a runtime, in JSON.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use ipc_compat::blocking::{Incoming, IpcClient, IpcConnection, IpcServer};
use ipc_compat::{Config, Ipc};
use ipc_core::{Allow, Bye, ClientEvent, Hello, OnPlainPeer, SameIdentity};
use tokio::runtime::Runtime;

use crate::{DEADLINE, Place, text, with};

/// Returns the next event as text.
fn heard(client: &mut IpcClient) -> String {
    match client.next_timeout(DEADLINE).unwrap() {
        Incoming::Lifecycle(ClientEvent::Greeted(_)) => "greeted".to_owned(),
        Incoming::Lifecycle(ClientEvent::Dismissed(bye)) => format!("dismissed {}", bye.code),
        other => text(&other),
    }
}

fn alice(config: Config) -> Config {
    with(config, |config| config.hello = Some(Hello::new("alice")))
}

/// Returns the next frame of a classic client.
fn frame(socket: &mut UnixStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        if byte == *b"\x0c" {
            return String::from_utf8(bytes).unwrap();
        }
        bytes.extend_from_slice(&byte);
    }
}

#[test]
fn the_hello_of_the_config_is_the_first_frame_of_each_connection() {
    let place = Place::new();
    let listener = place.listener();
    let mut client = IpcClient::connect_to(&alice(place.classic()), "world").unwrap();
    for number in [1, 2] {
        client.emit("waits", &number).unwrap();
        loop {
            match heard(&mut client).as_str() {
                "connect" => break,
                other => assert_eq!(other, "disconnect"),
            }
        }
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_eq!(
            frame(&mut socket),
            format!(
                r#"{{"type":"$call","data":{{"n":{number},"call":"$hello","id":"alice","args":{{"v":1,"name":"alice","features":[]}},"ms":2000}}}}"#
            ),
        );
        assert!(client.flush());
        assert_eq!(frame(&mut socket), format!(r#"{{"type":"waits","data":{number}}}"#));
    }
}

#[test]
fn a_client_that_insists_on_the_answer_ends_without_one() {
    let place = Place::new();
    let listener = place.listener();
    let hello = Hello::new("alice").on_plain_peer(OnPlainPeer::Refuse);
    let config = place.classic_with(|config| config.hello = Some(hello));
    let mut client = IpcClient::connect_to(&config, "world").unwrap();
    client.emit("kept", &1).unwrap();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    // Five lines of JavaScript.
    let answer = r#"{"type":"$answer","data":{"n":1,"error":{"code":"error","message":"no"}}}"#;
    socket.write_all(format!("{answer}\x0c").as_bytes()).unwrap();
    for expected in ["connect", "ERR_IPC_PLAIN_PEER", "disconnect", "destroy"] {
        assert_eq!(heard(&mut client), expected);
    }
    assert_eq!(client.close().undelivered.len(), 1);
    let mut all = String::new();
    socket.read_to_string(&mut all).unwrap();
    assert!(all.contains("$hello") && !all.contains("kept"), "{all}");
}

#[test]
fn a_client_has_what_the_async_one_has_of_an_async_server() {
    let runtime = Runtime::new().unwrap();
    for config in [Config::classic(), Config::v14()] {
        let place = Place::new();
        let config = place.config(config);
        let server = runtime.block_on(async {
            let server = Ipc::new(config.clone()).serve(()).unwrap();
            server.start().await.unwrap();
            server
        });
        let mut client = IpcClient::connect_to(&alice(config), "world").unwrap();
        client.subscribe(["price.*"]).unwrap();
        assert_eq!(client.subscriptions()[0].as_str(), "price.*");
        assert_eq!(heard(&mut client), "connect");
        assert_eq!(heard(&mut client), "greeted");
        assert_eq!(client.greeting().unwrap().features.len(), 3);
        assert_eq!(client.about().unwrap().name.as_deref(), Some("world"));
        assert_eq!(server.publish("price.EUR", &1.5).unwrap().sent, 1);
        assert_eq!(heard(&mut client), "price.EUR 1.5");
        client.unsubscribe(["price.*"]).unwrap();
        client.unsubscribe_all().unwrap();
        assert_eq!(server.publish("price.EUR", &1.5).unwrap().sent, 0);
        let socket = server.identity("alice").remove(0);
        runtime.block_on(async { socket.kick(Bye::new("limit", "too loud")) });
        for expected in ["dismissed limit", "disconnect", "destroy"] {
            assert_eq!(heard(&mut client), expected);
        }
    }
}

/// Serves one client until it goes.
fn serve(mut client: IpcConnection) {
    while let Some(event) = client.next() {
        let Incoming::Message(message) = event else { continue };
        let identity = client.identity().map(|identity| identity.name.to_string());
        match message.event() {
            "who am I" => client.emit("you are", &identity).unwrap(),
            "go away" => drop(client.kick(&Bye::new("limit", "too loud"))),
            "be good" => client.restrict(Allow::new().events(["who am I"]).unwrap()),
            other => client.emit("seen", other).unwrap(),
        }
    }
}

#[test]
fn a_server_knows_its_clients_and_sends_them_away() {
    let place = Place::new();
    let config =
        place.config(with(Config::v14(), |config| config.same_identity = SameIdentity::RefuseNew));
    let mut server = IpcServer::serve(&config, ()).unwrap();
    server.start().unwrap();
    let serving = thread::spawn(move || {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                let client = server.accept().unwrap();
                thread::spawn(move || serve(client))
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    let mut first = IpcClient::connect_to(&alice(config.clone()), "world").unwrap();
    first.emit("who am I", &()).unwrap();
    for expected in ["connect", "greeted", r#"you are "alice""#] {
        assert_eq!(heard(&mut first), expected);
    }
    assert_eq!(first.about().unwrap().features, ["identities".into()]);
    let none = first.subscribe(["price.*"]).unwrap_err();
    assert_eq!(none.code(), "unknown_method");
    // Another one of the name is none.
    let mut second = IpcClient::connect_to(&alice(config), "world").unwrap();
    second.emit("who am I", &()).unwrap();
    for expected in ["connect", "ERR_IPC_HELLO_REFUSED", "you are null"] {
        assert_eq!(heard(&mut second), expected);
    }
    for event in ["one", "be good", "two", "who am I"] {
        second.emit(event, &()).unwrap();
    }
    for expected in [r#"seen "one""#, "you are null"] {
        assert_eq!(heard(&mut second), expected);
    }
    assert!(second.close().peer_ended);
    first.emit("go away", &()).unwrap();
    for expected in ["dismissed limit", "disconnect", "destroy"] {
        assert_eq!(heard(&mut first), expected);
    }
    serving.join().unwrap();
    let lines = place.lines();
    assert!(lines.iter().any(|line| line == r#"client 1 says it is "alice""#), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("client 2 says it is")), "{lines:?}");
}
