//! Peers that are silent: who is asked, who is given up, and what counts as a sign of life.

use std::time::Duration;

use ipc_core::{
    ClientBuilder, ConnectionOptions, Failure, Heartbeat, InFlight, MsgPack, RoundTrip, Server,
    ServerBuilder,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::frames::{call, framed};
use crate::raw::RawPeer;
use crate::rig::{Notes, narrow, pair_with, raw_client, raw_server, transport};

const EVERY: Duration = Duration::from_secs(15);
const DEAD: Duration = Duration::from_secs(45);
const GIVEN_UP: &str = "the peer gave no sign of life for 45s, the limit is 45s";

fn heartbeat() -> Heartbeat {
    Heartbeat::every(EVERY).dead_after(DEAD)
}

fn asks(builder: ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack> {
    builder.heartbeat(heartbeat())
}

/// Returns a server with a heartbeat, and a raw client that has answered a call just now.
async fn answering() -> (Server<MsgPack>, RawPeer) {
    let (server, mut peer, _) = raw_client(asks).await;
    peer.answer(1, 1).await;
    while server.peers().is_empty() {
        tokio::task::yield_now().await;
    }
    (server, peer)
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_twice_and_given_up() {
    let (server, mut peer) = answering().await;
    let errors = Notes::of_server(&server);
    let start = Instant::now();
    let mut heard = Vec::new();
    for _ in 0..3 {
        let line = peer.hear().await;
        heard.push((start.elapsed().as_millis(), line, peer.left.map(|left| left.as_secs())));
    }
    let asked = |at| (at, "call $ping -".to_owned(), Some(30));
    assert_eq!(heard, [asked(15_000), asked(30_000), (45_000, "end".to_owned(), Some(30))]);
    errors.until(GIVEN_UP).await;
    assert_eq!(errors.lines(), [GIVEN_UP]);
    assert!(server.peers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn any_answer_is_a_sign_of_life_and_its_time_is_told() {
    let (server, mut peer) = answering().await;
    let errors = Notes::of_server(&server);
    let handle = server.peers().remove(0);
    assert_eq!(handle.rtt(), None);
    let mut expected: Option<RoundTrip> = None;
    for (round, ms) in [80, 160, 20_000].into_iter().enumerate() {
        assert_eq!(peer.hear().await, "call $ping -");
        let number = peer.number;
        let time = Duration::from_millis(ms);
        sleep(time).await;
        match round {
            // As a program of five lines of JavaScript answers.
            0 => peer.fail(number, "unknown_method").await,
            1 => peer.answer(number, 1).await,
            // Asked once more meanwhile, it answers the first question.
            _ => {
                assert_eq!(peer.hear().await, "call $ping -");
                peer.answer(number, 1).await;
            }
        }
        expected = Some(RoundTrip::after(expected, time));
        while handle.rtt() != expected {
            tokio::task::yield_now().await;
        }
    }
    assert!(errors.lines().is_empty());
}

/// A program that ignores calls would be cut while it is well: one that was never seen to answer, and
/// one that only asks.
#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_calls_is_never_asked() {
    for asks_itself in [false, true] {
        let (server, mut peer, _) = raw_client(asks).await;
        server.on_call("add", |n: u64, _| async move { Ok::<_, Failure>(n + 1) });
        if asks_itself {
            peer.call(1, "add", 1).await;
            assert_eq!(peer.hear().await, "answer 1 2");
        } else {
            peer.event("hello", 1).await;
        }
        let read = tokio::time::timeout(DEAD * 100, peer.stream.read_u8()).await;
        assert!(read.is_err(), "{read:?}");
        assert_eq!(server.peers().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_peer_is_asked_without_a_heartbeat() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    peer.answer(1, 1).await;
    let read = tokio::time::timeout(DEAD * 100, peer.stream.read_u8()).await;
    assert!(read.is_err(), "{read:?}");
    assert_eq!(server.peers().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_byte_of_a_long_frame_is_a_sign_of_life() {
    let (server, mut peer, _) = raw_client(|server| asks(server).frame_timeout(None)).await;
    let errors = Notes::of_server(&server);
    peer.answer(1, 1).await;
    let frame = framed(|out| call(7, "none", None, &"x".repeat(40), out));
    for byte in frame.iter() {
        sleep(DEAD - Duration::from_millis(1)).await;
        peer.stream.write_all(&[*byte]).await.unwrap();
    }
    // Asked all the time, at last it is answered.
    let line = loop {
        let line = peer.hear().await;
        if line != "call $ping -" {
            break line;
        }
    };
    assert_eq!(line, "failure 7 unknown_method");
    assert!(errors.lines().is_empty());
}

/// A `$ping` is answered by the connection's own task, whatever the program does.
#[tokio::test(start_paused = true)]
async fn a_question_is_answered_while_handlers_are_busy() {
    let (server, mut peer, _) = raw_client(|server| server).await;
    let notes = Notes::new();
    let started = notes.clone();
    server.on_call("wait", move |(): (), _| {
        started.note("started");
        async move {
            sleep(DEAD * 100).await;
            Ok::<_, Failure>(0)
        }
    });
    let started = notes.clone();
    server.on_async("slow", move |_: u64, _| {
        started.note("slow");
        sleep(DEAD * 100)
    });
    peer.call(1, "wait", ()).await;
    peer.event("slow", 1).await;
    notes.until_len(2).await;
    let begun = Instant::now();
    peer.call(2, "$ping", ()).await;
    assert_eq!(peer.hear().await, "answer 2 -");
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_question_is_no_traffic_for_the_idle_timeout() {
    for own in [false, true] {
        let idle = Some(Duration::from_secs(100));
        let (server, mut peer, _) = raw_client(|server| asks(server).idle_timeout(idle)).await;
        let errors = Notes::of_server(&server);
        let begun = Instant::now();
        // From here on all that it sends are questions, or answers to them.
        peer.answer(1, 1).await;
        loop {
            match tokio::time::timeout(Duration::from_secs(9), peer.hear()).await {
                Ok(line) if line == "end" => break,
                Ok(line) if line == "call $ping -" => {
                    let number = peer.number;
                    peer.answer(number, ()).await;
                }
                Ok(line) => assert_eq!(line, "answer 2 -"),
                Err(_) if own => peer.call(2, "$ping", ()).await,
                Err(_) => {}
            }
        }
        assert_eq!(errors.lines(), ["the peer sent nothing within 100s"]);
        assert_eq!(begun.elapsed(), Duration::from_secs(100));
    }
}

/// Nothing is asked over a full socket: the peer has to read first, and reading is a sign of life.
#[tokio::test(start_paused = true)]
async fn a_full_socket_is_a_question_and_one_that_moves_an_answer() {
    for reads in [true, false] {
        let transport = narrow(1000);
        let server = asks(Server::builder(MsgPack::new(), transport.clone())).build();
        server.listen().await.unwrap();
        let errors = Notes::of_server(&server);
        let mut peer = RawPeer::dial(&transport).await;
        peer.answer(1, 1).await;
        while server.peers().is_empty() {
            tokio::task::yield_now().await;
        }
        let begun = Instant::now();
        server.peers().remove(0).emit("long", &"x".repeat(20_000)).unwrap();
        if !reads {
            errors.until(GIVEN_UP).await;
            assert_eq!(begun.elapsed(), DEAD);
            continue;
        }
        // What fits the socket is taken every 40 s: 800 s for all of it.
        let mut received = 0;
        while received < 20_000 {
            sleep(DEAD - Duration::from_secs(5)).await;
            let mut part = [0; 1000];
            received += peer.stream.read(&mut part).await.unwrap();
        }
        assert!(errors.lines().is_empty());
        assert!(begun.elapsed() > DEAD * 10);
        // Not one question was queued behind it: the rest is the end of the event.
        let mut rest = Vec::new();
        let read = peer.stream.read_to_end(&mut rest);
        assert!(tokio::time::timeout(Duration::from_secs(1), read).await.is_err());
        assert!(rest.len() < 100 && rest.iter().all(|byte| *byte == b'x'), "{rest:?}");
    }
}

/// While the events of a peer wait for a slow handler its socket is not read, and its silence does not
/// count.
#[tokio::test(start_paused = true)]
async fn the_time_stands_while_this_side_does_not_read() {
    let (server, mut peer, _) = raw_client(|server| asks(server).event_bytes(100)).await;
    let errors = Notes::of_server(&server);
    let (notes, go_on) = (Notes::new(), std::sync::Arc::new(Notify::new()));
    let (heard, gate) = (notes.clone(), std::sync::Arc::clone(&go_on));
    server.on_async("slow", move |n: u64, _| {
        heard.note(n);
        let gate = std::sync::Arc::clone(&gate);
        async move { gate.notified().await }
    });
    peer.answer(1, 1).await;
    for n in 0..10 {
        peer.event("slow", n).await;
    }
    notes.until("0").await;
    let read = tokio::time::timeout(DEAD * 100, peer.stream.read_u8()).await;
    assert!(read.is_err(), "what is not read is not asked: {read:?}");
    assert!(errors.lines().is_empty());
    // Once everything is read its time runs again.
    let read_again = Instant::now();
    for n in 1..10 {
        go_on.notify_one();
        notes.until_len(n + 1).await;
    }
    assert_eq!(peer.hear().await, "call $ping -");
    assert_eq!(read_again.elapsed(), EVERY);
}

/// Also a client with one message in flight: a question would wait behind that message.
#[tokio::test(start_paused = true)]
async fn what_owes_an_answer_to_a_message_in_flight_is_not_asked() {
    let settings =
        |client: ClientBuilder<MsgPack>| client.heartbeat(heartbeat()).in_flight(InFlight::One);
    let (client, mut peer, _listener) = raw_server(&transport(), settings).await;
    let errors = Notes::of_client(&client);
    let notes = Notes::new();
    let answered = notes.clone();
    client.on("answered", move |(): (), _| answered.note("answered"));
    peer.answer(1, 1).await;
    peer.event("answered", ()).await;
    notes.until("answered").await;
    client.emit("ask", &1).unwrap();
    assert_eq!(peer.hear().await, "event ask 1");
    let read = tokio::time::timeout(DEAD * 10, peer.stream.read_u8()).await;
    assert!(read.is_err(), "{read:?}");
    peer.event("answer", 1).await;
    assert_eq!(peer.hear().await, "call $ping -");
    assert!(errors.lines().is_empty());
    // The question is in flight now, and not answered.
    errors.until(GIVEN_UP).await;
}

/// A client that gives its server up connects again, and asks the next one only once that has answered:
/// it may be another program.
#[tokio::test(start_paused = true)]
async fn a_client_gives_its_server_up_and_connects_again() {
    let transport = transport();
    let (client, mut first, mut listener) =
        raw_server(&transport, |client| client.heartbeat(heartbeat())).await;
    let errors = Notes::of_client(&client);
    first.answer(1, 1).await;
    let mut second = RawPeer::accept(&mut listener).await;
    errors.until(GIVEN_UP).await;
    let read = tokio::time::timeout(DEAD * 10, second.stream.read_u8()).await;
    assert!(read.is_err(), "{read:?}");
    second.answer(1, 1).await;
    assert_eq!(second.hear().await, "call $ping -");
    drop(first);
}

/// Two sides that both ask, and have nothing else to say, live for ever.
#[tokio::test(start_paused = true)]
async fn two_idle_sides_that_ask_each_other_live_on() {
    let pair = pair_with(|client| client.heartbeat(heartbeat()), asks).await;
    let (ours, theirs) = (Notes::of_client(&pair.client), Notes::of_server(&pair.server));
    pair.server
        .on_call("one", |(): (), call| async move { call.peer().call::<_, u64>("two", &()).await });
    pair.client.on_call("two", |(): (), _| async { Ok::<_, Failure>(2_u64) });
    assert_eq!(pair.client.call::<_, u64>("one", &()).await.unwrap(), 2);
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert!(ours.lines().is_empty() && theirs.lines().is_empty());
    // The one whose time is over first asks, and hearing that is a sign of life for the other.
    let asked = pair.client.rtt().or_else(|| pair.server.peers().remove(0).rtt());
    assert_eq!(asked, Some(RoundTrip::after(None, Duration::ZERO)));
    assert_eq!(pair.client.call::<_, u64>("one", &()).await.unwrap(), 2);
}

#[test]
fn the_option_is_off_and_can_be_taken_back() {
    assert_eq!(ConnectionOptions::default().heartbeat, None);
    let options = ConnectionOptions::default().heartbeat(heartbeat());
    assert_eq!(options.heartbeat, Some(heartbeat()));
    assert_eq!(options.heartbeat(None).heartbeat, None);
}
