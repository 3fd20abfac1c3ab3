//! Peers that are silent, while a thread waits for them: who is asked, and who is given up.

use std::thread;
use std::time::Duration;

use ipc_core::blocking::NextError;
use ipc_core::{Failure, Heartbeat};
use tokio::time::Instant;

use super::rig::{Place, Sockets, both_sockets, heard};
use crate::rig::Clock;

/// An answer to no call: it shows that the peer answers.
const ANSWERS: &[u8] = b"\x92\xa7$answer\x82\xa1n\x07\xa2ok\x63";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_silent_peer_is_asked_and_given_up() {
    let place = Place::new();
    let limit = ms(300);
    let heartbeat = Heartbeat::every(ms(100)).dead_after(limit);
    let (mut client, mut bare) = place.bare_server(|builder| builder.heartbeat(heartbeat));
    bare.send(&[ANSWERS]);
    let begun = Instant::now();
    assert_eq!(heard(&mut client), "error silent");
    assert!(begun.elapsed() >= limit);
    assert_eq!(heard(&mut client), "disconnect");
    assert_eq!(bare.heard(), "call 1 $ping [192]");
    assert_eq!(client.rtt(), None);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured")]
fn an_error_is_an_answer_too_and_its_time_is_told() {
    let place = Place::new();
    let heartbeat = Heartbeat::every(ms(100)).dead_after(Duration::from_secs(30));
    let (mut client, mut bare) = place.bare_server(|builder| builder.heartbeat(heartbeat));
    bare.send(&[ANSWERS]);
    let took = ms(20);
    let peer = thread::spawn(move || {
        assert_eq!(bare.heard(), "call 1 $ping [192]");
        thread::sleep(took);
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x01\xa5error\x81\xa4code\xa3no!"]);
        assert_eq!(bare.heard(), "call 2 $ping [192]");
        bare.send(&[b"\x92\xa7$answer\x82\xa1n\x02\xa2ok\xc0"]);
        assert_eq!(bare.heard(), "call 3 $ping [192]");
    });
    assert_eq!(heard(&mut client), "disconnect");
    peer.join().unwrap();
    let trip = client.rtt().unwrap();
    // An eighth of it is the second answer's.
    assert!(trip.smoothed >= took / 8 * 7 && trip.last > Duration::ZERO, "{trip:?}");
}

#[test]
fn a_program_that_was_away_asks_first() {
    let (place, clock) = (Place::new(), Clock::new());
    let _own = clock.enter();
    let heartbeat = Heartbeat::every(ms(100)).dead_after(ms(1000));
    let (mut client, mut bare) = place.bare_server(|builder| builder.heartbeat(heartbeat));
    bare.send(&[ANSWERS, b"\x92\xa5event\x05"]);
    assert_eq!(heard(&mut client), "event [5]");
    assert_eq!(client.next_timeout(Duration::ZERO).err(), Some(NextError::TimedOut));
    clock.advance(ms(1200));
    assert_eq!(client.next_timeout(Duration::ZERO).err(), Some(NextError::TimedOut));
    assert_eq!(bare.heard(), "call 1 $ping [192]");
    clock.advance(ms(900));
    bare.send(&[b"\x92\xa5event\x06"]);
    assert_eq!(heard(&mut client), "event [6]");
    drop(bare);
    assert_eq!(heard(&mut client), "disconnect");
}

both_sockets!(two_idle_sides_that_ask_each_other_live_on);
fn two_idle_sides_that_ask_each_other_live_on(sockets: &Sockets) {
    let serving = sockets.serve();
    serving.server.on_call("add", |n: u64, _| async move { Ok::<_, Failure>(n + 1) });
    let heartbeat = Heartbeat::every(ms(50)).dead_after(Duration::from_secs(30));
    let mut client = serving.client_with(|builder| builder.heartbeat(heartbeat));
    assert_eq!(client.call::<_, u64>("add", &1).unwrap(), 2);
    // Until the server has answered.
    while client.rtt().is_none() {
        assert_eq!(client.next_timeout(ms(50)).err(), Some(NextError::TimedOut));
    }
    assert_eq!(client.call::<_, u64>("add", &2).unwrap(), 3);
}
