//! Whom a message goes to, and how long one peer is waited for.

use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{EmitError, HandlerId, Handlers, PeerId, Server};
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, client, memory, narrow, server, soon};

const IDS: [u64; 4] = [1, 2, 3, 4];

#[tokio::test(start_paused = true)]
async fn a_message_reaches_its_target_and_no_other() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let mut peers = Vec::new();
    for n in 1..=3 {
        peers.push(Raw::dial(&transport).await);
        log.until_len(n).await;
    }
    let [one, two, three, unknown] = IDS.map(PeerId::from);
    for (target, event) in [
        (server.all(), "all"),
        (server.all().except(two).except(unknown).except("empty"), "but two"),
        (server.all().except(one).except(two).except(three), "none"),
        (server.only([three, one, three, one]), "three and one"),
        (server.only([two, three]).to(one).except(two), "three and one"),
        (server.only::<PeerId>([]), "none"),
    ] {
        let report = target.emit(event, "now").unwrap();
        assert_eq!(report.failed, []);
        let report = soon(target.send(event, "later")).await.unwrap();
        assert_eq!(report.failed, []);
        assert_eq!(report.sent, target.peers().len());
    }
    soon(server.shutdown(Duration::from_secs(5))).await;
    for (peer, events) in peers.iter_mut().zip([
        &["all", "but two", "three and one", "three and one"][..],
        &["all"],
        &["all", "but two", "three and one", "three and one"],
    ]) {
        let lines: String =
            events.iter().map(|event| format!("{event} now\n{event} later\n")).collect();
        assert_eq!(peer.rest().await, lines);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_with_a_peer_that_is_gone_reports_it() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let mut peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let list = IDS.map(PeerId::from);
    // Each is reported once, and not at all if it is excepted.
    let target = server.only([list[1], list[0], list[2], list[1]]).except(list[2]);
    let report = target.emit("news", "x").unwrap();
    assert_eq!(report.sent, 1);
    assert_eq!(report.failed, [(list[1], EmitError::UnknownPeer(list[1]))]);
    assert_eq!(peer.line().await, "news x");
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_waited_for_as_long_as_it_reads() {
    const PATIENCE: Duration = Duration::from_secs(3);
    let transport = narrow(1000);
    let server = Server::builder(Lines, transport.clone())
        .queue(QueueLimits::default().with_max_bytes(2000))
        .overflow(OverflowPolicy::Block)
        .build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    log.until_len(1).await;
    let to = server.peers().remove(0);
    let text = "x".repeat(994);
    let start = Instant::now();
    // A line each two seconds: slow, but never silent for as long as the patience.
    let reader = tokio::spawn(async move {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(peer.line().await.starts_with("news "));
        }
        peer
    });
    for n in 0..13 {
        assert_eq!(to.send_within(PATIENCE, "news", text.as_str()).await, Ok(()), "{n}");
    }
    assert_eq!(start.elapsed(), Duration::from_secs(20));
    let mut peer = reader.await.unwrap();
    // From here on it reads nothing: it is waited for once.
    for _ in 0..3 {
        let sent = to.send_within(PATIENCE, "news", text.as_str()).await;
        assert!(matches!(sent, Err(EmitError::Full(_))), "{sent:?}");
    }
    assert_eq!(start.elapsed(), Duration::from_secs(20) + PATIENCE);
    // It reads again, and is waited for again.
    assert!(peer.line().await.starts_with("news "));
    assert_eq!(to.send_within(PATIENCE, "news", text.as_str()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn handlers_of_messages_and_of_lifecycle_events_share_their_ids() {
    let (client, _log) = client(&memory());
    let mut ids: Vec<HandlerId> = Vec::new();
    for _ in 0..3 {
        ids.push(client.on("news", |_: String, _| {}));
        ids.push(client.on_lifecycle(|_| {}));
        ids.push(client.handlers().on_lifecycle_last(|_| {}));
        ids.push(client.handlers().watch(|_, _| {}));
    }
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id));
    }
    for id in ids {
        assert!(client.off(id));
        assert!(!client.off(id));
    }
}

#[tokio::test(start_paused = true)]
async fn watchers_stay_when_all_handlers_of_messages_are_removed() {
    fn register<L>(handlers: &Handlers<Lines, L>, log: &Log) {
        for (event, name) in [("news", "on"), ("*", "any"), ("*", "watch")] {
            let log = log.clone();
            match name {
                "on" => drop(handlers.on(event, move |_: String, _| log.note(name))),
                "any" => drop(handlers.on_any(move |_, _| log.note(name))),
                _ => drop(handlers.watch(move |_, _| log.note(name))),
            }
        }
    }
    let transport = memory();
    let (server, _) = server(&transport).await;
    let (client, _) = client(&transport);
    let log = Log::new();
    register(server.handlers(), &log);
    soon(client.connected()).await.unwrap();
    client.emit("news", "x").unwrap();
    log.until_len(3).await;
    server.off_all();
    let last = log.clone();
    server.on("end", move |_: String, _| last.note("end"));
    client.emit("news", "x").unwrap();
    client.emit("end", "x").unwrap();
    log.until("end").await;
    assert_eq!(log.lines(), ["on", "any", "watch", "watch", "end", "watch"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_notifies_of_where_it_listens_before_it_accepts() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let mut events = server.events();
    let log = Log::new();
    let noted = log.clone();
    server.on_lifecycle(move |event| noted.note(format!("{event:?}")));
    let endpoint = soon(server.listen()).await.unwrap();
    assert_eq!(log.lines(), [format!("Listening({endpoint:?})")]);
    let (client, _) = client(&transport);
    soon(client.connected()).await.unwrap();
    // The stream begins with the peer.
    let first = soon(events.next()).await.unwrap();
    assert!(format!("{first:?}").starts_with("Lifecycle(Connect("), "{first:?}");
}
