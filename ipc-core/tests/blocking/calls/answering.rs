//! A blocking side answers its async peer, and another blocking one.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::{Client, Connection, Incoming};
use ipc_core::{CallError, EmitError, Failure, MsgPack, Sent};

use super::rig::{MOMENT, Sockets, async_client, both_sockets, called, heard};

both_sockets!(
    a_server_answers_its_clients,
    calls_of_a_program_that_takes_none_are_cancelled_at_once,
    more_calls_than_may_run_are_refused,
    a_result_may_come_from_another_thread,
    a_call_that_nothing_answers_ends_at_its_deadline,
    a_close_leaves_what_is_not_answered,
    a_client_calls_a_server_without_a_runtime_on_either_side,
    a_result_that_is_too_large_is_a_failure,
);

/// Answers every call until the peer goes.
fn serve(mut connection: Connection<MsgPack>) {
    while let Some(event) = connection.next() {
        let Incoming::Call(call) = event else { continue };
        match call.method() {
            "sum" => match connection.decode::<Vec<u64>>(call.args()) {
                Ok(numbers) => connection.answer(call, &numbers.iter().sum::<u64>()).unwrap(),
                Err(error) => connection.fail(call, Failure::invalid_args(&error)).unwrap(),
            },
            "fail" => connection.fail(call, Failure::new("not_found", "no such key")).unwrap(),
            other => {
                let failure = Failure::unknown_method(other);
                connection.fail(call, failure).unwrap();
            }
        }
    }
}

fn a_server_answers_its_clients(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let serving = thread::spawn(move || serve(server.accept().unwrap()));
    runtime.block_on(async {
        for number in 0..200 {
            assert_eq!(client.call::<_, u64>("sum", &[number, 1]).await.unwrap(), number + 1);
        }
        let calls = (0..200_u64).map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.call::<_, u64>("sum", &[number, 1]).await.unwrap() })
        });
        for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), number as u64 + 1);
        }
        let failed = client.call::<_, ()>("fail", &()).await.unwrap_err();
        assert_eq!(failed.code(), "not_found");
        let unknown = client.call::<_, ()>("none", &()).await.unwrap_err();
        assert!(matches!(unknown, CallError::UnknownMethod(_)), "{unknown:?}");
        let wrong = client.call::<_, u64>("sum", "text").await.unwrap_err();
        assert!(matches!(wrong, CallError::InvalidArgs(_)), "{wrong:?}");
        client.close().await;
    });
    serving.join().unwrap();
}

/// An ordinary loop that only looks at messages.
fn calls_of_a_program_that_takes_none_are_cancelled_at_once(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let serving = thread::spawn(move || {
        let connection = server.accept().unwrap();
        connection.filter(|event| matches!(event, Incoming::Message(_))).count()
    });
    runtime.block_on(async {
        for _ in 0..1000 {
            client.notice("log", &()).unwrap();
            let none = client.call::<_, ()>("sum", &[1]).await.unwrap_err();
            assert!(matches!(none, CallError::Cancelled(_)), "{none:?}");
        }
        client.emit("an event", &()).unwrap();
        client.close().await;
    });
    assert_eq!(serving.join().unwrap(), 1);
}

fn more_calls_than_may_run_are_refused(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let calls: Vec<_> = (0..300_u64)
        .map(|number| {
            let client = client.clone();
            runtime.spawn(async move { client.call::<_, u64>("id", &number).await })
        })
        .collect();
    let mut connection = server.accept().unwrap();
    // As many as may run, held back.
    let held: Vec<_> = (0..256).map(|_| called(&mut connection)).collect();
    while calls.iter().filter(|call| call.is_finished()).count() < 300 - held.len() {
        let nothing = connection.next_timeout(MOMENT);
        assert!(nothing.is_err(), "{nothing:?}");
    }
    for call in held {
        let number: u64 = connection.decode(call.args()).unwrap();
        connection.answer(call, &number).unwrap();
    }
    assert!(connection.flush());
    let (mut answered, mut busy) = (0, 0);
    for (number, call) in calls.into_iter().enumerate() {
        match runtime.block_on(call).unwrap() {
            Ok(result) => {
                assert_eq!(result, number as u64);
                answered += 1;
            }
            Err(error) => {
                assert!(matches!(error, CallError::Busy(_)), "{error:?}");
                busy += 1;
            }
        }
    }
    assert_eq!((answered, busy), (256, 44));
}

fn a_result_may_come_from_another_thread(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let asked = runtime.spawn(async move { client.call::<_, u64>("slow", &20).await });
    let mut connection = server.accept().unwrap();
    let (done, results) = mpsc::channel();
    let call = called(&mut connection);
    let number: u64 = connection.decode(call.args()).unwrap();
    let working = thread::spawn(move || done.send((call, number + 1)).unwrap());
    let (call, result) = results.recv().unwrap();
    connection.answer(call.clone(), &result).unwrap();
    // Once is enough.
    connection.answer(call, &0).unwrap();
    working.join().unwrap();
    assert_eq!(runtime.block_on(asked).unwrap().unwrap(), 21);
}

fn a_call_that_nothing_answers_ends_at_its_deadline(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    // Otherwise the time could be over before there is a connection.
    runtime.block_on(client.connected()).unwrap();
    let asked = runtime.spawn({
        let client = client.clone();
        async move { client.call::<_, ()>("wait", &()).within(MOMENT).await }
    });
    let mut connection = server.accept().unwrap();
    let call = called(&mut connection);
    let late = runtime.block_on(asked).unwrap().unwrap_err();
    assert_eq!(late.code(), "deadline");
    // What became of it is seen when this side receives.
    assert!(connection.next_timeout(MOMENT).is_err());
    connection.answer(call, &()).unwrap();
    let asked = runtime.spawn(async move { client.call::<_, u64>("next", &()).await });
    let call = called(&mut connection);
    assert_eq!(call.method(), "next");
    connection.answer(call, &7).unwrap();
    assert_eq!(runtime.block_on(asked).unwrap().unwrap(), 7);
}

fn a_close_leaves_what_is_not_answered(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let asked = runtime.spawn(async move { client.call::<_, ()>("taken", &()).await });
    let mut connection = server.accept().unwrap();
    let held = called(&mut connection);
    assert!(connection.close().undelivered.is_empty());
    let lost = runtime.block_on(asked).unwrap().unwrap_err();
    assert!(matches!(lost, CallError::Disconnected { sent: Sent::Maybe }), "{lost:?}");
    assert_eq!(heard(&mut connection), "disconnect");
    connection.answer(held, &()).unwrap();
}

fn a_client_calls_a_server_without_a_runtime_on_either_side(sockets: &Sockets) {
    let mut server = sockets.accept();
    let transport = server.endpoint().transport().unwrap();
    let serving = thread::spawn(move || {
        let mut connection = server.accept().unwrap();
        let mut count = 0;
        while let Some(event) = connection.next() {
            let Incoming::Call(call) = event else { continue };
            let number: u64 = connection.decode(call.args()).unwrap();
            connection.answer(call, &(number + 1)).unwrap();
            count += 1;
        }
        count
    });
    let mut client = Client::builder(MsgPack::new(), transport).unwrap().build();
    for number in 0..2000_u64 {
        assert_eq!(client.call::<_, u64>("add", &number).unwrap(), number + 1);
    }
    client.close();
    assert_eq!(serving.join().unwrap(), 2000);
}

fn a_result_that_is_too_large_is_a_failure(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let asked = runtime.spawn(async move {
        client.call::<_, String>("large", &()).within(Duration::from_secs(60)).await
    });
    let mut connection = server.accept().unwrap();
    let call = called(&mut connection);
    let text = "x".repeat(9 * 1024 * 1024);
    let error = connection.answer(call, text.as_str()).unwrap_err();
    assert!(matches!(error, EmitError::TooLarge { .. }), "{error:?}");
    let failed = runtime.block_on(asked).unwrap().unwrap_err();
    assert_eq!(failed.code(), "too_large");
}
