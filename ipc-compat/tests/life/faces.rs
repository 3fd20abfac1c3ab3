//! The verbs of `IpcClient` and `IpcServer`, without a look into `ipc-core`.

use std::sync::{Arc, Mutex};

use ipc_compat::RawSocket;
use ipc_core::session::State;
use ipc_core::{ClientEvent, Incoming, ServerEvent};
use tokio::sync::mpsc;

use crate::rig::{CONNECTED, Kind, Place, at, ipc, soon};

both_runtimes!(what_is_sent_is_flushed_counted_and_taken_from_a_stream);
async fn what_is_sent_is_flushed_counted_and_taken_from_a_stream() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        let mut heard = server.events();
        let endpoint = server.start().await.unwrap();
        assert_eq!(server.endpoint().as_ref(), Some(&endpoint));
        let client = ipc.connect_on("world", at(&endpoint)).unwrap();
        let mut events = client.events();
        assert_eq!(*client.state().borrow(), State::Idle);
        soon(client.send("question", &1)).await.unwrap();
        assert!(soon(client.flush()).await);
        assert_eq!((client.tally().accepted, client.tally().written), (1, 1));
        let first = soon(heard.next()).await;
        assert!(matches!(first, Some(Incoming::Lifecycle(ServerEvent::Connect(_)))), "{first:?}");
        let Some(Incoming::Message(question, socket)) = soon(heard.next()).await else {
            panic!("no question")
        };
        assert_eq!((question.event(), socket.decode::<i32>(&question)), ("question", Ok(1)));
        let found = server.socket(socket.id()).unwrap();
        assert_eq!(found, socket);
        for n in 0..3 {
            let report = match n {
                0 => server.only([socket.id()]).emit("answer", &n).unwrap(),
                1 => soon(server.broadcast_send("answer", &n)).await.unwrap(),
                _ => server.all().except(&socket).emit("answer", &n).unwrap(),
            };
            assert_eq!(report.sent, usize::from(n < 2));
        }
        server.emit(&socket, "last", &9).unwrap();
        let mut answers = Vec::new();
        while let Some(event) = soon(events.next()).await {
            if let Incoming::Message(answer, socket) = event {
                answers.push(socket.decode::<i32>(&answer).unwrap());
                if answer.event() == "last" {
                    break;
                }
            }
        }
        assert_eq!(answers, [0, 1, 9]);
        assert!(client.socket().info().is_some());
        assert!(soon(client.disconnect()).await.undelivered.is_empty());
        assert_eq!(*client.state().borrow(), State::Destroyed);
        soon(server.shutdown(std::time::Duration::from_secs(5))).await;
    }
}

both_runtimes!(a_client_that_stops_retrying_closes_with_its_connection);
async fn a_client_that_stops_retrying_closes_with_its_connection() {
    let (place, ipc) = (Place::new(Kind::Memory), ipc());
    ipc.configure(|config| config.max_retries = ipc_compat::Retries::Forever);
    let server = ipc.serve_on(place.server()).unwrap();
    let endpoint = server.start().await.unwrap();
    let client = ipc.connect_on("world", at(&endpoint)).unwrap();
    let mut events = client.events();
    soon(client.connected()).await.unwrap();
    client.stop_retrying();
    server.stop().await;
    soon(client.closed()).await;
    let mut last = None;
    while let Some(event) = soon(events.next()).await {
        last = Some(event);
    }
    assert!(matches!(last, Some(Incoming::Lifecycle(ClientEvent::Destroy))), "{last:?}");
}

both_runtimes!(bytes_in_raw_mode_are_sent_by_either_verb);
async fn bytes_in_raw_mode_are_sent_by_either_verb() {
    let (place, ipc) = (Place::new(Kind::Unix), ipc());
    ipc.configure(|config| config.raw_buffer = true);
    let server = ipc.serve_on(place.server()).unwrap();
    server.on_data(|bytes, socket| socket.emit_raw(bytes).unwrap());
    let endpoint = server.start().await.unwrap();
    let client = ipc.connect_on("world", at(&endpoint)).unwrap();
    let (hear, mut heard) = mpsc::unbounded_channel();
    client.on_data(move |bytes, _| hear.send(bytes).unwrap());
    client.emit_raw("one ").unwrap();
    soon(client.send_raw("two ")).await.unwrap();
    soon(client.socket().send_raw("three")).await.unwrap();
    let mut echo = Vec::new();
    while echo.len() < "one two three".len() {
        echo.extend(soon(heard.recv()).await.unwrap());
    }
    assert_eq!(echo, b"one two three");
    soon(client.close()).await;
    server.stop().await;
}

both_runtimes!(a_handler_of_the_start_runs_once_or_is_removed);
async fn a_handler_of_the_start_runs_once_or_is_removed() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        let started = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let started = Arc::clone(&started);
            move |endpoint: &ipc_transport::Endpoint| {
                started.lock().unwrap().push((name, endpoint.clone()));
            }
        };
        server.on_start(note("before"));
        let removed = server.on_start(note("removed"));
        assert!(server.off(removed));
        assert!(!server.off(removed));
        let endpoint = server.start().await.unwrap();
        assert_eq!(server.start().await.unwrap(), endpoint);
        server.on_start(note("after"));
        let expected = ["before", "after"].map(|name| (name, endpoint.clone()));
        assert_eq!(*started.lock().unwrap(), expected);
        server.stop().await;
    }
}

both_runtimes!(answers_are_awaited_and_questions_taken_from_a_stream);
async fn answers_are_awaited_and_questions_taken_from_a_stream() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        let mut questions = server.stream::<(u32, String)>("question");
        let endpoint = server.start().await.unwrap();
        let client = ipc.connect_on("world", at(&endpoint)).unwrap();
        let mut answers = client.stream::<Vec<u32>>("answer");
        for n in 0..100 {
            let answer = client.next::<Vec<u32>>("answer");
            client.emit("question", &(n, "what?")).unwrap();
            let (question, socket) = soon(questions.next_with_peer()).await.unwrap().unwrap();
            assert_eq!(question, (n, "what?".to_owned()));
            socket.emit("answer", &[n, n + 1]).unwrap();
            assert_eq!(soon(answer).await.unwrap(), [n, n + 1]);
            assert_eq!(soon(answers.next()).await.unwrap().unwrap(), [n, n + 1]);
        }
        // Data of another type is an error of this stream alone.
        client.emit("question", &"why?").unwrap();
        let error = soon(questions.next()).await.unwrap().unwrap_err();
        assert_eq!(error.code(), "ERR_IPC_INVALID_DATA");
        soon(client.close()).await;
        assert!(soon(answers.next()).await.is_none());
        soon(server.stop()).await;
    }
}
