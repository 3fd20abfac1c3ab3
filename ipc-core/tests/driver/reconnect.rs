//! A client whose server is away, comes, goes and comes back.

use std::collections::BTreeSet;
use std::time::Duration;

use ipc_core::session::{Backoff, Jitter, ReconnectPolicy, State};
use ipc_core::{Client, ConnectError, Error};
use ipc_transport::{FaultTransport, Faults, Transport, TransportError};
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, memory, narrow, server, soon, times};

fn client(transport: impl Transport, policy: ReconnectPolicy) -> (Client<Lines>, Log) {
    let client = Client::builder(Lines, transport).reconnect(policy).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    (client, log)
}

/// Lets a client with this policy try in vain and compares what happens when, in milliseconds.
async fn check(policy: ReconnectPolicy, expected: &[&str]) {
    let (_client, log) = client(memory(), policy);
    log.until("destroy").await;
    assert_eq!(log.timed(), expected);
}

#[tokio::test(start_paused = true)]
async fn attempts_and_pauses_are_exact() {
    check(
        times(2),
        &[
            "0 error nobody_listening",
            "0 disconnect nobody_listening",
            "100 error nobody_listening",
            "100 disconnect nobody_listening",
            "200 error nobody_listening",
            "200 disconnect nobody_listening",
            "200 destroy",
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn never_retry_fails_fast() {
    let expected = ["0 error nobody_listening", "0 disconnect nobody_listening", "0 destroy"];
    check(ReconnectPolicy::never(), &expected).await;
    let (client, _) = client(memory(), ReconnectPolicy::never());
    let error = soon(client.connected()).await.unwrap_err();
    let ConnectError::Failed(error) = error else { panic!("{error:?}") };
    assert!(matches!(&*error, Error::Transport(TransportError::NobodyListening { .. })));
    assert!(error.ends_connection());
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_to_the_cap() {
    let ms = Duration::from_millis;
    let backoff = Backoff::exponential(ms(100), ms(250), Jitter::None).unwrap();
    let (_client, log) = client(memory(), ReconnectPolicy::times(4, backoff));
    log.until("destroy").await;
    let attempts = log.timed().into_iter().filter(|line| line.contains("error"));
    let times: Vec<_> = attempts.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(times, ["0", "100", "300", "550", "800"]);
}

#[tokio::test(start_paused = true)]
async fn the_server_may_come_later() {
    let transport = FaultTransport::new(memory(), Faults::new(1).with_refused_dials(3));
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(transport, times(3));
    soon(client.connected()).await.unwrap();
    let _peer = Raw::accept(&mut listener).await;
    let connects = log.timed().into_iter().filter(|line| line.ends_with(" connect"));
    assert_eq!(connects.collect::<Vec<_>>(), ["300 connect"]);
}

#[tokio::test(start_paused = true)]
async fn handlers_survive_and_connect_comes_once_for_each_connection() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(transport, times(1));
    for round in ["say one", "say two", "say three"] {
        let mut peer = Raw::accept(&mut listener).await;
        peer.write(format!("{round}\n")).await;
        log.until(round).await;
    }
    drop(listener);
    log.until("destroy").await;
    let connected = ["connect", "disconnect by peer"];
    let mut expected = vec![];
    for round in ["say one", "say two", "say three"] {
        expected.extend([connected[0], round, connected[1]]);
    }
    expected.extend(["error nobody_listening", "disconnect nobody_listening", "destroy"]);
    assert_eq!(log.lines(), expected);
    assert_eq!(*client.state().borrow(), State::Destroyed);
}

#[tokio::test(start_paused = true)]
async fn a_connection_starts_the_count_of_attempts_anew() {
    let transport = FaultTransport::new(memory(), Faults::new(1).with_refused_dials(2));
    let mut listener = transport.listen().await.unwrap();
    let (_client, log) = client(transport, times(2));
    // Two attempts fail, the third succeeds and is lost: two more are left.
    drop(Raw::accept(&mut listener).await);
    log.until("disconnect by peer").await;
    drop(listener);
    log.until("destroy").await;
    let failed = log.lines().iter().filter(|line| line.starts_with("error")).count();
    assert_eq!(failed, 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_without_a_server_arrives_in_order() {
    let transport = memory();
    let (client, _) = client(transport.clone(), times(1000));
    let mut expected: Vec<_> = (0..100).map(|n| format!("1 n {n}")).collect();
    for n in 0..100 {
        client.emit("n", n.to_string().as_str()).unwrap();
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    let (_server, log) = server(&transport).await;
    soon(client.connected()).await.unwrap();
    client.emit("n", "last").unwrap();
    log.until("1 n last").await;
    expected.insert(0, "1 connect".to_owned());
    expected.push("1 n last".to_owned());
    assert_eq!(log.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_half_written_message_is_sent_again_whole() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let (client, _) = client(transport, times(5));
    client.emit("one", "1").unwrap();
    client.emit("two", "22222222222").unwrap();
    client.emit("three", "3").unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "one 1");
    drop(peer);
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "two 22222222222");
    assert_eq!(peer.line().await, "three 3");
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.written), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn stop_retrying_ends_a_waiting_client_at_once() {
    let (client, log) = client(memory(), ReconnectPolicy::forever(Backoff::fixed(DAY)));
    client.emit("say", "hello").unwrap();
    log.until("disconnect nobody_listening").await;
    client.stop_retrying();
    log.until("destroy").await;
    assert_eq!(log.timed().last().unwrap(), "0 destroy");
    assert_eq!(soon(client.close()).await.undelivered.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stop_retrying_keeps_the_present_connection() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(transport, ReconnectPolicy::default());
    let mut peer = Raw::accept(&mut listener).await;
    client.stop_retrying();
    peer.write("say still\n").await;
    log.until("say still").await;
    drop(peer);
    log.until("destroy").await;
    assert_eq!(log.lines(), ["connect", "say still", "disconnect by peer", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn another_policy_can_be_set_at_any_time() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(transport, ReconnectPolicy::never());
    soon(client.connected()).await.unwrap();
    client.set_reconnect(times(1));
    drop(Raw::accept(&mut listener).await);
    drop(Raw::accept(&mut listener).await);
    let third = Raw::accept(&mut listener).await;
    log.until_len(5).await;
    client.set_reconnect(ReconnectPolicy::never());
    drop(third);
    log.until("destroy").await;
    let connects = log.lines().iter().filter(|line| *line == "connect").count();
    assert_eq!(connects, 3);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_ends_when_it_is_never_to_try_again() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let an_hour = Backoff::fixed(Duration::from_secs(3600));
    let (client, log) = client(transport, ReconnectPolicy::forever(an_hour));
    drop(Raw::accept(&mut listener).await);
    log.until("disconnect by peer").await;
    let before = Instant::now();
    client.set_reconnect(ReconnectPolicy::never());
    log.until("destroy").await;
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn connecting_twice_is_connecting_once() {
    let transport = memory();
    let (_server, log) = server(&transport).await;
    let (client, _) = client(transport, times(1));
    client.start().unwrap();
    client.clone().start().unwrap();
    soon(client.connected()).await.unwrap();
    client.emit("say", "hello").unwrap();
    log.until("1 say hello").await;
    assert_eq!(log.lines(), ["1 connect", "1 say hello"]);
}

#[tokio::test(start_paused = true)]
async fn the_state_can_be_watched() {
    let transport = memory();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(9)).build();
    let mut state = client.state();
    let mut names = vec![state.borrow_and_update().name()];
    client.start().unwrap();
    let mut listener = None;
    while names.last() != Some(&"destroyed") {
        soon(state.changed()).await.unwrap();
        names.push(state.borrow_and_update().name());
        match names.last() {
            Some(&"waiting") if listener.is_none() => {
                listener = Some(transport.listen().await.unwrap());
            }
            Some(&"connected") => client.peer().close(),
            _ => {}
        }
    }
    // A watch shows the latest state, so those that last no time are left out.
    assert_eq!(names, ["idle", "waiting", "connected", "destroyed"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_closed_is_not_connected() {
    let (client, _) = client(memory(), ReconnectPolicy::default());
    soon(client.disconnect()).await;
    let error = soon(client.connected()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Closed | ConnectError::Failed(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn full_jitter_spreads_a_herd() {
    let transport = memory();
    let backoff = Backoff::exponential(DAY, DAY, Jitter::Full).unwrap();
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(client(transport.clone(), ReconnectPolicy::times(1, backoff)));
    }
    let mut minutes = BTreeSet::new();
    for (client, log) in &clients {
        log.until_len(2).await;
        let State::Waiting(at) = *client.state().borrow() else { panic!("not waiting") };
        minutes.insert((at - Instant::now().into_std()).as_secs() / 60);
    }
    // Out of 1,440 minutes 50 are drawn: 10 of them twice is rarer than once in a million runs.
    assert!(minutes.len() > 40, "{minutes:?}");
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
