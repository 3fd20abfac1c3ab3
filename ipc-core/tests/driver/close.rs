//! A client ends: what was sent is written or handed back, and no waiting call is left.

use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy, State};
use ipc_core::{Client, EmitError};
use ipc_transport::Transport;
use tokio::time::Instant;

use crate::scripted::{Scripted, Step};
use crate::support::{Lines, Log, Raw, client, memory, narrow, server, soon, texts, times};

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("n {n}")).collect()
}

/// Sends the numbers of the range.
fn emit(client: &Client<Lines>, range: std::ops::Range<u32>) {
    for n in range {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn close_writes_everything_first() {
    let transport = narrow(1000);
    let (_server, log) = server(&transport).await;
    let (client, _) = client(&transport);
    soon(client.connected()).await.unwrap();
    emit(&client, 0..10_000);
    assert!(soon(client.close()).await.undelivered.is_empty());
    log.until("1 disconnect by peer").await;
    let got = log.lines()[1..10_001].iter().map(|line| line[2..].to_owned()).collect::<Vec<_>>();
    assert_eq!(got, numbers(0..10_000));
    assert_eq!(client.tally().written, 10_000);
}

#[tokio::test(start_paused = true)]
async fn close_right_after_connect_writes_everything_too() {
    let transport = memory();
    let (_server, log) = server(&transport).await;
    let (client, client_log) = client(&transport);
    emit(&client, 0..10_000);
    assert!(soon(client.close()).await.undelivered.is_empty());
    log.until("1 disconnect by peer").await;
    assert_eq!(log.lines().len(), 10_002);
    assert_eq!(client_log.lines(), ["connect", "disconnect local", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn close_with_nobody_listening_hands_back() {
    let client = Client::builder(Lines, memory()).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    emit(&client, 0..3);
    let report = soon(client.close()).await;
    assert_eq!(texts(&report.undelivered), numbers(0..3));
    // The attempt that was under way when it was closed was the last.
    let end = ["error nobody_listening", "disconnect nobody_listening", "destroy"];
    assert_eq!(log.lines(), end);
    assert_eq!(client.tally().handed_back, 3);
}

#[tokio::test(start_paused = true)]
async fn close_of_a_client_that_waits_for_its_next_attempt_is_at_once() {
    let day = Duration::from_secs(24 * 60 * 60);
    let policy = ReconnectPolicy::forever(Backoff::fixed(day));
    let client = Client::builder(Lines, memory()).reconnect(policy).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    log.until("disconnect nobody_listening").await;
    emit(&client, 0..3);
    assert_eq!(texts(&soon(client.close()).await.undelivered), numbers(0..3));
    assert_eq!(log.timed().last().unwrap(), "0 destroy");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_never_started_dials_nobody_when_it_is_closed() {
    let transport = memory();
    let (_server, server_log) = server(&transport).await;
    for disconnect in [false, true] {
        let client = Client::builder(Lines, transport.clone()).build();
        let log = Log::of_client(&client);
        // Not `client.emit`, which starts it.
        (0..3).for_each(|n| client.peer().emit("n", n.to_string().as_str()).unwrap());
        let report =
            if disconnect { soon(client.disconnect()).await } else { soon(client.close()).await };
        assert_eq!(texts(&report.undelivered), numbers(0..3));
        assert_eq!(log.lines(), ["destroy"]);
        assert_eq!(client.emit("n", "4"), Err(EmitError::Closed));
    }
    assert!(server_log.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_the_attempt_that_is_under_way() {
    let transport = Scripted::new(memory(), &[Step::Hangs], &[]);
    let client = Client::builder(Lines, transport)
        .reconnect(times(9))
        .connect_timeout(Duration::from_secs(7))
        .build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    emit(&client, 0..1);
    assert_eq!(soon(client.close()).await.undelivered.len(), 1);
    let end = ["error connect_timeout", "disconnect connect_timeout", "destroy"];
    assert_eq!(log.timed(), end.map(|line| format!("7000 {line}")));
}

#[tokio::test(start_paused = true)]
async fn disconnect_gives_an_attempt_up_at_once() {
    let transport = Scripted::new(memory(), &[Step::Hangs], &[]);
    let client = Client::builder(Lines, transport).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    while *client.state().borrow() == State::Idle {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.state().borrow().name(), "dialing");
    emit(&client, 0..1);
    assert_eq!(soon(client.disconnect()).await.undelivered.len(), 1);
    assert_eq!(log.timed(), ["0 disconnect local", "0 destroy"]);
}

#[tokio::test(start_paused = true)]
async fn disconnect_hands_back_what_was_not_written() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut peer = Raw::accept(&mut listener).await;
    emit(&client, 0..10);
    // A line has 4 bytes: two fit into the pipe, and half of the third.
    log.until("connect").await;
    assert!(tokio::time::timeout(Duration::from_secs(1), client.flush()).await.is_err());
    let report = soon(client.disconnect()).await;
    assert_eq!(texts(&report.undelivered), numbers(2..10));
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.written, tally.handed_back), (10, 2, 8));
    assert_eq!(peer.rest().await, "n 0\nn 1\nn ");
    assert_eq!(log.lines(), ["connect", "disconnect local", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn close_gives_a_peer_that_does_not_read_10_s() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let _peer = Raw::accept(&mut listener).await;
    emit(&client, 0..10);
    let report = soon(client.close()).await;
    assert_eq!(texts(&report.undelivered), numbers(2..10));
    let expected = [
        "0 connect",
        "10000 error close_timeout",
        "10000 disconnect close_timeout",
        "10000 destroy",
    ];
    assert_eq!(log.timed(), expected);
}

#[tokio::test(start_paused = true)]
async fn close_waits_a_second_for_a_peer_that_keeps_its_side_open() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut peer = Raw::accept(&mut listener).await;
    emit(&client, 0..1);
    let start = Instant::now();
    assert!(soon(client.close()).await.undelivered.is_empty());
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(peer.rest().await, "n 0\n");
    assert_eq!(log.lines(), ["connect", "disconnect local", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_peer_says_last_is_heard_while_closing() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut peer = Raw::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    client.peer().close();
    assert_eq!(peer.rest().await, "");
    peer.write("say goodbye\n").await;
    drop(peer);
    log.until("destroy").await;
    assert_eq!(log.lines(), ["connect", "say goodbye", "disconnect local", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_client_closes_it() {
    let transport = memory();
    let (_server, log) = server(&transport).await;
    let (client, _) = client(&transport);
    let other = client.clone();
    emit(&client, 0..2);
    drop(client);
    log.until("1 n 1").await;
    emit(&other, 2..4);
    drop(other);
    log.until("1 disconnect by peer").await;
    assert!(log.lines().contains(&"1 n 3".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_client_that_was_never_started_is_its_end_too() {
    let client = Client::builder(Lines, memory()).build();
    let (peer, mut events) = (client.peer().clone(), client.events());
    (0..2).for_each(|n| peer.emit("n", n.to_string().as_str()).unwrap());
    drop(client);
    soon(peer.closed()).await;
    assert!(!soon(peer.flush()).await);
    assert_eq!(texts(&peer.take_undelivered()), numbers(0..2));
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_removed_no_longer_keeps_its_client() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (client, client_log) = client(&transport);
    let captured = client.clone();
    client.on("say", move |_: String, _| drop(captured.clone()));
    soon(client.connected()).await.unwrap();
    log.until("1 connect").await;
    server.peers()[0].emit("say", "hello").unwrap();
    client_log.until("say hello").await;
    client.off_event("say");
    drop(client);
    log.until("1 disconnect by peer").await;
}

#[tokio::test(start_paused = true)]
async fn closing_twice_reports_once() {
    let (client, _) = client(&memory());
    emit(&client, 0..3);
    let (one, two) = soon(async { tokio::join!(client.close(), client.close()) }).await;
    assert_eq!(one.undelivered.len() + two.undelivered.len(), 3);
    assert!(soon(client.close()).await.undelivered.is_empty());
    assert!(soon(client.disconnect()).await.undelivered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_given_up_goes_on() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut peer = Raw::accept(&mut listener).await;
    emit(&client, 0..10);
    let given_up = tokio::time::timeout(Duration::from_secs(1), client.close()).await;
    assert!(given_up.is_err());
    assert_eq!(peer.rest().await.lines().count(), 10);
    drop(peer);
    log.until("destroy").await;
    assert!(soon(client.close()).await.undelivered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_sent_after_close() {
    let transport = memory();
    let (_server, _) = server(&transport).await;
    let (client, _) = client(&transport);
    soon(client.connected()).await.unwrap();
    client.peer().close();
    // From the call on, not only from the end on.
    assert_eq!(client.emit("say", "hello"), Err(EmitError::Closed));
    soon(client.close()).await;
    assert_eq!(client.emit("say", "hello"), Err(EmitError::Closed));
    assert_eq!(soon(client.send("say", "hello")).await, Err(EmitError::Closed));
    assert!(!soon(client.flush()).await);
    soon(client.peer().closed()).await;
    assert_eq!(client.tally().accepted, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_said_before_it_went_is_heard_although_writing_fails() {
    let transport = narrow(1024 * 1024);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut peer = Raw::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    // More than is handled in one turn, and then it is gone, all before the client's next turn.
    let lines: String = (0..20_000).map(|n| format!("n {n}\n")).collect();
    peer.write(lines).await;
    drop(peer);
    emit(&client, 0..100);
    log.until("destroy").await;
    assert_eq!(log.lines().len(), 20_003);
    assert_eq!(client.tally().written, 0);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_goes_ends_a_close_although_nobody_reads_the_stream() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport).event_bytes(1).build();
    let _events = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    emit(&client, 0..10);
    peer.write("n 0\nn 1\nn 2\n").await;
    client.peer().close();
    let start = Instant::now();
    drop(peer);
    assert_eq!(soon(client.close()).await.undelivered.len(), 8);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_while_the_client_closes_leaves_it_with_the_rest() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(5)).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    let peer = Raw::accept(&mut listener).await;
    emit(&client, 0..10);
    log.until("connect").await;
    client.peer().close();
    drop(peer);
    // It was told to close, so it does not come back.
    let undelivered = texts(&soon(client.close()).await.undelivered);
    let written = u32::try_from(client.tally().written).unwrap();
    assert!(written < 10);
    assert_eq!(undelivered, numbers(written..10));
    assert_eq!(log.lines(), ["connect", "disconnect by peer", "destroy"]);
}
