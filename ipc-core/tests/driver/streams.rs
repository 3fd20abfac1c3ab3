//! Typed streams of one event: bounded, in order, and nothing of them is missed.

use std::time::Duration;

use ipc_core::{Client, Error, HandlerError, Incoming};
use ipc_transport::Transport;
use tokio::time::timeout;

use crate::support::{Lines, Raw, client, memory, narrow, server, soon, times};

#[tokio::test(start_paused = true)]
async fn only_the_payloads_of_the_event_come_in_order() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let mut numbers = client.stream::<u64>("n");
    client.on("n", |_: u64, _| {});
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n 1\nm 7\nn 2\nnn 3\nn 4\n").await;
    for expected in [1, 2, 4] {
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), expected);
    }
    drop(peer);
    log.until("destroy").await;
    assert!(soon(numbers.next()).await.is_none());
    assert!(soon(client.stream::<u64>("n").next()).await.is_none(), "it ended before");
}

#[tokio::test(start_paused = true)]
async fn a_payload_of_another_type_is_an_error_and_the_stream_goes_on() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, _log) = client(&transport);
    let mut numbers = client.stream::<u64>("n");
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n x\nn 2\n").await;
    let error = soon(numbers.next()).await.unwrap().unwrap_err();
    let Error::Handler(HandlerError::Payload { event, .. }) = error else { panic!("{error}") };
    assert_eq!(event, "n");
    assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_next_one_counts_from_the_call_on() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    server.on("ask", |text: String, peer| peer.emit("answer", text.as_str()).unwrap());
    let (client, log) = client(&transport);
    let answer = client.next::<String>("answer");
    client.emit("ask", "one").unwrap();
    // It has come long before it is awaited.
    log.until("answer one").await;
    assert_eq!(soon(answer).await.unwrap(), "one");
    let (asked, peer) = {
        let next = server.next::<String>("ask");
        client.emit("ask", "two").unwrap();
        soon(next).await.unwrap()
    };
    assert_eq!((asked.as_str(), peer.id().get()), ("two", 1));
    // One that is never answered ends with the client.
    let never = client.next::<String>("never");
    soon(client.close()).await;
    assert!(matches!(soon(never).await, Err(Error::Closed)));
    soon(server.shutdown(Duration::from_secs(1))).await;
    assert!(matches!(soon(server.next::<String>("ask")).await, Err(Error::Closed)));
}

#[tokio::test(start_paused = true)]
async fn awaiting_the_next_one_starts_the_client() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let client = Client::builder(Lines, transport.clone()).reconnect(times(0)).build();
    let next = tokio::spawn(client.next::<String>("greeting"));
    log.until_len(1).await;
    server.broadcast("greeting", "hello").unwrap();
    assert_eq!(soon(next).await.unwrap().unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_full_stops_the_reading_and_loses_nothing() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(0));
    let client = client.event_bytes(10_000).build();
    let mut numbers = client.stream::<u64>("n");
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    let sent = tokio::spawn(async move {
        let mut sent = 0;
        for n in 0..1000 {
            let line = format!("n {n:0100}\nother {n:0100}\n");
            if timeout(Duration::from_secs(10), peer.write(&line)).await.is_err() {
                break;
            }
            sent = n + 1;
        }
        (sent, peer)
    });
    let (sent, _peer) = soon(sent).await.unwrap();
    assert!((20..200).contains(&sent), "{sent}");
    for n in 0..sent {
        assert_eq!(soon(numbers.next()).await.unwrap().unwrap(), n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_holds_nobody_up() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(0));
    let client = client.event_bytes(1).build();
    let dropped = client.stream::<u64>("n");
    let mut all = client.events();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n 1\nn 2\nn 3\n").await;
    assert!(matches!(soon(all.next()).await, Some(Incoming::Lifecycle(_))));
    drop(dropped);
    for _ in 0..3 {
        assert!(matches!(soon(all.next()).await, Some(Incoming::Message(..))));
    }
}
