//! Groups: who is in one, and what is sent to it.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{GroupError, GroupLimits, Peer, PeerId, Server, ServerEvent};
use ipc_transport::MemoryTransport;
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, client, memory, narrow, server, soon};

/// Connects so many peers, in order.
async fn connect(
    transport: &MemoryTransport,
    server: &Server<Lines>,
    log: &Log,
    count: u64,
) -> (Vec<Raw>, Vec<Peer<Lines>>) {
    let mut raws = Vec::new();
    for n in 1..=count {
        raws.push(Raw::dial(transport).await);
        log.until(&format!("{n} connect")).await;
    }
    (raws, server.peers())
}

fn ids(peers: &[Peer<Lines>]) -> Vec<u64> {
    peers.iter().map(|peer| peer.id().get()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_reaches_each_member_once_in_its_place() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (mut raws, peers) = connect(&transport, &server, &log, 4).await;
    for (peer, groups) in
        peers.iter().zip([&["room", "staff"][..], &["room"], &["muted", "staff"], &[]])
    {
        for group in groups {
            assert_eq!(peer.join(group), Ok(true));
            assert_eq!(peer.join(group), Ok(false));
        }
        assert_eq!(peer.groups(), groups);
    }
    assert_eq!(server.groups(), ["muted", "room", "staff"]);
    assert_eq!(ids(&server.to("room").peers()), [1, 2]);
    let both = server.to("room").to("staff");
    for (target, event, sent) in [
        (server.to("room"), "room", 2),
        (both.clone(), "both", 3),
        (both.clone().except("muted"), "heard", 2),
        (both.clone().except(&peers[0]).except("muted"), "two", 1),
        (both.except(peers[3].id()).to(peers[3].id()), "not four", 3),
        (server.to("empty").to(String::from("room")).except("room"), "none", 0),
        (server.all().except("staff").except("empty"), "others", 2),
        (server.all().to("room").except("room"), "outside", 2),
    ] {
        for peer in &peers {
            peer.emit(event, "before").unwrap();
        }
        let report = target.emit(event, "at once").unwrap();
        assert_eq!((report.sent, &report.failed[..]), (sent, &[][..]), "{event}");
        let report = soon(target.send(event, "in time")).await.unwrap();
        assert_eq!((report.sent, &report.failed[..]), (sent, &[][..]), "{event}");
    }
    soon(server.shutdown(Duration::from_secs(5))).await;
    let all = ["room", "both", "heard", "two", "not four", "none", "others", "outside"];
    for (raw, to) in raws.iter_mut().zip([
        &["room", "both", "heard", "not four"][..],
        &["room", "both", "heard", "two", "not four", "others"],
        &["both", "not four", "outside"],
        &["others", "outside"],
    ]) {
        let mut lines = String::new();
        for event in all {
            lines += &format!("{event} before\n");
            if to.contains(&event) {
                lines += &format!("{event} at once\n{event} in time\n");
            }
        }
        assert_eq!(raw.rest().await, lines);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_target_selects_whom_it_finds() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (mut raws, peers) = connect(&transport, &server, &log, 2).await;
    let room = server.to("room");
    assert_eq!(room.emit("news", "1").unwrap().sent, 0);
    peers[0].join("room").unwrap();
    assert_eq!(room.emit("news", "2").unwrap().sent, 1);
    peers[1].join("room").unwrap();
    assert_eq!(room.emit("news", "3").unwrap().sent, 2);
    assert!(peers[0].leave("room"));
    assert!(!peers[0].leave("room"));
    assert_eq!(room.emit("news", "4").unwrap().sent, 1);
    // It does not keep the server.
    drop(server);
    for (raw, lines) in raws.iter_mut().zip(["news 2\nnews 3\n", "news 3\nnews 4\n"]) {
        assert_eq!(raw.rest().await, lines);
    }
    drop(raws);
    log.until("2 disconnect local").await;
    assert_eq!(room.emit("news", "5").unwrap().sent, 0);
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_cannot_be_sent_is_an_error_also_without_members() {
    let (server, _) = server(&memory()).await;
    assert!(server.to("empty").emit("news", "refused").is_err());
    assert!(soon(server.to("empty").send("news", "refused")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_closed_peer_is_in_no_group_and_joins_none() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    server.on_lifecycle(|event| {
        if let ServerEvent::Disconnect { peer, .. } = event {
            assert_eq!(peer.groups(), [""; 0]);
            assert_eq!(peer.join("room"), Err(GroupError::Closed));
        }
    });
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (mut raws, peers) = connect(&transport, &server, &log, 3).await;
    for peer in &peers {
        peer.join("room").unwrap();
        peer.join(&format!("of {}", peer.id())).unwrap();
    }
    // One goes, one is cut, and one is asked to close.
    drop(raws.remove(0));
    log.until("1 disconnect by peer").await;
    assert_eq!(ids(&server.to("room").peers()), [2, 3]);
    assert_eq!(server.groups(), ["of 2", "of 3", "room"]);
    peers[1].disconnect();
    log.until("2 disconnect local").await;
    peers[2].close();
    assert_eq!(peers[2].join("another"), Err(GroupError::Closed));
    log.until("3 disconnect local").await;
    assert_eq!(server.groups(), [""; 0]);
    for peer in &peers {
        assert_eq!(peer.join("room"), Err(GroupError::Closed));
        assert!(!peer.leave("room"));
    }
    assert_eq!(server.groups(), [""; 0]);
    // A handler's panic would be here.
    assert_eq!(log.lines().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_the_connection_may_join() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    server.on_lifecycle(|event| {
        if let ServerEvent::Connect(peer) = event {
            peer.join("all").unwrap();
        }
    });
    server.on("enter", |room: String, peer| drop(peer.join(&room)));
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (mut raws, _) = connect(&transport, &server, &log, 1).await;
    raws[0].write("enter room\n").await;
    log.until("1 enter room").await;
    assert_eq!(server.groups(), ["all", "room"]);
    server.to("room").to("all").emit("welcome", "1").unwrap();
    assert_eq!(raws[0].line().await, "welcome 1");
}

#[tokio::test(start_paused = true)]
async fn limits_are_those_of_the_builder() {
    let transport = memory();
    let limits = GroupLimits::default().with_total(3).with_per_peer(2);
    let server = Server::builder(Lines, transport.clone()).group_limits(limits).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (_raws, peers) = connect(&transport, &server, &log, 2).await;
    let [one, two] = &peers[..] else { panic!("{peers:?}") };
    assert_eq!((one.join("a"), one.join("b")), (Ok(true), Ok(true)));
    let error = GroupError::TooManyOfPeer { limit: 2, actual: 3 };
    assert_eq!((one.join("c"), error.code()), (Err(error), "too_many"));
    assert_eq!(two.join("c"), Ok(true));
    let error = GroupError::TooManyOfServer { limit: 3, actual: 4 };
    assert_eq!((two.join("d"), error.code()), (Err(error), "too_many"));
    // A group that exists is none more, and one without members is none.
    assert_eq!(two.join("a"), Ok(true));
    assert!(two.leave("c"));
    assert_eq!(two.join("d"), Ok(true));
    let error = two.join(&"x".repeat(257)).unwrap_err();
    assert_eq!(error, GroupError::NameTooLong { limit: 256, actual: 257 });
}

#[tokio::test(start_paused = true)]
async fn a_client_s_peer_has_no_groups() {
    let transport = memory();
    let (server, _) = server(&transport).await;
    let (client, _) = client(&transport);
    client.on("news", |_: String, peer| {
        let _ = peer.emit("groups", peer.join("room").unwrap_err().code());
        assert!(!peer.leave("room") && peer.groups().is_empty());
    });
    let log = Log::of_server(&server);
    soon(client.connected()).await.unwrap();
    log.until("1 connect").await;
    server.broadcast("news", "").unwrap();
    log.until("1 groups no_groups").await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_keeps_no_other_group_waiting() {
    let transport = narrow(1000);
    let server = Server::builder(Lines, transport.clone())
        .queue(QueueLimits::default().with_max_bytes(2000))
        .overflow(OverflowPolicy::Block)
        .build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (mut raws, peers) = connect(&transport, &server, &log, 3).await;
    peers[0].join("stalled").unwrap();
    peers[1].join("room").unwrap();
    peers[2].join("room").unwrap();
    let text = "x".repeat(994);
    let start = Instant::now();
    let _stalled = raws.remove(0);
    let mut readers = tokio::task::JoinSet::new();
    for mut raw in raws {
        readers.spawn(async move { raw.rest().await.lines().count() });
    }
    for _ in 0..100 {
        let report = soon(server.to("room").send("news", text.as_str())).await.unwrap();
        assert_eq!((report.sent, report.failed.len()), (2, 0));
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Together with the others it is waited for once, like all peers.
    let mut failed = 0;
    for _ in 0..100 {
        let both = server.to("room").to("stalled");
        let report = soon(both.send("news", text.as_str())).await.unwrap();
        assert_eq!(report.sent + report.failed.len(), 3);
        assert!(report.failed.iter().all(|(id, _)| *id == PeerId::from(1)));
        failed += report.failed.len();
    }
    assert_eq!((failed, start.elapsed()), (97, Duration::from_secs(10)));
    soon(server.shutdown(Duration::ZERO)).await;
    assert_eq!(soon(readers.join_all()).await, [200; 2]);
}
