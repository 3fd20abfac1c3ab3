//! Handlers for who a client says it is, for what the server answers, and for clients that do not get in.

use ipc_core::{Bye, Hello, Proof};
use tokio::sync::mpsc;

use crate::rig::{CONNECTED, Kind, Place, at, ipc, soon};

both_runtimes!(
    a_server_is_notified_of_who_a_client_is_before_its_messages,
    a_client_is_notified_of_the_answer_and_of_being_sent_away,
    a_client_that_is_refused_is_reported_to_the_server,
);

async fn a_server_is_notified_of_who_a_client_is_before_its_messages() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        let (note, mut notes) = mpsc::unbounded_channel();
        let identified = note.clone();
        let id = server.on_identified(move |socket, identity| {
            assert_eq!(socket.identity().as_deref(), Some(identity));
            assert_eq!(identity.proof, Proof::Claimed);
            identified.send(format!("{} is {}", socket.id(), identity.name)).unwrap();
        });
        let connected = note.clone();
        server.on_connect(move |socket| connected.send(format!("{} comes", socket.id())).unwrap());
        server.on("say", move |text: String, socket| {
            note.send(format!("{} says {text}", socket.id())).unwrap();
        });
        let endpoint = server.start().await.unwrap();
        // One that says nothing of itself, one that does, and one after the handler was removed.
        for (number, name) in [(1, None), (2, Some("alice")), (3, Some("bob"))] {
            if number == 3 {
                assert!(server.off(id));
            }
            ipc.configure(|config| config.hello = name.map(Hello::new));
            let client = ipc.connect_on("world", at(&endpoint)).unwrap();
            soon(client.send("say", "hi")).await.unwrap();
            let mut expected = vec![format!("{number} comes"), format!("{number} says hi")];
            if number == 2 {
                expected.insert(1, "2 is alice".to_owned());
            }
            for line in expected {
                assert_eq!(soon(notes.recv()).await, Some(line), "{kind:?}");
            }
            soon(client.close()).await;
        }
        server.stop().await;
    }
}

async fn a_client_is_notified_of_the_answer_and_of_being_sent_away() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        server.on("loud", |(): (), socket| socket.kick(Bye::new("limit", "too loud")));
        let endpoint = server.start().await.unwrap();
        ipc.configure(|config| config.hello = Some(Hello::new("alice")));
        let client = ipc.connect_on("world", at(&endpoint)).unwrap();
        let (note, mut notes) = mpsc::unbounded_channel();
        let greeted = note.clone();
        client.on_greeted(move |greeting| {
            greeted.send(format!("greeted as {:?}", greeting.peer.unwrap().get())).unwrap();
        });
        client.on_dismissed(move |bye| {
            note.send(format!("{}: {}, {}", bye.code, bye.message, bye.reconnect)).unwrap();
        });
        soon(client.connected()).await.unwrap();
        assert_eq!(soon(notes.recv()).await.as_deref(), Some("greeted as 1"), "{kind:?}");
        client.emit("loud", &()).unwrap();
        let dismissed = soon(notes.recv()).await;
        assert_eq!(dismissed.as_deref(), Some("limit: too loud, false"), "{kind:?}");
        soon(client.closed()).await;
        assert!(notes.try_recv().is_err(), "{kind:?}");
        server.stop().await;
    }
}

async fn a_client_that_is_refused_is_reported_to_the_server() {
    let (place, ipc) = (Place::new(Kind::Unix), ipc());
    ipc.configure(|config| config.max_connections = 1);
    let server = ipc.serve_on(place.server()).unwrap();
    let (note, mut notes) = mpsc::unbounded_channel();
    server.on_refused(move |info, why| {
        note.send((info.endpoint.clone(), why.code())).unwrap();
    });
    let endpoint = server.start().await.unwrap();
    let first = ipc.connect_on("first", at(&endpoint)).unwrap();
    first.emit("say", "hi").unwrap();
    soon(first.connected()).await.unwrap();
    let second = ipc.connect_on("second", at(&endpoint)).unwrap();
    second.start().unwrap();
    assert_eq!(soon(notes.recv()).await, Some((endpoint, "too_many_peers")));
    soon(second.closed()).await;
    server.stop().await;
}
