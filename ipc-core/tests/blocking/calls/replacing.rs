//! A connection is looked after while it waits for its peer to read.

use std::thread;

use ipc_core::SameIdentity;

use super::hellos::{pair, say};
use super::rig::{MOMENT, Sockets, both_sockets, heard};

both_sockets!(an_older_peer_that_does_not_read_its_answers_is_replaced_too);

fn an_older_peer_that_does_not_read_its_answers_is_replaced_too(sockets: &Sockets) {
    let mut server = sockets.accept_with(|server| {
        let server = server.same_identity(SameIdentity::ReplaceOld);
        server.high_water_mark(Some(1024)).close_timeout(MOMENT)
    });
    let (mut first, mut older) = pair(&mut server);
    assert_eq!(say(&mut first, &mut older, "alice"), "answer 1");
    older.event("ask", 1);
    assert_eq!(heard(&mut first), "ask [1]");
    // More answers than its socket takes: it is not read from until it reads them.
    let answer = "x".repeat(1 << 20);
    while first.emit("answer", &answer).is_ok() {}
    let serving = thread::spawn(move || [heard(&mut first), heard(&mut first)]);
    let (mut second, mut newer) = pair(&mut server);
    assert_eq!(say(&mut second, &mut newer, "alice"), "answer 1");
    assert_eq!(serving.join().unwrap(), ["error close_timeout", "disconnect"]);
    drop(older);
}
