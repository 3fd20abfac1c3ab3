//! Peers that send what they should not: it costs them their connection at most, and the
//! other peers nothing.

use std::time::Duration;

use ipc_codec::{Limits, Oversize};
use ipc_core::{Client, OnMalformed, Server, ServerBuilder};
use ipc_transport::Transport;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use crate::support::{Lines, Log, Raw, memory, soon};

/// Lets one peer send `bytes` to a server with these settings, and another talk before and after;
/// compares what the server says of the first.
async fn check(
    settings: impl Fn(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
    bytes: impl AsRef<[u8]>,
    expected: &[&str],
) {
    let transport = memory();
    let server = settings(Server::builder(Lines, transport.clone())).build();
    let log = Log::of_server(&server);
    server.on("echo", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    soon(server.listen()).await.unwrap();
    let mut hostile = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let mut other = Raw::dial(&transport).await;
    // The server may hang up before all of it is written.
    let _ = soon(hostile.0.write_all(bytes.as_ref())).await;
    let _ = hostile.0.shutdown().await;
    hostile.rest().await;
    let ended = |line: &String| line.starts_with("1 disconnect");
    while !log.lines().iter().any(ended) {
        sleep(Duration::from_millis(1)).await;
    }
    other.write("echo ok\n").await;
    assert_eq!(other.line().await, "echo ok");
    let mut lines = log.lines();
    lines.retain(|line| line.starts_with('1'));
    assert_eq!(lines[1..], *expected);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_frame_is_reported_and_the_connection_goes_on() {
    // Attack 7, tolerant: what the format cannot decode is reported, and the next one is handled.
    check(
        |builder| builder,
        "nospace\nfine 1\n\n\u{1F980}\nfine 2\n",
        &[
            "1 error ERR_LINE",
            "1 fine 1",
            "1 error ERR_LINE",
            "1 error ERR_LINE",
            "1 fine 2",
            "1 disconnect by peer",
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_frame_ends_the_connection_if_that_is_the_policy() {
    // Attack 7, strict.
    check(
        |builder| builder.on_malformed(OnMalformed::Close),
        "fine 1\nnospace\nfine 2\n",
        &["1 fine 1", "1 error ERR_LINE", "1 disconnect ERR_LINE"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_no_text_is_malformed() {
    let expected = ["1 error ERR_LINE", "1 say \u{FFFD}", "1 disconnect by peer"];
    check(|builder| builder, b"\xFF\xFE hi\nsay \xFF\n", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn an_endless_frame_ends_the_connection() {
    // Attack 1.
    check(
        |builder| builder.limits(Limits::default().with_max_frame(1000)),
        "x".repeat(1_000_000),
        &["1 error frame_too_large", "1 disconnect frame_too_large"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_the_limit_is_fine_and_one_more_is_too_large() {
    let limits = |builder: ServerBuilder<Lines>| {
        builder.limits(Limits::default().with_max_frame("fine 12".len()))
    };
    check(limits, "fine 12\n", &["1 fine 12", "1 disconnect by peer"]).await;
    check(
        limits,
        "fine 1\nfine 123\n",
        &["1 fine 1", "1 error frame_too_large", "1 disconnect frame_too_large"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_too_large_is_skipped_if_that_is_the_policy() {
    let limits = Limits::default().with_max_frame(100).with_oversize(Oversize::Skip);
    check(
        |builder| builder.limits(limits),
        format!("fine 1\n{}\nfine 2\n", "x".repeat(1_000_000)),
        &["1 fine 1", "1 error frame_too_large", "1 fine 2", "1 disconnect by peer"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_frame_at_the_end_is_told() {
    // Attack 12.
    let expected = ["1 fine 1", "1 error truncated", "1 disconnect truncated at 5"];
    check(|builder| builder, "fine 1\nunfin", &expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_cannot_forge_what_happens_to_connections() {
    let names = "connect 1\ndisconnect 1\nerror 1\ndestroy 1\n";
    let expected =
        ["1 connect 1", "1 disconnect 1", "1 error 1", "1 destroy 1", "1 disconnect by peer"];
    // They arrive as messages of that name; nothing has happened.
    check(|builder| builder, names, &expected).await;
}

/// Lets a peer drip a byte every 100 ms and returns after how long it is cut.
async fn drip(settings: impl Fn(ServerBuilder<Lines>) -> ServerBuilder<Lines>) -> Option<Duration> {
    let transport = memory();
    let server = settings(Server::builder(Lines, transport.clone())).build();
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(100) {
        if peer.0.write_all(b"x").await.is_err() {
            return Some(start.elapsed());
        }
        sleep(Duration::from_millis(100)).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_drip_of_bytes_is_cut_after_30_s() {
    // Attack 5: the byte at 30.0 s is still taken, the next one is refused.
    let cut = drip(|builder| builder).await.unwrap();
    assert!((30.0..30.2).contains(&cut.as_secs_f64()), "{cut:?}");
    let seven = Some(Duration::from_secs(7));
    let cut = drip(|builder| builder.frame_timeout(seven)).await.unwrap();
    assert!((7.0..7.2).contains(&cut.as_secs_f64()), "{cut:?}");
    assert_eq!(drip(|builder| builder.frame_timeout(None)).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_frame_timeout_is_told() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write("half").await;
    log.until_len(3).await;
    let end = ["30000 1 error frame_timeout", "30000 1 disconnect frame_timeout"];
    assert_eq!(log.timed()[1..], end);
    assert_eq!(peer.rest().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_busy_stream_that_never_ends_on_the_delimiter_is_not_cut() {
    // Attack 4: every message is handled at once, and none of the unfinished ones is old.
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write("n 0").await;
    for n in 1..100 {
        sleep(Duration::from_secs(1)).await;
        peer.write(format!("\nn {n}")).await;
        log.until(&format!("1 n {}", n - 1)).await;
    }
    assert_eq!(log.timed().last().unwrap(), "99000 1 n 98");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_cut_only_if_it_has_to_talk() {
    for timeout_s in [None, Some(60)] {
        let transport = memory();
        let idle = timeout_s.map(Duration::from_secs);
        let server = Server::builder(Lines, transport.clone()).idle_timeout(idle).build();
        let log = Log::of_server(&server);
        soon(server.listen()).await.unwrap();
        let mut peer = Raw::dial(&transport).await;
        for _ in 0..3 {
            sleep(Duration::from_secs(59)).await;
            peer.write("say hello\n").await;
        }
        sleep(Duration::from_secs(24 * 60 * 60)).await;
        let cut = log.timed().contains(&"237000 1 disconnect idle_timeout".to_owned());
        assert_eq!((cut, log.lines().len()), if idle.is_some() { (true, 6) } else { (false, 4) });
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_sent_nonsense_does_not_come_back() {
    // A server that breaks the format once would break it again, for ever.
    for (policy, comes_back) in [(OnMalformed::Close, false), (OnMalformed::Report, true)] {
        let transport = memory();
        let mut listener = transport.listen().await.unwrap();
        let client = Client::builder(Lines, transport).on_malformed(policy).build();
        let log = Log::of_client(&client);
        client.start().unwrap();
        let mut server = Raw::accept(&mut listener).await;
        server.write("nospace\n").await;
        server.finish().await;
        log.until(if comes_back { "disconnect by peer" } else { "destroy" }).await;
        let hour = Duration::from_secs(60 * 60);
        let again = tokio::time::timeout(hour, listener.accept()).await;
        assert_eq!(again.is_ok(), comes_back, "{:?}", log.lines());
    }
}
