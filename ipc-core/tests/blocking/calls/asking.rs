//! A client calls its async server, and a server its async client.

use std::sync::mpsc;
use std::time::Duration;

use ipc_core::blocking::Incoming;
use ipc_core::{CallError, Failure};

use super::rig::{DEADLINE, MOMENT, Sockets, async_client, both_sockets, called, heard};

both_sockets!(
    a_call_returns_what_the_method_does,
    what_is_received_meanwhile_is_kept,
    a_server_calls_its_client,
    after_the_deadline_the_method_is_stopped,
    a_call_of_the_peer_waits_until_this_one_has_ended,
    a_call_connects,
    a_large_call_and_a_large_answer_cross,
    a_notice_runs_and_is_not_answered,
);

fn a_call_returns_what_the_method_does(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_call("sum", |numbers: Vec<u64>, _| async move {
        Ok::<u64, Failure>(numbers.iter().sum())
    });
    server.server.on_call("fail", |(): (), _| async move {
        Err::<(), _>(Failure::new("not_found", "no such key"))
    });
    let mut client = server.client();
    let sum: u64 = client.call("sum", &[1, 2, 3]).unwrap();
    assert_eq!(sum, 6);
    let failed = client.call::<_, ()>("fail", &()).unwrap_err();
    assert!(matches!(failed, CallError::Remote(_)), "{failed:?}");
    assert_eq!((failed.code(), failed.has_not_run()), ("not_found", false));
    let unknown = client.call::<_, ()>("none", &()).unwrap_err();
    assert!(matches!(unknown, CallError::UnknownMethod(_)), "{unknown:?}");
    let wrong = client.call::<_, u64>("sum", "text").unwrap_err();
    assert!(matches!(wrong, CallError::InvalidArgs(_)), "{wrong:?}");
    let other = client.call::<_, String>("sum", &[1]).unwrap_err();
    assert!(matches!(other, CallError::InvalidResult(_)), "{other:?}");
    for number in 0..1000 {
        assert_eq!(client.call::<_, u64>("sum", &[number, 1]).unwrap(), number + 1);
    }
}

fn what_is_received_meanwhile_is_kept(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_call("tell", |(): (), call| async move {
        for number in 1..=3 {
            call.peer().emit("n", &number)?;
        }
        Ok::<_, Failure>(())
    });
    let mut client = server.client();
    client.call::<_, ()>("tell", &()).unwrap();
    for number in 1..=3 {
        assert_eq!(heard(&mut client), format!("n [{number}]"));
    }
}

fn a_server_calls_its_client(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    client.on_call("name", |(): (), _| async { Ok::<_, Failure>("client") });
    runtime.block_on(async { client.start() }).unwrap();
    let mut connection = server.accept().unwrap();
    for _ in 0..3 {
        assert_eq!(connection.call::<_, String>("name", &()).unwrap(), "client");
    }
    let unknown = connection.call::<_, ()>("none", &()).unwrap_err();
    assert_eq!(unknown.code(), "unknown_method");
}

fn after_the_deadline_the_method_is_stopped(sockets: &Sockets) {
    /// Sends when it is dropped.
    struct Guard(mpsc::Sender<()>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let server = sockets.serve();
    let (dropped, drops) = mpsc::channel();
    server.server.on_call("wait", move |(): (), _| {
        let guard = Guard(dropped.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Result<(), Failure>>().await
        }
    });
    server.server.on_call("echo", |text: String, _| async { Ok::<_, Failure>(text) });
    let mut client = server.client();
    let late = client.call_within::<_, ()>(MOMENT, "wait", &()).unwrap_err();
    // The server's clock may be the first.
    let by_either =
        matches!(late, CallError::Deadline { within: MOMENT } | CallError::PeerDeadline(_));
    assert!(by_either, "{late:?}");
    assert_eq!((late.code(), late.has_not_run()), ("deadline", false));
    drops.recv_timeout(DEADLINE).unwrap();
    assert_eq!(client.call::<_, String>("echo", "still here").unwrap(), "still here");
}

fn a_call_of_the_peer_waits_until_this_one_has_ended(sockets: &Sockets) {
    let server = sockets.serve();
    let (told, answers) = mpsc::channel();
    server.server.on_call("ask me", move |(): (), call| {
        let told = told.clone();
        async move {
            let asked = tokio::spawn(async move {
                let name = call.peer().call::<_, String>("name", &()).detached().await;
                told.send(name.map_err(|error| error.code().to_owned())).unwrap();
            });
            drop(asked);
            Ok::<_, Failure>(())
        }
    });
    let mut client = server.client();
    client.call::<_, ()>("ask me", &()).unwrap();
    let call = called(&mut client);
    assert_eq!((call.method(), call.is_notice()), ("name", false));
    client.decode::<()>(call.args()).unwrap();
    assert!(call.time_left() > Duration::from_secs(1));
    client.answer(call, "blocking").unwrap();
    assert_eq!(answers.recv_timeout(DEADLINE).unwrap(), Ok("blocking".to_owned()));
}

fn a_call_connects(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_call("double", |n: u64, _| async move { Ok::<_, Failure>(2 * n) });
    let mut client = server.client_with(|builder| builder);
    client.close();
    let mut client = {
        // Not connected yet.
        let transport = server.server.endpoint().unwrap().transport().unwrap();
        ipc_core::blocking::Client::builder(ipc_core::MsgPack::new(), transport).unwrap().build()
    };
    assert_eq!(client.call::<_, u64>("double", &21).unwrap(), 42);
    assert_eq!(heard(&mut client), "connect");
}

/// More than the sockets between the two hold, in both directions.
fn a_large_call_and_a_large_answer_cross(sockets: &Sockets) {
    let server = sockets.serve();
    server.server.on_call("echo", |text: String, _| async { Ok::<_, Failure>(text) });
    let mut client = server.client();
    let text = "x".repeat(5_000_000);
    assert!(client.call::<_, String>("echo", text.as_str()).unwrap() == text);
}

fn a_notice_runs_and_is_not_answered(sockets: &Sockets) {
    let server = sockets.serve();
    let (told, notices) = mpsc::channel();
    server.server.on_call("log", move |line: String, _| {
        told.send(line).unwrap();
        async { Ok::<_, Failure>(()) }
    });
    let mut client = server.client();
    client.notice("log", "a line").unwrap();
    assert_eq!(notices.recv_timeout(DEADLINE).unwrap(), "a line");
    assert!(matches!(client.next_timeout(MOMENT), Err(ipc_core::blocking::NextError::TimedOut)));
    server.server.broadcast("n", &1).unwrap();
    assert!(matches!(client.next(), Some(Incoming::Message(_))));
}
