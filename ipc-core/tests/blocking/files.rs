//! A blocking server whose socket file is removed while a thread waits for a client.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_core::Error;
use ipc_core::blocking::Server;
use ipc_transport::{TransportError, WhenDisplaced};

use crate::lines::Lines;
use crate::rig::Place;

#[test]
fn a_server_that_waits_for_a_client_tells_that_its_file_is_gone() {
    for then in [WhenDisplaced::ServeOn, WhenDisplaced::Remake, WhenDisplaced::Stop] {
        let place = Place::new();
        let (told, hear) = mpsc::channel();
        let watched = place.unix().with_file_watch(Some(Duration::from_millis(5)));
        let mut server = Server::builder(Lines, watched.with_when_displaced(then))
            .unwrap()
            .on_displaced(move |displaced| told.send(displaced.then.name()).unwrap())
            .listen()
            .unwrap();
        let mut client = place.builder().build();
        let accepting = thread::spawn(move || server.accept().map(|_| server));
        fs::remove_file(place.path()).unwrap();
        let code = hear.recv_timeout(Duration::from_secs(60)).unwrap();
        match then {
            WhenDisplaced::ServeOn => {
                assert_eq!(code, "serves_on");
                assert!(!accepting.is_finished());
                // It waits for clients that will not come, and ends with the process.
            }
            WhenDisplaced::Remake => {
                assert_eq!(code, "remade");
                client.connected().unwrap();
                accepting.join().unwrap().unwrap();
                assert!(!place.path().exists());
            }
            _ => {
                assert_eq!(code, "stopped");
                let error = accepting.join().unwrap().unwrap_err();
                let expected = matches!(error, Error::Transport(TransportError::Displaced { .. }));
                assert!(expected, "{error}");
            }
        }
    }
}
