//! A peer that sends more than its rate: it waits, or loses what is over it, or its connection.

use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::{Limited, OverRate, Peer, Rate, Server, ServerBuilder, ServerEvent};
use ipc_transport::MemoryTransport;
use tokio::time::Instant;

use crate::support::{Lines, Log, Raw, client, memory, soon};

/// A server whose peers have this rate, and its log.
async fn limited(
    rate: Rate,
    settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
) -> (MemoryTransport, Server<Lines>, Log) {
    let transport = memory();
    let builder = Server::builder(Lines, transport.clone()).rate(Some(rate));
    let server = settings(builder).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    (transport, server, log)
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("n {n}\n")).collect()
}

fn only(server: &Server<Lines>) -> Peer<Lines> {
    server.peers().into_iter().next().unwrap()
}

fn counts(peer: &Peer<Lines>) -> (u64, u64) {
    let Limited { throttled, dropped, .. } = peer.limited();
    (throttled, dropped)
}

#[tokio::test(start_paused = true)]
async fn a_throttled_peer_is_read_at_its_rate_and_loses_nothing() {
    let (transport, server, log) = limited(Rate::messages(10).burst(3), |builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write(lines(0..8)).await;
    log.until("1 n 7").await;
    let at = ["0", "0", "0", "100", "200", "300", "400", "500"];
    let numbers = (0..8).zip(at).map(|(n, at)| format!("{at} 1 n {n}"));
    let expected: Vec<_> = std::iter::once("0 1 connect".to_owned()).chain(numbers).collect();
    assert_eq!(log.timed(), expected);
    let connection = only(&server);
    assert_eq!(counts(&connection), (6, 0));
    // What it has not used comes back, up to the burst.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = Instant::now();
    peer.write(lines(8..12)).await;
    log.until("1 n 11").await;
    assert_eq!(before.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_limited_beside_messages() {
    let rate = Rate::messages(1000).bytes(1000);
    let (transport, _server, log) = limited(rate, |builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    let before = Instant::now();
    // 1500 bytes are taken out of 1000: half a second is owed, and a byte.
    peer.write(format!("a {}\nb x\n", "x".repeat(1498))).await;
    log.until("1 b x").await;
    assert_eq!(before.elapsed(), Duration::from_millis(501));
}

#[tokio::test(start_paused = true)]
async fn the_clocks_of_a_throttled_peer_stand() {
    let (transport, server, log) = limited(Rate::messages(1), |builder| {
        let builder = builder.idle_timeout(Some(Duration::from_secs(3)));
        builder.frame_timeout(Some(Duration::from_secs(2)))
    })
    .await;
    let mut peer = Raw::dial(&transport).await;
    // Twelve seconds of work, and then the beginning of a frame.
    peer.write(lines(0..12)).await;
    peer.write("n 1").await;
    log.until("1 n 11").await;
    assert!(!log.lines().iter().any(|line| line.contains("error")), "{:?}", log.lines());
    // Read again, it has its time anew.
    peer.write("2\n").await;
    log.until("1 n 12").await;
    log.until("1 disconnect idle_timeout").await;
    assert!(server.peers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_throttled_peer_is_written_to() {
    let (transport, server, log) = limited(Rate::messages(1), |builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write(lines(0..5)).await;
    log.until("1 n 0").await;
    let before = Instant::now();
    server.broadcast("news", "here").unwrap();
    assert_eq!(peer.line().await, "news here");
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(!log.lines().contains(&"1 n 1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_throttled_peer_comes_after_what_it_sent() {
    let (transport, _server, log) = limited(Rate::messages(2), |builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write(lines(0..6)).await;
    peer.finish().await;
    log.until("1 disconnect by peer").await;
    let numbers = log.lines().iter().filter(|line| line.starts_with("1 n ")).count();
    assert_eq!(numbers, 6);
}

#[tokio::test(start_paused = true)]
async fn a_server_does_not_wait_for_a_throttled_peer_at_its_end() {
    let (transport, server, log) = limited(Rate::messages(1).burst(1), |builder| builder).await;
    let (client, _) = client(&transport);
    for n in 0..1000 {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    log.until("1 n 0").await;
    let before = Instant::now();
    let report = soon(server.shutdown(Duration::from_secs(30))).await;
    assert_eq!(report.cut, 0);
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_over_the_rate_is_dropped_and_counted() {
    let rate = Rate::messages(10).over(OverRate::Drop);
    let (transport, server, log) = limited(rate, |builder| builder).await;
    let errors = Log::new();
    let noted = errors.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Error { error, .. } = event {
            noted.note(error);
        }
    });
    let mut peer = Raw::dial(&transport).await;
    // Two hundred over two seconds: ten at once, and one each 100 ms.
    for n in 0..200 {
        peer.write(format!("n {n}\n")).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    peer.write("last x\n").await;
    let connection = only(&server);
    peer.finish().await;
    log.until("1 disconnect by peer").await;
    let handled = log.lines().iter().filter(|line| line.starts_with("1 n ")).count() as u64;
    let (throttled, dropped) = counts(&connection);
    let last = u64::from(log.lines().iter().any(|line| line == "1 last x"));
    assert_eq!((throttled, handled + last + dropped), (0, 201));
    assert!((29..=31).contains(&handled), "{handled}");
    // The first is reported at once, the others a second and two seconds after it.
    let timed = errors.timed();
    assert_eq!(timed.len(), 2, "{timed:?}");
    assert!(timed[0].ends_with("10 messages/s (10 at once): a message was dropped"), "{timed:?}");
    assert!(
        timed[1].ends_with("10 messages/s (10 at once): 90 messages were dropped"),
        "{timed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_peer_over_its_rate_may_be_closed() {
    let rate = Rate::messages(3).over(OverRate::Close);
    let (transport, server, log) = limited(rate, |builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write(lines(0..3)).await;
    log.until("1 n 2").await;
    peer.write("n 3\nn 4\n").await;
    log.until("1 disconnect rate_exceeded").await;
    let expected = [
        "1 connect",
        "1 n 0",
        "1 n 1",
        "1 n 2",
        "1 error rate_exceeded",
        "1 disconnect rate_exceeded",
    ];
    assert_eq!(log.lines(), expected);
    assert!(server.peers().is_empty());
    assert_eq!(peer.rest().await, "", "it learns nothing");
    // Others, and the same again, have a rate of their own.
    let mut peer = Raw::dial(&transport).await;
    peer.write(lines(0..3)).await;
    log.until("2 n 2").await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_cannot_be_read_count_too() {
    let rate = Rate::messages(10).burst(2);
    let limits = Limits::default().with_max_frame(1000);
    let (transport, _server, log) = limited(rate, |builder| builder.limits(limits)).await;
    let mut peer = Raw::dial(&transport).await;
    peer.write("x\nx\nx\nx\n").await;
    log.until_len(5).await;
    let at: Vec<_> = log.timed().into_iter().skip(1).collect();
    assert_eq!(at, ["0", "0", "100", "200"].map(|at| format!("{at} 1 error ERR_LINE")));
}

both_runtimes!(
    a_real_client_that_is_throttled_gets_everything_through,
    others_are_served_while_a_flood_is_throttled,
);
async fn a_real_client_that_is_throttled_gets_everything_through() {
    let rate = Rate::messages(5000).burst(100);
    let (transport, server, log) = limited(rate, |builder| builder).await;
    server.on("n", |n: String, peer| {
        if n == "999" {
            peer.emit("seen", "all").unwrap();
        }
    });
    let (client, heard) = client(&transport);
    let before = Instant::now();
    for n in 0..1000 {
        client.send("n", n.to_string().as_str()).await.unwrap();
    }
    heard.until("seen all").await;
    // 900 at 5,000 a second.
    assert!(before.elapsed() >= Duration::from_millis(180), "{:?}", before.elapsed());
    let numbers = log.lines().into_iter().filter(|line| line.starts_with("1 n "));
    assert!(numbers.eq((0..1000).map(|n| format!("1 n {n}"))));
    assert_eq!(counts(&only(&server)).1, 0);
}

/// Whatever the flood still has to say, what another asks is answered in between: none of it waits for the flood's
/// rate.
async fn others_are_served_while_a_flood_is_throttled() {
    const FLOOD: u32 = 1000;
    const ASKED: u32 = 50;
    // The flood takes longer than any test may; the other one stays within its burst.
    let rate = Rate::messages(1).burst(100);
    let (transport, server, log) = limited(rate, |builder| builder).await;
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let mut flood = Raw::dial(&transport).await;
    flood.write(lines(0..FLOOD)).await;
    // It has used up its burst.
    log.until("1 n 99").await;
    let mut other = Raw::dial(&transport).await;
    for n in 0..ASKED {
        soon(other.write(format!("say {n}\n"))).await;
        assert_eq!(soon(other.line()).await, format!("echo {n}"));
    }
    let peers = server.peers();
    let (flooding, served) = (peers.first().unwrap(), peers.last().unwrap());
    let (throttled, dropped) = counts(flooding);
    assert!(throttled > 0 && dropped == 0, "{throttled}, {dropped}");
    assert_eq!(served.limited(), Limited::default());
    let heard = log.lines().iter().filter(|line| line.starts_with("1 n ")).count();
    assert!((100..FLOOD as usize).contains(&heard), "the flood is over: {heard}");
}
