//! How many peers wait to be let in, for how long, and how much they may send meanwhile.

use std::future::pending;
use std::time::Duration;

use ipc_core::{Hello, MsgPack, PlainPeers, Server, ServerBuilder, WaitingLimits};
use ipc_transport::{Endpoint, MemoryTransport, TcpTransport, Transport};
#[cfg(unix)]
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::task::yield_now;

use crate::admission::{show, showing, table, visits};
use crate::frames::{call, framed};
use crate::greetings::life;
use crate::raw::RawPeer;
use crate::rig::{Notes, client, soon, transport};

both_runtimes!(
    silent_peers_keep_no_other_out,
    those_whose_tokens_are_checked_keep_their_places,
    bytes_before_the_hello_are_bounded,
    what_is_no_frame_is_refused,
    a_server_stops_with_peers_that_wait,
    peers_that_wait_end_with_the_last_handle,
);

type Builder = ServerBuilder<MsgPack>;

async fn listening(
    settings: impl FnOnce(Builder) -> Builder,
) -> (Server<MsgPack>, MemoryTransport, Notes) {
    let transport = transport();
    let server = settings(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    (server, transport, notes)
}

fn limits() -> WaitingLimits {
    WaitingLimits::default()
}

#[tokio::test(start_paused = true)]
async fn a_peer_has_five_seconds_for_its_hello_and_the_check_together() {
    let (server, transport, notes) = listening(|server| server.token(|_, _| pending())).await;
    let began = tokio::time::Instant::now();
    let mut silent = RawPeer::dial(&transport).await;
    let mut dripping = RawPeer::dial(&transport).await;
    let hello = framed(|out| call(1, "$hello", None, &showing("alice", "s3cret"), out));
    dripping.stream.write_all(&hello[..hello.len() - 5]).await.unwrap();
    let mut asked = show(&transport, "alice", "s3cret").await;
    for left in [5, 4, 3, 2] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let byte = hello[hello.len() - left];
        dripping.stream.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(notes.lines(), [""; 0]);
    assert_eq!(silent.hear().await, "end");
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(dripping.hear().await, "end");
    // Only this one has said who it is, and may come back.
    assert_eq!(asked.hear().await, "failure 1 denied");
    assert_eq!(asked.hear().await, "notice $bye -");
    notes.until_len(3).await;
    let mut lines = notes.lines();
    lines.sort();
    let no_hello = "refused late: it said no hello within 5s";
    assert_eq!(lines, [no_hello, no_hello, "refused late: it was not decided about within 5s"]);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_silent_plain_peer_is_let_in_when_its_time_is_over() {
    let settings = |server: Builder| {
        let limits = limits().time(Duration::from_secs(2));
        table(server).plain_peers(PlainPeers::Admit).waiting_limits(limits)
    };
    let (server, transport, notes) = listening(settings).await;
    let mut plain = RawPeer::dial(&transport).await;
    let began = tokio::time::Instant::now();
    notes.until("connect 1").await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    server.broadcast("news", &1).unwrap();
    assert_eq!(plain.hear().await, "event news 1");
}

#[tokio::test(start_paused = true)]
async fn a_client_comes_back_after_a_check_that_took_too_long() {
    let asked = Notes::new();
    let other = asked.clone();
    let settings = |server: Builder| {
        server.token(move |claim, _| {
            other.note("asked");
            let slow = other.lines().len() == 1;
            async move {
                if slow {
                    pending::<()>().await;
                }
                Ok(ipc_core::Identity::by_token(claim.name.unwrap()))
            }
        })
    };
    let (_server, transport, _) = listening(settings).await;
    let client = client(&transport).hello(Some(Hello::new("alice").token("x"))).build();
    let notes = life(&client);
    client.start().unwrap();
    notes.until("greeted").await;
    let lines = ["error hello_refused", "dismissed denied", "disconnect closed_by_peer", "greeted"];
    assert_eq!(notes.lines(), lines);
    soon(client.close()).await;
}

const TOO_MANY: &str = "refused too_many_waiting: as many peers wait to be let in as may be: 64";

/// Over real sockets: 64 that are silent, or have said half a hello, and others that come meanwhile.
#[expect(clippy::print_stdout, reason = "how long it took is of interest, whatever it was")]
async fn silent_peers_keep_no_other_out() {
    #[cfg(unix)]
    let dir = TempDir::new().unwrap();
    #[cfg(unix)]
    let path = dir.path().join("socket");
    let tcp: Box<dyn Transport> = Box::new(TcpTransport::new("127.0.0.1", 0));
    let kinds = [
        tcp,
        #[cfg(unix)]
        Box::new(ipc_transport::UnixTransport::new(&path)),
    ];
    for transport in kinds {
        // Longer than the test may take: those who wait are there the whole time.
        let hour = limits().time(Duration::from_secs(3600));
        let server = table(Server::builder(MsgPack::new(), transport)).waiting_limits(hour).build();
        let notes = visits(&server);
        let way: Box<dyn Transport> = match server.listen().await.unwrap() {
            Endpoint::Tcp { port, .. } => Box::new(TcpTransport::new("127.0.0.1", port)),
            #[cfg(unix)]
            _ => Box::new(ipc_transport::UnixTransport::new(&path)),
            #[cfg(not(unix))]
            other => panic!("{other}"),
        };
        let hello = framed(|out| call(1, "$hello", None, &showing("alice", "s3cret"), out));
        let mut silent = Vec::new();
        for n in 0..64 {
            let mut peer = RawPeer::dial(&way).await;
            let half = &hello[..if n % 2 == 0 { 0 } else { hello.len() / 2 }];
            peer.stream.write_all(half).await.unwrap();
            silent.push(peer);
        }
        let mut took = Vec::new();
        for _ in 0..9 {
            let began = tokio::time::Instant::now();
            let mut bob = show(&way, "bob", "hunter2").await;
            assert_eq!(bob.hear().await, "answer 1 -");
            took.push(began.elapsed());
            // Bob's place is free again.
            silent.push(RawPeer::dial(&way).await);
        }
        took.sort();
        // The median is under 1 ms on an idle machine.
        println!("{}: let in within {took:?} beside 64 that wait", way.endpoint());
        // Nine went for them, the oldest first, and were told nothing.
        for _ in 0..9 {
            assert_eq!(silent.remove(0).hear().await, "end");
        }
        notes.until("9 says bob").await;
        notes.until_times(TOO_MANY, 9).await;
        let lines = notes.lines();
        let gone = lines.iter().filter(|line| *line == TOO_MANY).count();
        let refused = lines.iter().filter(|line| line.starts_with("refused")).count();
        assert_eq!((gone, refused), (9, 9), "{lines:?}");
        // The others still may say theirs.
        let last = silent.get_mut(54).unwrap();
        last.stream.write_all(&hello[hello.len() / 2..]).await.unwrap();
        assert_eq!(last.hear().await, "answer 1 -");
        soon(server.shutdown(Duration::from_secs(60))).await;
    }
}

async fn those_whose_tokens_are_checked_keep_their_places() {
    let asked = Notes::new();
    let other = asked.clone();
    let settings = |server: Builder| {
        let server = server.token(move |_, _| {
            other.note("asked");
            pending()
        });
        server.waiting_limits(limits().peers(3).time(Duration::from_secs(3600)))
    };
    let (_server, transport, notes) = listening(settings).await;
    let slow = show(&transport, "alice", "slow").await;
    asked.until_len(1).await;
    // Each is silent for a moment, and then goes for the next.
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(RawPeer::dial(&transport).await);
    }
    for peer in &mut silent[..3] {
        assert_eq!(peer.hear().await, "end");
    }
    let _others = [show(&transport, "bob", "slow").await, show(&transport, "carol", "slow").await];
    for peer in &mut silent[3..] {
        assert_eq!(peer.hear().await, "end");
    }
    asked.until_len(3).await;
    // Now all three are being checked: who comes is refused, and they wait on.
    let mut newcomer = RawPeer::dial(&transport).await;
    assert_eq!(newcomer.hear().await, "end");
    notes.until_len(6).await;
    assert_eq!(notes.lines().len(), 6, "{:?}", notes.lines());
    drop(slow);
}

async fn bytes_before_the_hello_are_bounded() {
    // One less, exactly as many, and one more.
    let hello = framed(|out| call(1, "$hello", None, &showing("bob", "hunter2"), out));
    for (over, limit) in [(0, 64 * 1024), (1, 64 * 1024), (0, 500), (1, 500)] {
        let settings = |server| table(server).waiting_limits(limits().bytes(limit));
        let (_server, transport, notes) = listening(settings).await;
        let mut peer = RawPeer::dial(&transport).await;
        // Events until there is room for the hello and nothing else.
        let mut before = framed(|out| event("x", out)).to_vec();
        let fill = limit + over - hello.len() - before.len();
        let padding = framed(|out| event(&"x".repeat(fill - 100), out));
        let padding = framed(|out| event(&"x".repeat(fill - 100 + fill - padding.len()), out));
        before.extend_from_slice(&padding);
        assert_eq!(before.len() + hello.len(), limit + over);
        peer.stream.write_all(&before).await.unwrap();
        peer.stream.write_all(&hello).await.unwrap();
        if over == 0 {
            assert_eq!(peer.hear().await, "answer 1 -");
            notes.until_len(4).await;
        } else {
            assert_eq!(peer.hear().await, "end");
            let line = format!(
                "refused too_many_bytes: it sent {} bytes before it said hello, the limit is {limit}",
                limit + 1,
            );
            notes.until_len(1).await;
            assert_eq!(notes.lines(), [line]);
        }
    }
    // A peer that goes on for ever costs no more, and what comes after the hello does not count.
    let (server, transport, notes) = listening(table).await;
    let mut flood = RawPeer::dial(&transport).await;
    let many = framed(|out| event(&"x".repeat(1000), out)).repeat(1000);
    // It is closed meanwhile.
    let _ = flood.stream.write_all(&many).await;
    notes.until_len(1).await;
    let mut peer = show(&transport, "bob", "hunter2").await;
    peer.stream.write_all(&many).await.unwrap();
    notes.until_len(4 + 1000).await;
    drop(server);
}

fn event(text: &str, out: &mut bytes::BytesMut) {
    use ipc_core::EncodePayload;
    crate::frames::FORMAT.encode("say", text, out).unwrap();
}

async fn what_is_no_frame_is_refused() {
    let (server, transport, notes) = listening(table).await;
    let no_hello = "refused no_hello: it left without saying hello, or sent what is no frame";
    // A length that no frame may have.
    let mut web = RawPeer::dial(&transport).await;
    web.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(web.hear().await, "end");
    notes.until_len(1).await;
    // One that leaves.
    drop(RawPeer::dial(&transport).await);
    notes.until_len(2).await;
    assert_eq!(notes.lines(), [no_hello; 2]);
    assert_eq!(server.peers().len(), 0);
}

async fn a_server_stops_with_peers_that_wait() {
    let settings = |server: Builder| {
        let limits = limits().time(Duration::from_secs(3600));
        server.token(|_, _| pending()).waiting_limits(limits)
    };
    let (server, transport, notes) = listening(settings).await;
    let mut silent = RawPeer::dial(&transport).await;
    let mut asked = show(&transport, "alice", "s3cret").await;
    let report = soon(server.shutdown(Duration::from_secs(3600))).await;
    assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    assert_eq!((silent.hear().await, asked.hear().await), ("end".into(), "end".into()));
    assert_eq!(notes.lines(), [""; 0]);
}

async fn peers_that_wait_end_with_the_last_handle() {
    let (server, transport, _) = listening(table).await;
    let mut silent = RawPeer::dial(&transport).await;
    let mut other = show(&transport, "alice", "s3cret").await;
    assert_eq!(other.hear().await, "answer 1 -");
    drop(server);
    assert_eq!(silent.hear().await, "end");
    assert_eq!(other.hear().await, "end");
}

/// As at accept: a program that does not take what it asked for slows newcomers down, and costs no memory.
#[tokio::test(start_paused = true)]
async fn refusals_wait_for_a_stream_that_is_full() {
    let settings = |server: Builder| table(server).event_bytes(1);
    let (server, transport, notes) = listening(settings).await;
    let mut events = server.events();
    let mut peers = Vec::new();
    for _ in 0..100 {
        let Ok(peer) =
            tokio::time::timeout(Duration::from_millis(100), show(&transport, "eve", "x")).await
        else {
            break;
        };
        peers.push(peer);
        yield_now().await;
    }
    for _ in 0..peers.len() {
        let event = soon(events.next()).await.unwrap();
        assert!(format!("{event:?}").contains("Refused"), "{event:?}");
    }
    notes.until_len(peers.len()).await;
    assert_eq!(notes.lines().len(), peers.len());
}
