//! `$hello` on the side of the server, `$bye` on both, and lists of one connection's own.

use std::thread;
use std::time::Duration;

use ipc_core::blocking::{Connection, Server};
use ipc_core::protocol::builtin::Value;
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Allow, Bye, Hello, MsgPack, Proof, SameIdentity, WhenDismissed};
use tokio::time::Instant;

use super::rig::{AsyncServer, DEADLINE, MOMENT, Sockets, async_client, both_sockets, heard};
use super::wire::{Listening, Wire};

both_sockets!(
    each_wrong_hello_is_answered_and_the_connection_goes_on,
    a_peer_is_identified_before_its_first_event,
    a_second_peer_of_an_identity_is_refused_as_long_as_the_first_is_there,
    an_older_peer_of_an_identity_is_replaced,
    a_peer_that_is_kicked_is_told_why_after_all_else,
    an_identity_that_is_kicked_is_refused_for_its_time,
    an_async_client_that_is_kicked_ends,
    a_client_answers_no_hello_and_a_server_has_no_topics,
    a_client_that_is_sent_away_ends_unless_it_may_come_back,
    a_server_that_shuts_down_says_so,
    a_bye_without_reconnect_false_ends_no_client,
    a_connection_may_have_lists_of_its_own,
);

fn named(name: &str) -> Value {
    Value::map([("v", 1.into()), ("name", name.into())])
}

/// Returns a server's connection and its peer.
pub(super) fn pair(server: &mut Server<MsgPack>) -> (Connection<MsgPack>, Wire) {
    let peer = Wire::dial(&server.endpoint());
    (server.accept().unwrap(), peer)
}

/// Says hello, and returns what the server answers.
pub(super) fn say(connection: &mut Connection<MsgPack>, peer: &mut Wire, name: &str) -> String {
    peer.call(Some(1), "$hello", &named(name));
    wait(connection);
    peer.hear()
}

/// Has the connection handle what has come, of which the program sees nothing.
#[track_caller]
fn wait(connection: &mut Connection<MsgPack>) {
    let nothing = connection.next_timeout(MOMENT);
    assert_eq!(nothing.unwrap_err().code(), "receive_timeout");
}

fn each_wrong_hello_is_answered_and_the_connection_goes_on(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (mut connection, mut peer) = pair(&mut server);
    let many = Value::list(vec![0; Value::MAX_VALUES]);
    for (args, code) in [
        (Value::Null, "invalid_args"),
        ("alice".into(), "invalid_args"),
        (many, "invalid_args"),
        (Value::map([("name", "alice".into())]), "invalid_args"),
        (Value::map([("v", 2.into()), ("name", "alice".into())]), "unsupported_version"),
        (named(""), "invalid_args"),
        (named(&"a".repeat(257)), "invalid_args"),
        (Value::map([("v", 1.into()), ("name", 7.into())]), "invalid_args"),
    ] {
        peer.call(Some(1), "$hello", &args);
        peer.event("after", 1);
        assert_eq!(heard(&mut connection), "after [1]");
        assert!(connection.flush());
        assert_eq!(peer.hear(), format!("failure 1 {code}"));
        assert_eq!(connection.identity(), None);
    }
    // A late one is as good as any, and there is one.
    assert_eq!(say(&mut connection, &mut peer, &"ä".repeat(256)), "answer 1");
    for name in ["alice", &"ä".repeat(256)] {
        assert_eq!(say(&mut connection, &mut peer, name), "failure 1 repeated_hello");
    }
    assert_eq!(*connection.identity().unwrap().name, *"ä".repeat(256));
}

fn a_peer_is_identified_before_its_first_event(sockets: &Sockets) {
    let mut server = sockets.accept();
    let mut seen = Vec::new();
    for number in 1..=2_u64 {
        let (mut connection, mut peer) = pair(&mut server);
        peer.call(Some(1), "$hello", &named("alice"));
        peer.event("hi", 1);
        assert_eq!(connection.id().get(), number);
        assert_eq!(heard(&mut connection), "hi [1]");
        let identity = connection.identity().unwrap().clone();
        assert_eq!((&*identity.name, identity.proof), ("alice", Proof::Claimed));
        assert!(connection.flush());
        assert_eq!(peer.hear(), "answer 1");
        assert_eq!(peer.value.get("peer").and_then(Value::as_u64), Some(number));
        seen.push(peer.said("server").unwrap().to_owned());
        drop(peer);
        assert_eq!(heard(&mut connection), "disconnect");
        assert_eq!(connection.identity(), Some(&identity));
        assert!(connection.next().is_none());
    }
    // A notice is a hello, too, and is not answered.
    let (mut connection, mut peer) = pair(&mut server);
    peer.call(None, "$hello", &named("bob"));
    peer.call(Some(2), "$ping", &Value::Null);
    wait(&mut connection);
    assert_eq!(peer.hear(), "answer 2");
    assert_eq!(*connection.identity().unwrap().name, *"bob");
    // One server is one, and another is another.
    let elsewhere = sockets.another();
    let mut other = elsewhere.accept();
    let (mut connection, mut peer) = pair(&mut other);
    assert_eq!(say(&mut connection, &mut peer, ""), "failure 1 invalid_args");
    peer.call(Some(1), "$hello", &Value::map([("v", 1.into())]));
    wait(&mut connection);
    assert_eq!((peer.hear().as_str(), connection.identity()), ("answer 1", None));
    assert_eq!(seen[0], seen[1]);
    assert_ne!(Some(&*seen[0]), peer.said("server"));
}

fn a_second_peer_of_an_identity_is_refused_as_long_as_the_first_is_there(sockets: &Sockets) {
    let policy = SameIdentity::RefuseNew;
    let mut server = sockets.accept_with(|server| server.same_identity(policy));
    let (mut first, mut alice) = pair(&mut server);
    let (mut second, mut other) = pair(&mut server);
    assert_eq!(say(&mut first, &mut alice, "alice"), "answer 1");
    assert_eq!(say(&mut second, &mut other, "alice"), "failure 1 identity_in_use");
    assert_eq!(say(&mut second, &mut other, "bob"), "answer 1");
    let (mut third, mut another) = pair(&mut server);
    // It has gone once its thread has noticed, or has dropped it.
    drop(alice);
    assert_eq!(heard(&mut first), "disconnect");
    assert_eq!(say(&mut third, &mut another, "alice"), "answer 1");
    drop(second);
    let (mut fourth, mut another) = pair(&mut server);
    assert_eq!(say(&mut fourth, &mut another, "bob"), "answer 1");
    drop(first);
    assert_eq!(say(&mut fourth, &mut another, "alice"), "failure 1 repeated_hello");
    let (mut fifth, mut another) = pair(&mut server);
    assert_eq!(say(&mut fifth, &mut another, "alice"), "failure 1 identity_in_use");
}

fn an_older_peer_of_an_identity_is_replaced(sockets: &Sockets) {
    let policy = SameIdentity::ReplaceOld;
    let mut server = sockets.accept_with(|server| server.same_identity(policy));
    let (mut first, mut older) = pair(&mut server);
    assert_eq!(say(&mut first, &mut older, "alice"), "answer 1");
    // The thread of the older one waits for it.
    let serving = thread::spawn(move || (heard(&mut first), first));
    let (mut second, mut newer) = pair(&mut server);
    assert_eq!(say(&mut second, &mut newer, "alice"), "answer 1");
    assert_eq!(older.hear(), "notice $bye");
    assert_eq!(older.said("code"), Some("replaced"));
    assert_eq!(older.value.get("reconnect"), Some(&Value::from(false)));
    assert_eq!(older.hear(), "end");
    drop(older);
    let (ended, mut first) = serving.join().unwrap();
    assert_eq!(ended, "disconnect");
    assert_eq!(first.emit("e", &1).unwrap_err().code(), "closed");
    // The newer one keeps the name.
    newer.event("still", 1);
    assert_eq!(heard(&mut second), "still [1]");
    let (mut third, mut newest) = pair(&mut server);
    assert_eq!(say(&mut third, &mut newest, "alice"), "answer 1");
    // At the latest when it waits.
    let serving = thread::spawn(move || heard(&mut second));
    assert_eq!((newer.hear().as_str(), newer.said("code")), ("notice $bye", Some("replaced")));
    drop(newer);
    assert_eq!(serving.join().unwrap(), "disconnect");
}

fn a_peer_that_is_kicked_is_told_why_after_all_else(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (mut connection, mut peer) = pair(&mut server);
    peer.call(Some(7), "sum", &Value::Null);
    // The call is received, and the program has not taken it.
    wait_for_call(&mut connection);
    for n in 0..3 {
        connection.emit("n", &n).unwrap();
    }
    let reading = thread::spawn(move || {
        let heard: Vec<_> = (0..8).map(|_| peer.hear()).collect();
        (heard, peer.said("message").map(str::to_owned))
    });
    let report = connection.kick(&Bye::new("limit", "too loud"));
    assert!(report.undelivered.is_empty());
    let (heard, message) = reading.join().unwrap();
    let expected =
        ["event n 0", "event n 1", "event n 2", "failure 7 closing", "notice $bye", "end"];
    assert_eq!(heard[0], "call late");
    assert!(heard[1].starts_with("Cancel"), "{heard:?}");
    assert_eq!(heard[2..], expected);
    assert_eq!(message.as_deref(), Some("too loud"));
    assert_eq!(connection.emit("n", &3).unwrap_err().code(), "closed");
    // Once more is nothing.
    assert!(connection.kick(&Bye::shutdown()).undelivered.is_empty());
}

/// Waits for a call that is kept for the program, while another one is made that is not answered.
fn wait_for_call(connection: &mut Connection<MsgPack>) {
    let late = connection.call_within::<_, ()>(MOMENT, "late", &()).unwrap_err();
    assert_eq!(late.code(), "deadline");
}

fn an_identity_that_is_kicked_is_refused_for_its_time(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (hour, moment) = (Duration::from_secs(3600), Duration::from_millis(100));
    for (name, time) in [("alice", hour), ("bob", moment)] {
        let (mut first, mut peer) = pair(&mut server);
        assert_eq!(say(&mut first, &mut peer, name), "answer 1");
        let kicked = Instant::now();
        let reading = thread::spawn(move || (peer.hear(), peer.hear()));
        first.kick(&Bye::new("limit", "too loud").refuse_for(time));
        assert_eq!(reading.join().unwrap(), ("notice $bye".to_owned(), "end".to_owned()));
        if time == hour {
            assert!(!is_let_in(&mut server, name));
        } else {
            while !is_let_in(&mut server, name) {}
            assert!(kicked.elapsed() >= time, "after {:?}", kicked.elapsed());
        }
    }
}

/// Says hello on a connection of its own, and returns whether that was taken.
fn is_let_in(server: &mut Server<MsgPack>, name: &str) -> bool {
    let (mut connection, mut peer) = pair(server);
    peer.call(Some(1), "$hello", &named(name));
    let serving = thread::spawn(move || drop(connection.next_timeout(MOMENT)));
    let answer = peer.hear();
    if answer != "answer 1" {
        assert_eq!(answer, "failure 1 refused");
        assert_eq!((peer.hear().as_str(), peer.said("code")), ("notice $bye", Some("refused")));
        assert_eq!(peer.hear(), "end");
    }
    drop(peer);
    serving.join().unwrap();
    answer == "answer 1"
}

fn an_async_client_that_is_kicked_ends(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let mut events = client.events();
    runtime.block_on(async { client.emit("hi", &1) }).unwrap();
    let mut connection = server.accept().unwrap();
    assert_eq!(heard(&mut connection), "hi [1]");
    connection.kick(&Bye::new("limit", "too loud"));
    let ended = async {
        let mut codes = Vec::new();
        while let Some(event) = events.next().await {
            if let ipc_core::Incoming::Lifecycle(ipc_core::ClientEvent::Dismissed(bye)) = event {
                codes.push(bye.code);
            }
        }
        client.closed().await;
        codes
    };
    let codes = runtime.block_on(async { tokio::time::timeout(DEADLINE, ended).await });
    assert_eq!(codes.unwrap(), ["limit".into()]);
}

fn a_client_answers_no_hello_and_a_server_has_no_topics(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let mut client = listening.builder().build();
    client.connected().unwrap();
    let mut peer = listening.accept();
    peer.call(Some(1), "$hello", &named("alice"));
    peer.event("after", 1);
    assert_eq!(heard(&mut client), "connect");
    assert_eq!(heard(&mut client), "after [1]");
    assert!(client.flush());
    assert_eq!(peer.hear(), "failure 1 unknown_method");
    // What a client tells a server is ignored.
    let elsewhere = sockets.another();
    let mut server = elsewhere.accept();
    let (mut connection, mut peer) = pair(&mut server);
    peer.call(None, "$bye", &Value::map([("reconnect", false.into())]));
    for (number, method) in [(1, "$sub"), (2, "$unsub"), (3, "$bye")] {
        peer.call(Some(number), method, &Value::list(["price.*"]));
        wait(&mut connection);
        assert_eq!(peer.hear(), format!("failure {number} unknown_method"));
    }
}

/// Returns a server and a client of it that comes back, if it may, with what the server knows it by.
fn alice(
    sockets: &Sockets,
    when: WhenDismissed,
) -> (AsyncServer, ipc_core::blocking::Client<MsgPack>) {
    let server = sockets.serve();
    let soon = ReconnectPolicy::forever(Backoff::fixed(Duration::from_millis(1)));
    let builder = server.builder().hello(Some(Hello::new("alice"))).reconnect(soon);
    let mut client = builder.when_dismissed(when).build();
    assert_eq!(heard(&mut client), "connect");
    assert_eq!(heard(&mut client), "greeted");
    (server, client)
}

fn a_client_that_is_sent_away_ends_unless_it_may_come_back(sockets: &Sockets) {
    for (when, reconnect, next) in [
        (WhenDismissed::End, false, "destroy"),
        (WhenDismissed::End, true, "connect"),
        (WhenDismissed::ComeBack, false, "connect"),
    ] {
        let sockets = sockets.another();
        let (server, mut client) = alice(&sockets, when);
        let peer = server.server.identity("alice").remove(0);
        server.block_on(async { peer.kick(Bye::new("limit", "too loud").reconnect(reconnect)) });
        assert_eq!(heard(&mut client), "dismissed limit");
        assert_eq!(heard(&mut client), "disconnect");
        assert_eq!(heard(&mut client), next);
        assert_eq!(client.next_timeout(DEADLINE).is_err(), next == "destroy");
    }
}

fn a_server_that_shuts_down_says_so(sockets: &Sockets) {
    let (server, mut client) = alice(sockets, WhenDismissed::End);
    let reading = thread::spawn(move || (0..2).map(|_| heard(&mut client)).collect::<Vec<_>>());
    server.block_on(server.server.shutdown(DEADLINE));
    assert_eq!(reading.join().unwrap(), ["dismissed shutdown", "disconnect"]);
    // And so does one of this driver, if its program wants it.
    let elsewhere = sockets.another();
    let mut server = elsewhere.accept();
    let mut client = {
        let transport = server.endpoint().transport().unwrap();
        ipc_core::blocking::Client::builder(MsgPack::new(), transport).unwrap().build()
    };
    client.connected().unwrap();
    let mut connection = server.accept().unwrap();
    let reading = thread::spawn(move || (0..3).map(|_| heard(&mut client)).collect::<Vec<_>>());
    assert!(connection.kick(&Bye::shutdown()).peer_ended);
    assert_eq!(reading.join().unwrap(), ["connect", "dismissed shutdown", "disconnect"]);
}

fn a_bye_without_reconnect_false_ends_no_client(sockets: &Sockets) {
    let listening = Listening::at(sockets);
    let mut client = listening.builder().event_bytes(10_000).build();
    client.connected().unwrap();
    assert_eq!(heard(&mut client), "connect");
    for args in [Value::Null, "away".into(), Value::map([("reconnect", "no".into())])] {
        let mut peer = listening.accept();
        peer.call(None, "$bye", &args);
        drop(peer);
        for expected in ["dismissed bye", "disconnect", "connect"] {
            assert_eq!(heard(&mut client), expected);
        }
    }
    // Those that pile up while a call waits are events like others.
    let mut peer = listening.accept();
    let long = Value::map([("message", "x".repeat(1000).into())]);
    for _ in 0..12 {
        peer.call(None, "$bye", &long);
    }
    let full = client.call::<_, ()>("sum", &()).unwrap_err();
    assert_eq!(full.code(), "events_full");
}

fn a_connection_may_have_lists_of_its_own(sockets: &Sockets) {
    let own = || Allow::new().events(["app.*"]).unwrap().calls(["status"]).unwrap();
    let mut server = sockets.accept_with(|server| server.allow(Allow::nothing()));
    let (mut restricted, mut guest) = pair(&mut server);
    restricted.restrict(own());
    let (mut open, mut admin) = pair(&mut server);
    open.restrict(Allow::new());
    for peer in [&mut guest, &mut admin] {
        peer.event("stop", 1);
        peer.event("app.a", 2);
        peer.call(Some(1), "halt", &Value::Null);
        peer.call(Some(2), "$ping", &Value::Null);
    }
    for expected in ["error denied", "app.a [2]"] {
        assert_eq!(heard(&mut restricted), expected);
    }
    wait(&mut restricted);
    assert_eq!(guest.hear(), "failure 1 denied");
    assert_eq!(guest.hear(), "answer 2");
    assert_eq!(restricted.limited().denied, 2);
    for expected in ["stop [1]", "app.a [2]", "call halt [192]"] {
        assert_eq!(heard(&mut open), expected);
    }
    // From now on: what is counted stays.
    restricted.restrict(Allow::new());
    guest.event("stop", 3);
    assert_eq!(heard(&mut restricted), "stop [3]");
    assert_eq!(restricted.limited().denied, 2);
    restricted.restrict(own());
    guest.event("stop", 4);
    guest.event("app.a", 5);
    assert_eq!(heard(&mut restricted), "error denied");
    assert_eq!(heard(&mut restricted), "app.a [5]");
    assert_eq!(restricted.limited().denied, 3);
    // The next one has the server's.
    let (mut other, mut peer) = pair(&mut server);
    peer.event("app.a", 1);
    assert_eq!(heard(&mut other), "error denied");
}
