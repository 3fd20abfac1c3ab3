//! After the runtime: what ran on it has ended and says so; new ones run on another runtime.

use ipc_core::session::State;
use ipc_core::{EmitError, Error};

use crate::rig::{ALL, CONNECTED, Kind, Place, at, ipc, runtimes, soon, threads};

#[test]
fn a_client_ends_with_its_runtime_and_a_new_one_takes_its_place() {
    for kind in CONNECTED {
        for (first, second) in runtimes().into_iter().zip(runtimes()) {
            let (place, ipc, home) = (Place::new(kind), ipc(), threads());
            let server = ipc.serve_on(place.server()).unwrap();
            server.on("say", |text: String, socket| socket.emit("echo", &text).unwrap());
            let endpoint = home.block_on(server.start()).unwrap();
            let old = ipc.connect_on("world", at(&endpoint)).unwrap();
            let mut events = old.core().events();
            first.block_on(soon(old.connected())).unwrap();
            drop(first);

            assert_eq!(*old.core().state().borrow(), State::Destroyed);
            assert_eq!(old.emit("say", "hello"), Err(EmitError::Closed));
            second.block_on(async {
                assert!(soon(old.connected()).await.is_err());
                soon(old.closed()).await;
                while soon(events.next()).await.is_some() {}
                let new = ipc.connect_on("world", at(&endpoint)).unwrap();
                let (hear, mut heard) = tokio::sync::mpsc::unbounded_channel();
                new.on("echo", move |text: String, _| hear.send(text).unwrap());
                new.emit("say", "hello").unwrap();
                assert_eq!(soon(heard.recv()).await.as_deref(), Some("hello"));
                soon(new.close()).await;
            });
        }
    }
}

#[test]
fn a_server_ends_with_its_runtime_and_another_can_be_made() {
    for kind in ALL {
        for (first, second) in runtimes().into_iter().zip(runtimes()) {
            let (place, ipc, home) = (Place::new(kind), ipc(), threads());
            let server = ipc.serve_on(place.server()).unwrap();
            let mut events = server.core().events();
            let endpoint = first.block_on(server.start()).unwrap();
            let client = ipc.connect_on("world", at(&endpoint)).unwrap();
            home.block_on(client.connected()).unwrap();
            client.emit("hello", "there").unwrap();
            let socket = first.block_on(async {
                loop {
                    match soon(events.next()).await.unwrap() {
                        ipc_core::Incoming::Message(_, socket) => break socket,
                        _ => continue,
                    }
                }
            });
            drop(first);

            assert!(kind != Kind::Unix || !place.path().exists());
            assert!(server.sockets().is_empty());
            assert_eq!(socket.emit("late", "word"), Err(EmitError::Closed));
            second.block_on(async {
                soon(socket.closed()).await;
                while soon(events.next()).await.is_some() {}
                assert!(matches!(server.start().await, Err(Error::Closed)));
                soon(server.stop()).await;
                // At the same place.
                let again = if kind == Kind::Memory { place.server() } else { at(&endpoint) };
                let another = ipc.serve_on(again).unwrap();
                soon(another.start()).await.unwrap();
                soon(another.stop()).await;
            });
            if kind != Kind::Udp {
                home.block_on(soon(client.closed()));
            }
        }
    }
}

#[test]
fn a_peer_whose_task_never_ran_is_gone_with_its_runtime_too() {
    // Over UDP a peer is made by the caller, here while the runtime is not running.
    let (place, ipc) = (Place::new(Kind::Udp), ipc());
    for runtime in runtimes() {
        let server = ipc.serve_on(place.server()).unwrap();
        runtime.block_on(server.start()).unwrap();
        let peer = server.core().peer_at(([127, 0, 0, 1], 9).into()).unwrap();
        drop(runtime);
        assert_eq!(peer.emit("late", "word"), Err(EmitError::Closed));
        assert!(server.sockets().is_empty());
        assert!(matches!(server.core().peer_at(([127, 0, 0, 1], 9).into()), Err(Error::Closed)));
    }
}
