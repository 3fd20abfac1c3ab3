//! Streams of events: nothing is lost to a slow reader, and a dropped one holds nothing up.

use std::time::Duration;

use ipc_core::{Client, ClientEvent, Events, Incoming, Refusal, Server, ServerEvent};
use ipc_transport::{MemoryTransport, Transport};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Lines, Raw, client, memory, narrow, server, soon, times};

/// Returns an item as text.
fn text<L: std::fmt::Debug>(item: &Incoming<Lines, L>) -> String {
    match item {
        Incoming::Message(message, peer) => {
            let payload: String = peer.decode(message).unwrap();
            format!("{} {} {payload}", peer.id(), message.event())
        }
        Incoming::Lifecycle(event) => {
            let text = format!("{event:?}");
            text.split(['(', ' ']).next().unwrap_or_default().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

async fn rest<L: std::fmt::Debug>(mut events: Events<Lines, L>) -> Vec<String> {
    let mut rest = Vec::new();
    while let Some(item) = soon(events.next()).await {
        rest.push(text(&item));
    }
    rest
}

/// Returns a client whose streams hold about this many bytes, and what the server sends it.
fn slow(transport: &MemoryTransport, bytes: usize) -> Client<Lines> {
    Client::builder(Lines, transport.clone()).reconnect(times(0)).event_bytes(bytes).build()
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_everything_and_ends() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let server_events = server.events();
    let (client, log) = client(&transport);
    let client_events = client.events();
    client.emit("say", "hello").unwrap();
    log.until("echo hello").await;
    soon(client.close()).await;
    soon(server.shutdown(Duration::from_secs(1))).await;
    assert_eq!(rest(client_events).await, ["Connect", "0 echo hello", "Disconnect", "Destroy"]);
    assert_eq!(rest(server_events).await, ["Connect", "1 say hello", "Disconnect"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_loses_nothing_and_stops_the_reading() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let client = slow(&transport, 10_000);
    let mut events = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    let sent = tokio::spawn(async move {
        let mut sent = 0;
        for n in 0..1000 {
            let line = format!("n {n:0100}\n");
            if timeout(Duration::from_secs(10), peer.write(&line)).await.is_err() {
                break;
            }
            sent = n + 1;
        }
        (sent, peer)
    });
    // The peer gets rid of what the pipe, one read and the stream hold, and no more.
    let (sent, _peer) = soon(sent).await.unwrap();
    assert!((40..200).contains(&sent), "{sent}");
    assert!(matches!(events.try_next(), Some(Incoming::Lifecycle(ClientEvent::Connect))));
    for n in 0..sent {
        let Some(Incoming::Message(message, peer)) = soon(events.next()).await else {
            panic!("ended")
        };
        assert_eq!(peer.decode::<u64>(&message).unwrap(), n);
    }
}

#[tokio::test(start_paused = true)]
async fn reading_goes_on_when_the_reader_does() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let client = slow(&transport, 1000);
    let mut events = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    let write = tokio::spawn(async move {
        for n in 0..2000 {
            peer.write(format!("n {n}\n")).await;
        }
    });
    assert!(matches!(soon(events.next()).await, Some(Incoming::Lifecycle(_))));
    for n in 0..2000_u64 {
        if n % 100 == 0 {
            sleep(Duration::from_millis(500)).await;
        }
        let Some(Incoming::Message(message, peer)) = soon(events.next()).await else {
            panic!("ended")
        };
        assert_eq!(peer.decode::<u64>(&message).unwrap(), n);
    }
    soon(write).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_billed_to_the_peer() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = slow(&transport, 1);
    let mut events = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n 0\nn 1\nn 2\nn ").await;
    // Three times as long as an unfinished frame may take.
    sleep(Duration::from_secs(90)).await;
    for expected in ["Connect", "0 n 0", "0 n 1", "0 n 2"] {
        assert_eq!(text(&soon(events.next()).await.unwrap()), expected);
    }
    // From here on it is the peer's turn.
    sleep(Duration::from_secs(29)).await;
    peer.write("3\n").await;
    assert_eq!(text(&soon(events.next()).await.unwrap()), "0 n 3");
}

#[tokio::test(start_paused = true)]
async fn a_long_event_name_counts_against_the_bound() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let client = slow(&transport, 10_000);
    let _events = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    let line = format!("{} \n", "e".repeat(1000));
    let mut sent = 0;
    while timeout(Duration::from_secs(10), peer.write(&line)).await.is_ok() {
        sent += 1;
        assert!(sent < 50, "a peer fills the memory with names");
    }
    assert!(sent >= 9, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn two_streams_tell_the_same_and_the_slower_sets_the_pace() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    let client = slow(&transport, 500);
    let (mut fast, mut late) = (client.events(), client.events());
    client.start().unwrap();
    soon(client.connected()).await.unwrap();
    while server.peers().is_empty() {
        tokio::task::yield_now().await;
    }
    for n in 0..100 {
        server.peers()[0].emit("n", n.to_string().as_str()).unwrap();
    }
    let mut seen = 0;
    while timeout(Duration::from_secs(1), fast.next()).await.is_ok() {
        seen += 1;
    }
    assert!((2..10).contains(&seen), "{seen}");
    assert!(matches!(soon(late.next()).await, Some(Incoming::Lifecycle(_))));
    for n in 0..100_u64 {
        let Some(Incoming::Message(message, peer)) = soon(late.next()).await else {
            panic!("ended")
        };
        assert_eq!(peer.decode::<u64>(&message).unwrap(), n);
        while fast.try_next().is_some() {
            seen += 1;
        }
    }
    assert_eq!(seen, 101);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_room_holds_one_item_at_a_time() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let client = slow(&transport, 0);
    let events = client.events();
    client.start().unwrap();
    log.until("1 connect").await;
    for n in 0..10 {
        server.peers()[0].emit("n", n.to_string().as_str()).unwrap();
    }
    let all = tokio::spawn(rest(events));
    sleep(Duration::from_secs(1)).await;
    soon(client.close()).await;
    assert_eq!(soon(all).await.unwrap().len(), 13);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_holds_nobody_up() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let client = slow(&transport, 500);
    let events = client.events();
    client.start().unwrap();
    log.until("1 connect").await;
    let client_log = crate::support::Log::of_client(&client);
    for n in 0..100 {
        server.peers()[0].emit("n", n.to_string().as_str()).unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert!(client_log.lines().len() < 10);
    drop(events);
    client_log.until("n 99").await;
    // A new one begins with what comes then.
    let events = client.events();
    soon(client.close()).await;
    assert_eq!(rest(events).await, ["Disconnect", "Destroy"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_closes_although_nobody_reads_its_stream() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let client = slow(&transport, 100);
    let events = client.events();
    client.start().unwrap();
    log.until("1 connect").await;
    for n in 0..100 {
        server.peers()[0].emit("n", n.to_string().as_str()).unwrap();
    }
    client.emit("say", "goodbye").unwrap();
    let start = Instant::now();
    assert!(soon(client.close()).await.undelivered.is_empty());
    assert!(start.elapsed() <= Duration::from_secs(1));
    log.until("1 say goodbye").await;
    let told = rest(events).await;
    assert_eq!(told[..2], ["Connect", "0 n 0"]);
    assert_eq!(told[told.len() - 2..], ["Disconnect", "Destroy"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_fails_is_at_its_end_although_nobody_reads_its_stream() {
    let client = slow(&memory(), 1);
    let events = client.events();
    client.start().unwrap();
    soon(client.peer().closed()).await;
    assert!(soon(client.connected()).await.is_err());
    assert_eq!(rest(events).await, ["Error", "Disconnect", "Destroy"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_taken_after_the_end_has_ended() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    let (client, log) = client(&transport);
    soon(client.close()).await;
    log.until("destroy").await;
    // The task has a last step to do after it has told of the end.
    tokio::task::yield_now().await;
    assert!(soon(client.events().next()).await.is_none());
    soon(server.shutdown(Duration::ZERO)).await;
    assert!(soon(server.events().next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_dropped_server_ends() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let unused = server.events();
    drop(server);
    assert!(rest(unused).await.is_empty());
    let (server, log) = self::server(&transport).await;
    let events = server.events();
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    drop(server);
    assert_eq!(peer.rest().await, "");
    drop(peer);
    assert_eq!(rest(events).await, ["Connect", "Disconnect"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_of_refused_connections_and_lost_handlers() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).max_connections(1).build();
    server.on("say", |_: String, _| panic!("a handler panics"));
    server.on_lifecycle(|event| {
        if matches!(event, ServerEvent::Refused { .. }) {
            panic!("a lifecycle handler panics");
        }
    });
    let mut events = server.events();
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write("say hello\n").await;
    for expected in ["Connect", "1 say hello", "Error"] {
        assert_eq!(text(&soon(events.next()).await.unwrap()), expected);
    }
    let mut refused = Raw::dial(&transport).await;
    assert_eq!(refused.rest().await, "");
    for expected in ["Refused", "Error"] {
        assert_eq!(text(&soon(events.next()).await.unwrap()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn newcomers_wait_while_the_stream_is_full() {
    let transport = memory();
    let server =
        Server::builder(Lines, transport.clone()).max_connections(0).event_bytes(1000).build();
    let mut events = server.events();
    soon(server.listen()).await.unwrap();
    let mut peers = Vec::new();
    for _ in 0..100 {
        peers.push(Raw::dial(&transport).await);
    }
    sleep(Duration::from_secs(1)).await;
    for _ in 0..100 {
        let Some(Incoming::Lifecycle(ServerEvent::Refused {
            why: Refusal::TooManyPeers { limit: 0 },
            ..
        })) = soon(events.next()).await
        else {
            panic!("not refused")
        };
    }
    assert!(events.try_next().is_none());
}
