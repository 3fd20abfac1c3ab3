//! Whom `nipc serve` lets in, what its clients may do and how much, and what it prints of that.

use std::os::unix::fs::PermissionsExt;

use rustix::process::{getgid, getuid};
use serde_json::{Value, json};

use crate::process::{Nipc, Place};
use crate::raw::Raw;

/// Writes events of one name.
fn say(client: &mut Raw, name: &str, times: usize) {
    client.write(format!("{{\"type\":\"{name}\",\"data\":1}}\x0c").repeat(times));
}

/// Takes the lines of a client that is there no more, up to its end: what was kept back of it.
#[track_caller]
fn limited(server: &mut Nipc) -> Value {
    let limited = server.event("limited");
    server.event("socket.disconnected");
    server.event("close");
    limited
}

#[test]
fn users_and_groups_that_are_named_come_in_and_others_are_refused() {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let place = Place::new();
    let mut server = place.serve(&format!("--user {} --group {}", uid + 1, gid + 1));
    Raw::connect(place.socket()).ended();
    let message = format!("user {uid} of group {gid} is not let in");
    let refused = json!({"event":"refused","code":"ERR_IPC_DENIED","message":message});
    assert_eq!(server.event("refused"), refused);
    server.say(r#"{"do":"stop"}"#);
    server.ends(0);
    for options in [format!("--user {uid}"), format!("--user {} --group {gid}", uid + 1)] {
        let mut server = place.serve(&options);
        let _client = place.connect("");
        server.event("connect");
    }
    // Whoever has no need of it does not open the file.
    let _server = place.serve(&format!("--user {uid}"));
    let mode = std::fs::metadata(place.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Without an administrator's `chmod`: a user who is named can reach the file.
#[test]
fn other_users_who_are_named_come_in_and_others_are_refused() {
    let place = Place::new();
    let Some(nipc) = place.for_others() else { return };
    for who in [&["--user", "65534"][..], &["--user", "0", "--group", "65534"]] {
        let mut server = nipc(0, &[&["serve"], who].concat());
        server.event("start");
        // They believe root's server.
        let emit = |user| nipc(user, &["emit", "w", "t", "--peer-user", "root"]).end();
        let taken = emit(65534);
        assert_eq!(taken.status, 0, "{}", taken.errors);
        for event in ["connect", "message", "socket.disconnected", "close"] {
            assert_eq!(server.event(event)["peer"], 1);
        }
        emit(65533);
        let message = "user 65533 of group 65533 is not let in";
        let refused = json!({"event":"refused","code":"ERR_IPC_DENIED","message":message});
        assert_eq!(server.event("refused"), refused);
        server.say(r#"{"do":"stop"}"#);
        server.ends(0);
    }
}

#[test]
fn what_no_pattern_allows_is_dropped_or_answered_and_told() {
    let place = Place::new();
    let file = place.path("methods.json");
    std::fs::write(&file, r#"{"sum":{"ok":3},"stop":{"ok":4}}"#).unwrap();
    let mut server = place.serve(&format!(
        "--methods {} --allow-pattern events:app.* --allow-pattern calls:sum --allow-pattern \
         topics:price.>",
        file.display()
    ));
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    say(&mut client, "admin.stop", 1);
    assert_eq!(
        server.event("denied"),
        json!({"event":"denied","peer":1,"what":"event","name":"admin.stop"})
    );
    say(&mut client, "app.a", 1);
    server.expect(r#"{"event":"message","peer":1,"type":"app.a","data":1}"#);
    for (call, expected) in [
        (json!({"n":1,"call":"sum","args":[1,2]}), json!({"n":1,"ok":3})),
        (json!({"n":2,"call":"$sub","args":["price.*"]}), json!({"n":2,"ok":{"topics":1}})),
        (json!({"n":3,"call":"stop"}), json!("denied")),
        (json!({"n":4,"call":"$sub","args":[">"]}), json!("denied")),
    ] {
        client.write(json!({"type":"$call","data":call}).to_string() + "\x0c");
        let answer: Value = serde_json::from_str(&client.frame()).unwrap();
        let code = &answer["data"]["error"]["code"];
        assert!(answer["data"] == expected || *code == expected, "{call}: {answer}");
    }
    server.event("call");
    drop(client);
    // The others were within the same second, which is why they have no line, or they have one each.
    let limited = loop {
        let line: Value = serde_json::from_str(&server.line()).unwrap();
        if line["event"] == "limited" {
            break line;
        }
        assert_eq!(line["event"], "denied", "{line}");
    };
    assert_eq!(limited, json!({"event":"limited","peer":1,"throttled":0,"dropped":0,"denied":3}));
}

#[test]
fn the_first_that_is_denied_may_end_a_connection() {
    let place = Place::new();
    let mut server = place.serve("--allow-pattern app.* --on-denied close");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    say(&mut client, "app.a", 1);
    server.event("message");
    say(&mut client, "stop", 1);
    server.event("denied");
    client.ended();
    assert_eq!(limited(&mut server)["denied"], 1);
}

#[test]
fn a_client_over_its_rate_is_throttled_and_loses_nothing() {
    let place = Place::new();
    let mut server = place.serve("--rate 100/s --burst 5");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    say(&mut client, "t", 40);
    drop(client);
    for _ in 0..40 {
        server.event("message");
    }
    let limited = limited(&mut server);
    assert!(limited["throttled"].as_u64().unwrap() > 0, "{limited}");
    assert_eq!((&limited["dropped"], &limited["denied"]), (&json!(0), &json!(0)));
}

#[test]
fn what_is_over_the_rate_is_dropped_or_ends_the_connection() {
    let place = Place::new();
    // 20 bytes a second: a frame costs more than one second brings.
    let mut server = place.serve("--rate 1000:20 --over-rate drop");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    say(&mut client, "t", 5);
    server.event("message");
    assert_eq!(server.error("ERR_IPC_RATE_EXCEEDED")["peer"], 1);
    drop(client);
    assert_eq!(limited(&mut server)["dropped"], 4);
    let place = Place::new();
    let mut server = place.serve("--rate 1 --over-rate close");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    say(&mut client, "t", 2);
    server.event("message");
    server.error("ERR_IPC_RATE_EXCEEDED");
    client.ended();
    server.event("socket.disconnected");
}
