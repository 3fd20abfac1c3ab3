//! A peer that does not read the answers to its own messages is not read from, which no other
//! peer notices; and two sides that both answer never wait for each other for ever.

use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, ClientBuilder, InFlight, Server, ServerBuilder};
use ipc_transport::{MemoryTransport, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::support::{Lines, Log, Raw, narrow, soon};

/// The high-water mark here, in bytes.
const MARK: usize = 10_000;

/// So many bytes of answers may wait for one that reads nothing at all.
const LAST: usize = 4 * MARK;

/// How much of the answers may wait uncounted, since it waited when the socket was found full.
const GATHERED: usize = 2 * 1024;

/// A message and its answer have as many bytes as this.
const LINE: usize = 100;

/// Returns a server that answers each `say` with as long an `echo`.
async fn rig(
    settings: impl FnOnce(ServerBuilder<Lines>) -> ServerBuilder<Lines>,
) -> (MemoryTransport, Server<Lines>, Log) {
    let transport = narrow(1000);
    let builder = Server::builder(Lines, transport.clone()).high_water_mark(Some(MARK));
    let server = settings(builder).build();
    server.on("say", |text: String, peer| peer.emit("ech", text.as_str()).unwrap());
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    (transport, server, log)
}

fn line(event: &str, n: usize) -> String {
    let rest = LINE - event.len() - 2;
    format!("{event} {n:0rest$}\n")
}

fn lines(event: &str, count: usize) -> String {
    (0..count).map(|n| line(event, n)).collect()
}

/// Writes until nothing more is taken for a minute; returns how many bytes were.
async fn flood(peer: &mut Raw, bytes: &[u8]) -> usize {
    flood_for(peer, bytes, Duration::from_secs(60)).await
}

/// The same, within a time that is too short for any patience to end.
async fn flood_for(peer: &mut Raw, bytes: &[u8], wait: Duration) -> usize {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        match timeout(wait, peer.0.write(rest)).await {
            Ok(n) => taken += n.unwrap(),
            Err(_) => break,
        }
    }
    taken
}

/// Writes the rest and reads as many bytes; compares them.
async fn finish(peer: &mut Raw, rest: &[u8], expected: &str) {
    let (mut reader, mut writer) = tokio::io::split(&mut peer.0);
    let mut answers = vec![0; expected.len()];
    let write = async { writer.write_all(rest).await.unwrap() };
    let read = async { reader.read_exact(&mut answers).await.unwrap() };
    soon(async { tokio::join!(write, read) }).await;
    assert!(answers == expected.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answers_is_not_read_from() {
    let (transport, server, log) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    let asked = lines("say", 5000);
    let taken = flood(&mut peer, asked.as_bytes()).await;
    // What waits, what both pipes hold, what is read already and not handled.
    let most = LAST + GATHERED + LINE + 2 * 1000 + 64 * 1024;
    assert!(taken > LAST && taken < most, "{taken} bytes were taken");
    let waits = server.peers()[0].queued().bytes;
    assert!(waits > LAST && waits <= LAST + GATHERED + LINE, "{waits} bytes wait");
    // No other peer waits.
    let mut other = Raw::dial(&transport).await;
    other.write(line("say", 7)).await;
    assert_eq!(other.line().await + "\n", line("ech", 7));
    // Whoever reads gets everything, and may go on.
    finish(&mut peer, &asked.as_bytes()[taken..], &lines("ech", 5000)).await;
    peer.write(line("say", 8)).await;
    assert_eq!(peer.line().await + "\n", line("ech", 8));
    assert!(!log.lines().iter().any(|line| line.contains("error")), "no answer was refused");
}

#[tokio::test(start_paused = true)]
async fn reading_goes_on_when_half_of_the_answers_are_written() {
    let (transport, server, log) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    let taken = flood(&mut peer, lines("say", 1000).as_bytes()).await;
    assert!(taken < 1000 * LINE);
    let heard = log.lines().len();
    let mut answer = [0; LINE];
    loop {
        let before = server.peers()[0].queued().bytes;
        soon(peer.0.read_exact(&mut answer)).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        if log.lines().len() > heard {
            assert!(before <= MARK / 2 + GATHERED, "with {before} bytes");
            break;
        }
        assert!(before > MARK / 2 - GATHERED, "not with {before} bytes");
    }
}

/// While it reads at all, it is waited for at the mark itself.
#[tokio::test(start_paused = true)]
async fn one_that_reads_slowly_has_no_more_than_the_mark_waiting() {
    let (transport, server, _) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    let (mut reader, mut writer) = tokio::io::split(&mut peer.0);
    let asked = lines("say", 2000);
    let write = async { writer.write_all(asked.as_bytes()).await.unwrap() };
    let read = async {
        let (mut answer, mut most) = ([0; LINE], 0);
        for _ in 0..2000 {
            sleep(Duration::from_millis(50)).await;
            reader.read_exact(&mut answer).await.unwrap();
            most = most.max(server.peers()[0].queued().bytes);
        }
        most
    };
    let (_, most) = soon(async { tokio::join!(write, read) }).await;
    assert!(most > MARK && most <= MARK + GATHERED + LINE, "{most} bytes waited");
}

/// Four times the mark: what a simple client says before it begins to read.
#[tokio::test(start_paused = true)]
async fn one_that_says_a_lot_and_then_reads_gets_everything() {
    let (transport, _server, _) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    let asked = lines("say", LAST / LINE);
    peer.write(&asked).await;
    finish(&mut peer, b"", &lines("ech", LAST / LINE)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_mark_everything_is_read() {
    let (transport, server, _) = rig(|builder| builder.high_water_mark(None)).await;
    let mut peer = Raw::dial(&transport).await;
    let asked = lines("say", 5000);
    assert_eq!(flood(&mut peer, asked.as_bytes()).await, asked.len());
    assert!(server.peers()[0].queued().bytes > 45 * MARK);
}

/// However little a queue holds, an answer always has room.
#[tokio::test(start_paused = true)]
async fn a_small_queue_has_a_small_mark() {
    let limits = QueueLimits::default().with_max_bytes(MARK);
    let (transport, server, log) = rig(|builder| builder.queue(limits)).await;
    let mut peer = Raw::dial(&transport).await;
    let asked = lines("say", 5000);
    let taken = flood(&mut peer, asked.as_bytes()).await;
    assert!(server.peers()[0].queued().bytes <= MARK / 2 + GATHERED + LINE);
    finish(&mut peer, &asked.as_bytes()[taken..], &lines("ech", 5000)).await;
    assert!(!log.lines().iter().any(|line| line.contains("error")));
}

/// One message may have many answers: the one after it waits.
#[tokio::test(start_paused = true)]
async fn reading_pauses_between_two_messages_of_one_read() {
    let (transport, server, log) = rig(|builder| builder).await;
    server.on("much", |_: String, peer| {
        for n in 0..MARK / LINE {
            peer.emit("ech", &line("ech", n)["ech ".len()..LINE - 1]).unwrap();
        }
    });
    let mut peer = Raw::dial(&transport).await;
    peer.write("much 1\nmuch 2\nmuch 3\nmuch 4\nmuch 5\nmuch 6\nmuch 7\nmuch 8\n").await;
    log.until("1 much 1").await;
    sleep(Duration::from_secs(60)).await;
    assert!(server.peers()[0].queued().bytes <= LAST + MARK);
    assert!(log.lines().len() <= 6, "{:?}", log.lines());
    let all: String = (0..8).map(|_| lines("ech", MARK / LINE)).collect();
    finish(&mut peer, b"", &all).await;
}

/// A sensor, say, that only talks, on a server that tells everybody everything.
#[tokio::test(start_paused = true)]
async fn what_comes_from_elsewhere_pauses_nobody() {
    let (transport, server, log) = rig(|builder| builder).await;
    let mut deaf = Raw::dial(&transport).await;
    log.until("1 connect").await;
    for n in 0..5000 {
        server.broadcast("ech", &line("ech", n)["ech ".len()..LINE - 1]).unwrap();
    }
    let peer = server.peers()[0].clone();
    assert!(peer.queued().bytes > 40 * MARK);
    for n in 0..5000 {
        deaf.write(format!("measured {n}\n")).await;
    }
    log.until("1 measured 4999").await;
    // A few answers among all that are none.
    deaf.write(line("say", 1).repeat(20)).await;
    deaf.write("measured last\n").await;
    log.until("1 measured last").await;
    // A task of the program is elsewhere, too, even if a message started it.
    server.on("later", |text: String, peer| {
        let peer = peer.clone();
        tokio::spawn(async move { peer.send("ech", text.as_str()).await });
    });
    deaf.write(line("later", 1).repeat(1000)).await;
    deaf.write("measured after\n").await;
    log.until("1 measured after").await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_peer_is_billed_neither_for_its_silence_nor_for_its_frame() {
    let (transport, server, log) = rig(|builder| {
        let limits = (Duration::from_secs(30), Duration::from_secs(40));
        builder.frame_timeout(Some(limits.0)).idle_timeout(Some(limits.1))
    })
    .await;
    let mut peer = Raw::dial(&transport).await;
    // An odd length, so that what is read ends within a frame.
    let asked = lines("say", 999) + "say unfinished";
    let taken = flood(&mut peer, asked.as_bytes()).await;
    assert!(taken < asked.len());
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(server.peers().len(), 1);
    finish(&mut peer, &asked.as_bytes()[taken..], &lines("ech", 999)).await;
    // From here on it is the peer that makes the frame wait.
    sleep(Duration::from_secs(29)).await;
    assert_eq!(server.peers().len(), 1);
    log.until("1 disconnect frame_timeout").await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_peer_that_hangs_up_is_noticed() {
    let (transport, server, log) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    flood(&mut peer, lines("say", 5000).as_bytes()).await;
    sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(server.peers().len(), 1);
    drop(peer);
    let ended = |log: &Log| log.lines().iter().any(|line| line.starts_with("1 disconnect"));
    soon(async {
        while !ended(&log) {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert!(server.peers().is_empty());
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1, "the listener");
}

#[tokio::test(start_paused = true)]
async fn a_paused_peer_gets_what_waits_before_a_close() {
    for by_server in [false, true] {
        let (transport, server, _) = rig(|builder| builder).await;
        let mut peer = Raw::dial(&transport).await;
        flood(&mut peer, lines("say", 5000).as_bytes()).await;
        let waits = server.peers()[0].queued().messages;
        let closing = server.clone();
        let closed = tokio::spawn(async move {
            if by_server {
                closing.shutdown(Duration::from_secs(5)).await.cut
            } else {
                let peer = closing.peers()[0].clone();
                peer.close();
                peer.closed().await;
                peer.take_undelivered().len()
            }
        });
        let rest = peer.rest().await;
        assert!(rest.lines().count() >= waits);
        drop(peer);
        assert_eq!(soon(closed).await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_peer_that_never_reads_is_closed_in_time() {
    let (transport, server, log) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    flood(&mut peer, lines("say", 5000).as_bytes()).await;
    server.peers()[0].close();
    log.until("1 disconnect close_timeout").await;
    let (transport, server, _) = rig(|builder| builder).await;
    let mut peer = Raw::dial(&transport).await;
    flood(&mut peer, lines("say", 5000).as_bytes()).await;
    server.peers()[0].disconnect();
    peer.rest().await;
}

/// Returns a client that answers each `say`, too.
fn client(
    transport: &MemoryTransport,
    settings: impl FnOnce(ClientBuilder<Lines>) -> ClientBuilder<Lines>,
) -> (Client<Lines>, Log) {
    let builder = Client::builder(Lines, transport.clone())
        .reconnect(ReconnectPolicy::never())
        .high_water_mark(Some(MARK));
    let client = settings(builder).build();
    client.on("say", |text: String, peer| peer.emit("ech", text.as_str()).unwrap());
    let log = Log::of_client(&client);
    client.start().unwrap();
    (client, log)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_slows_its_server_down() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport, |builder| builder);
    let mut server = Raw::accept(&mut listener).await;
    let asked = lines("say", 5000);
    // It reads, but slowly: the client waits for it.
    let (mut reader, mut writer) = tokio::io::split(&mut server.0);
    let write = async { writer.write_all(asked.as_bytes()).await.unwrap() };
    let read = async {
        let mut answer = [0; LINE];
        let mut most = 0;
        for _ in 0..5000 {
            sleep(Duration::from_millis(1)).await;
            reader.read_exact(&mut answer).await.unwrap();
            most = most.max(client.peer().queued().bytes);
        }
        most
    };
    let (_, most) = soon(async { tokio::join!(write, read) }).await;
    assert!(most > MARK && most <= MARK + GATHERED + LINE, "{most} bytes waited");
    // One that reads nothing is waited for a moment only: it may be waiting for this client.
    let taken = flood(&mut server, asked.as_bytes()).await;
    assert_eq!(taken, asked.len());
    assert!(!log.lines().iter().any(|line| line.contains("error")));
    soon(client.disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn two_sides_that_ask_and_answer_do_not_wait_for_each_other_for_ever() {
    const COUNT: usize = 5000;
    let (transport, server, server_log) = rig(|builder| builder).await;
    let (client, client_log) = client(&transport, |builder| builder);
    soon(client.connected()).await.unwrap();
    server_log.until("1 connect").await;
    let asking = tokio::spawn({
        let peer = server.peers()[0].clone();
        async move {
            for n in 0..COUNT {
                peer.send("say", &line("say", n)["say ".len()..LINE - 1]).await.unwrap();
            }
        }
    });
    for n in 0..COUNT {
        soon(client.send("say", &line("say", n)["say ".len()..LINE - 1])).await.unwrap();
    }
    soon(asking).await.unwrap();
    let last = line("ech", COUNT - 1);
    client_log.until(last.trim_end()).await;
    server_log.until(&format!("1 {}", last.trim_end())).await;
}

/// Once what it sent is written, its messages wait for answers, and for those it has to read.
#[tokio::test(start_paused = true)]
async fn a_client_with_one_message_in_flight_does_not_wait_for_itself() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport, |builder| builder.in_flight(InFlight::One));
    let long = "x".repeat(5000);
    client.emit("long", long.as_str()).unwrap();
    let mut server = Raw::accept(&mut listener).await;
    let asked = lines("say", 500);
    let taken = flood_for(&mut server, asked.as_bytes(), Duration::from_millis(10)).await;
    assert!(taken < asked.len());
    assert_eq!(server.line().await, format!("long {long}"));
    let (mut reader, mut writer) = tokio::io::split(&mut server.0);
    // Each answer is released by something that was received after the one before.
    let write = async {
        writer.write_all(&asked.as_bytes()[taken..]).await.unwrap();
        for _ in 0..500 {
            sleep(Duration::from_millis(1)).await;
            writer.write_all(b"go on\n").await.unwrap();
        }
    };
    let mut answers = vec![0; 500 * LINE];
    let read = async { reader.read_exact(&mut answers).await.unwrap() };
    soon(async { tokio::join!(write, read) }).await;
    assert!(answers == lines("ech", 500).as_bytes());
    assert!(!log.lines().iter().any(|line| line.contains("error")));
}
