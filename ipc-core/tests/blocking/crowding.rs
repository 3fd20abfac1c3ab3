//! A full socket with much waiting for it: a sender waits for a peer that reads, and fills the queue for one that
//! does not.

use std::io::Read;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use ipc_core::EmitError;
use ipc_core::blocking::Client;
use ipc_core::queue::{OverflowPolicy, QueueLimits};

use crate::lines::Lines;
use crate::rig::{Clock, Place};

/// So much waits before a sender waits, in bytes.
const CROWD: usize = 128 * 1024;

/// A message has as many bytes as this on the wire.
const LINE: usize = 1024;

/// The queue holds as many messages.
const LIMIT: usize = 1024;

/// So long a sender waits for a peer that reads nothing.
const EASE: Duration = Duration::from_millis(100);

/// Returns a client that is connected to a peer which does not read.
fn connected(overflow: OverflowPolicy) -> (Client<Lines>, UnixStream) {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let queue = QueueLimits::default().with_max_bytes(LIMIT * LINE);
    let mut client = place.builder().queue(queue).overflow(overflow).build();
    client.connected().unwrap();
    (client, listener.accept().unwrap().0)
}

fn text() -> String {
    "x".repeat(LINE - "n \n".len())
}

fn send(client: &mut Client<Lines>) -> Result<(), EmitError> {
    client.send("n", text().as_str())
}

fn emit(client: &mut Client<Lines>) -> Result<(), EmitError> {
    client.emit("n", text().as_str())
}

/// Returns how many messages wait.
fn waiting(client: &Client<Lines>) -> usize {
    let tally = client.tally();
    usize::try_from(tally.accepted - tally.written - tally.dropped).unwrap()
}

/// The sender's clock stands still, so that it waits for this peer however slowly that reads.
#[test]
fn a_sender_waits_for_a_peer_that_reads_before_the_queue_is_full() {
    let (mut client, mut peer) = connected(OverflowPolicy::Block);
    let reading = thread::spawn(move || {
        let mut read = Vec::new();
        peer.read_to_end(&mut read).unwrap();
        read.len()
    });
    let clock = Clock::new();
    let most = {
        let _entered = clock.enter();
        let sent = (0..8 * LIMIT).map(|_| {
            send(&mut client).unwrap();
            waiting(&client)
        });
        sent.max().unwrap()
    };
    assert!(most <= CROWD / LINE + 1, "{most} messages wait");
    assert!(client.close().undelivered.is_empty());
    assert_eq!(reading.join().unwrap(), 8 * LIMIT * LINE);
}

#[test]
fn a_sender_fills_the_queue_for_a_peer_that_reads_nothing() {
    let (mut client, _peer) = connected(OverflowPolicy::Block);
    // A sender that waited for this peer for ever would not come back.
    while waiting(&client) < LIMIT - 1 {
        send(&mut client).unwrap();
    }
}

#[test]
fn a_sender_does_not_wait_once_the_peer_has_read_nothing_for_long() {
    let (mut client, _peer) = connected(OverflowPolicy::Block);
    let clock = Clock::new();
    let entered = clock.enter();
    while waiting(&client) < CROWD / LINE {
        emit(&mut client).unwrap();
    }
    drop(entered);
    clock.advance(EASE);
    // With a clock that stands still it would wait for ever otherwise.
    let _entered = clock.enter();
    while waiting(&client) < LIMIT - 1 {
        send(&mut client).unwrap();
    }
}

#[test]
fn where_nothing_waits_for_room_no_sender_waits() {
    for overflow in [OverflowPolicy::Error, OverflowPolicy::DropNewest, OverflowPolicy::DropOldest]
    {
        let (mut client, _peer) = connected(overflow);
        let clock = Clock::new();
        let _entered = clock.enter();
        while waiting(&client) < LIMIT - 1 {
            assert_eq!(send(&mut client), Ok(()), "{overflow:?}");
        }
    }
}

#[test]
fn emit_has_the_whole_queue() {
    let (mut client, _peer) = connected(OverflowPolicy::Block);
    let clock = Clock::new();
    let _entered = clock.enter();
    while emit(&mut client).is_ok() {}
    assert!(waiting(&client) >= LIMIT - 1, "{} messages wait", waiting(&client));
}
