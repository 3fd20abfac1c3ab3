//! Nothing stays behind: no task after the end, however it came; thousands of lives in a row.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{Client, OnMalformed, Server};
use ipc_transport::{MemoryTransport, Transport};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::support::{Lines, Log, Raw, client, memory, narrow, server, soon, times};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until there are no more tasks than before.
async fn check(before: usize) {
    for _ in 0..100 {
        if tasks() <= before {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("{} tasks are left, there were {before}", tasks());
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_client_ends_its_task() {
    let before = tasks();
    let nobody = memory();
    for overflow in [OverflowPolicy::Block, OverflowPolicy::Disconnect] {
        let build = |transport: &MemoryTransport| {
            let limits = QueueLimits::default().with_max_messages(1);
            let builder = Client::builder(Lines, transport.clone()).reconnect(times(1_000_000));
            builder.queue(limits).overflow(overflow).build()
        };
        let start = |transport: &MemoryTransport| {
            let client = build(transport);
            client.start().unwrap();
            client
        };
        // Never started; given up while it waits; closed; disconnected; dropped with a stream.
        drop(build(&nobody));
        soon(build(&nobody).close()).await;
        let client = start(&nobody);
        sleep(Duration::from_secs(1)).await;
        client.stop_retrying();
        soon(start(&nobody).close()).await;
        soon(start(&nobody).disconnect()).await;
        let client = start(&nobody);
        let _events = client.events();
        drop(client);
        let client = start(&nobody);
        let _ = (client.emit("one", "fits"), client.emit("two", "does not"));
        drop(client);
        check(before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_connection_ends_its_task() {
    let before = tasks();
    let transport = narrow(100);
    let server = Server::builder(Lines, transport.clone())
        .on_malformed(OnMalformed::Close)
        .frame_timeout(Some(Duration::from_secs(5)))
        .build();
    server.on("fill", |_: String, peer| {
        while peer.queued().messages < 100 {
            peer.emit("n", "filling the pipe").unwrap();
        }
    });
    server.on("panic", |_: String, _| panic!("a handler panics"));
    server.on("out", |_: String, peer| peer.disconnect());
    soon(server.listen()).await.unwrap();
    let listening = tasks();
    assert_eq!(listening, before + 1);
    let ends = ["", "half", "nospace\n", "fill x\n", "panic x\n", "out x\n", "x y\nhalf"];
    for end in ends {
        for finish in [false, true] {
            let mut peer = Raw::dial(&transport).await;
            peer.write(end).await;
            if finish {
                peer.finish().await;
                sleep(Duration::from_secs(20)).await;
            }
            drop(peer);
            check(listening).await;
        }
    }
    assert!(server.peers().is_empty());
    let _stuck = Raw::dial(&transport).await;
    drop(server);
    check(before).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_shut_down_leaves_no_task() {
    let before = tasks();
    for _ in 0..10 {
        let transport = memory();
        let (server, log) = server(&transport).await;
        let clients = [(); 5].map(|()| client(&transport));
        log.until_len(5).await;
        soon(server.shutdown(Duration::from_secs(3))).await;
        drop(clients);
        check(before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_comes_and_goes_leaves_no_handle_in_the_server() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let mut kept = Vec::new();
    for n in 1..=100 {
        let peer = Raw::dial(&transport).await;
        log.until(&format!("{n} connect")).await;
        let value = std::sync::Arc::new(n);
        kept.push(std::sync::Arc::downgrade(&value));
        server.peers()[0].attach(value);
        drop(peer);
        log.until(&format!("{n} disconnect by peer")).await;
    }
    tokio::task::yield_now().await;
    assert!(kept.iter().all(|value| value.upgrade().is_none()));
}

#[tokio::test(start_paused = true)]
async fn two_thousand_lives_in_a_row() {
    let before = tasks();
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).max_connections(1).build();
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    soon(server.listen()).await.unwrap();
    for n in 0..2000 {
        let client = Client::builder(Lines, transport.clone()).reconnect(times(0)).build();
        let log = Log::of_client(&client);
        client.start().unwrap();
        client.emit("say", n.to_string().as_str()).unwrap();
        log.until(&format!("echo {n}")).await;
        assert!(soon(client.close()).await.undelivered.is_empty());
        while !server.peers().is_empty() {
            tokio::task::yield_now().await;
        }
    }
    soon(server.shutdown(Duration::from_secs(1))).await;
    check(before).await;
}

#[tokio::test(start_paused = true)]
async fn two_thousand_clients_at_the_same_time() {
    let before = tasks();
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).max_connections(2000).build();
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    soon(server.listen()).await.unwrap();
    let clients: Vec<_> = (0..2000).map(|_| client(&transport)).collect();
    for (n, (client, _)) in clients.iter().enumerate() {
        client.emit("say", n.to_string().as_str()).unwrap();
    }
    for (n, (_, log)) in clients.iter().enumerate() {
        log.until(&format!("echo {n}")).await;
    }
    assert_eq!(server.peers().len(), 2000);
    soon(server.shutdown(Duration::from_secs(3))).await;
    drop(clients);
    check(before).await;
    assert!(transport.dial().await.is_err());
}
