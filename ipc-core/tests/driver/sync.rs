//! One message in flight: the next one leaves when something was received after the one before.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, FlushPolicy, InFlight};
use ipc_transport::{MemoryTransport, Transport};
use tokio::time::{Instant, sleep};

use crate::support::{Lines, Log, Raw, memory, narrow, server, soon, texts, times};

/// Returns a client with one message in flight that has sent the numbers up to `count`.
fn client(transport: &MemoryTransport, policy: ReconnectPolicy, count: u32) -> Client<Lines> {
    let client = Client::builder(Lines, transport.clone())
        .reconnect(policy)
        .in_flight(InFlight::One)
        .build();
    client.start().unwrap();
    for n in 0..count {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    client
}

/// Waits a minute in vain for anything more.
async fn check_silent(peer: &mut Raw) {
    let more = tokio::time::timeout(Duration::from_secs(60), peer.line()).await;
    assert!(more.is_err(), "a message left before its time: {more:?}");
}

#[tokio::test(start_paused = true)]
async fn each_message_waits_for_an_answer() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let _client = client(&transport, times(0), 3);
    let mut peer = Raw::accept(&mut listener).await;
    for n in 0..3 {
        assert_eq!(peer.line().await, format!("n {n}"));
        check_silent(&mut peer).await;
        peer.write("ok \n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_none() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let _client = client(&transport, times(0), 2);
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 0");
    peer.write("o").await;
    assert!(tokio::time::timeout(Duration::from_secs(20), peer.line()).await.is_err());
    peer.write("k \n").await;
    assert_eq!(peer.line().await, "n 1");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_of_the_format_is_one_too() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, times(0), 2);
    let log = Log::of_client(&client);
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 0");
    peer.write("nospace\n").await;
    assert_eq!(peer.line().await, "n 1");
    assert_eq!(log.lines(), ["connect", "error ERR_LINE"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_sets_the_pace() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("n", |text: String, peer| {
        let peer = peer.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            peer.emit("echo", text.as_str()).unwrap();
        });
    });
    let start = Instant::now();
    let client = client(&transport, times(0), 10);
    let log = Log::of_client(&client);
    log.until("echo 9").await;
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_answers_releases_one_message() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let _client = client(&transport, times(0), 5);
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 0");
    peer.write("ok \n".repeat(10)).await;
    assert_eq!(peer.line().await, "n 1");
    check_silent(&mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sends_on_every_answer_never_has_two_in_flight() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, times(0), 1);
    client.on("ok", |_: String, peer| peer.emit("next", "").unwrap());
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 0");
    for _ in 0..100 {
        peer.write("ok \n").await;
        assert_eq!(peer.line().await, "next ");
    }
    check_silent(&mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_waits_for_no_answer_of_the_old_one() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, times(5), 3);
    for n in 0..3 {
        let mut peer = Raw::accept(&mut listener).await;
        assert_eq!(peer.line().await, format!("n {n}"));
        check_silent(&mut peer).await;
    }
    let tally = client.tally();
    assert_eq!((tally.accepted, tally.written), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_the_pipe_is_one_message() {
    let transport = narrow(10);
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, times(0), 0);
    let long = "x".repeat(1000);
    client.emit("long", long.as_str()).unwrap();
    client.emit("n", "1").unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    // An answer to nothing yet: the long one is still on its way.
    peer.write("ok \n").await;
    assert_eq!(peer.line().await, format!("long {long}"));
    check_silent(&mut peer).await;
    peer.write("ok \n").await;
    assert_eq!(peer.line().await, "n 1");
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_the_answers() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    server.on("n", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let client = client(&transport, times(0), 100);
    assert!(soon(client.close()).await.undelivered.is_empty());
    log.until("1 n 99").await;
}

#[tokio::test(start_paused = true)]
async fn close_hands_back_what_was_held_for_an_answer_that_never_came() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, times(0), 4);
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 0");
    let start = Instant::now();
    let report = soon(client.close()).await;
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!(texts(&report.undelivered), ["n 1", "n 2", "n 3"]);
    assert_eq!(peer.rest().await, "");
}

#[tokio::test(start_paused = true)]
async fn it_goes_with_a_delayed_flush() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone())
        .in_flight(InFlight::One)
        .flush_policy(FlushPolicy::Within(Duration::from_millis(50)))
        .build();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    soon(client.connected()).await.unwrap();
    let start = Instant::now();
    for n in 0..3 {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    for n in 0..3 {
        assert_eq!(peer.line().await, format!("n {n}"));
        assert_eq!(start.elapsed(), Duration::from_millis(50 * (n + 1)));
        peer.write("ok \n").await;
    }
}
