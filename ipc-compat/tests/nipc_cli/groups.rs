//! Groups, identities and topics: which clients a line of stdin is for, and how a client is sent away.

use serde_json::json;

use crate::process::{Nipc, Place};

/// Takes the next line, which has to be this message.
#[track_caller]
fn message(client: &mut Nipc, name: &str, data: i32) {
    assert_eq!(client.event("message"), json!({"event":"message","type":name,"data":data}));
}

#[test]
fn events_are_for_a_group_or_an_identity() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut alice = place.connect("--identity alice");
    server.event("connect");
    let identified = server.event("identified");
    assert_eq!(identified, json!({"event":"identified","peer":1,"identity":"alice"}));
    let mut other = place.connect("");
    server.event("connect");
    for line in [
        r#"{"do":"join","peer":2,"group":"x"}"#,
        r#"{"to":{"group":"x"},"type":"group","data":1}"#,
        r#"{"to":{"identity":"alice"},"type":"you","data":2}"#,
        r#"{"do":"leave","peer":2,"group":"x"}"#,
        r#"{"to":{"group":"x"},"type":"group","data":3}"#,
        r#"{"type":"all","data":4}"#,
    ] {
        server.say(line);
    }
    message(&mut alice, "you", 2);
    message(&mut alice, "all", 4);
    message(&mut other, "group", 1);
    message(&mut other, "all", 4);
}

#[test]
fn what_cannot_be_done_with_a_client_is_an_error() {
    let place = Place::new();
    let mut server = place.serve("");
    let _client = place.connect("");
    server.event("connect");
    let long = "x".repeat(300);
    for (line, code, peer) in [
        (r#"{"do":"join","peer":9,"group":"x"}"#, "ERR_IPC_UNKNOWN_PEER", json!(9)),
        (r#"{"do":"leave","peer":9,"group":"x"}"#, "ERR_IPC_UNKNOWN_PEER", json!(9)),
        (r#"{"do":"kick","peer":9}"#, "ERR_IPC_UNKNOWN_PEER", json!(9)),
        (r#"{"to":9,"type":"t"}"#, "ERR_IPC_UNKNOWN_PEER", json!(9)),
        (r#"{"to":{"identity":"bob"},"type":"t"}"#, "ERR_IPC_UNKNOWN_PEER", json!(null)),
        (r#"{"to":"subscribers","type":"price.*"}"#, "ERR_IPC_INVALID_TOPIC", json!(null)),
        (r#"{"do":"join","peer":1}"#, "ERR_BAD_COMMAND", json!(null)),
        (
            &format!(r#"{{"do":"join","peer":1,"group":"{long}"}}"#),
            "ERR_IPC_GROUP_NAME_TOO_LONG",
            json!(1),
        ),
    ] {
        server.say(line);
        assert_eq!(server.error(code)["peer"], peer, "{line}");
    }
    // An empty group is no error.
    server.say(r#"{"to":{"group":"x"},"type":"t"}"#);
    server.say(r#"{"do":"stop"}"#);
    server.event("socket.disconnected");
}

#[test]
fn a_client_hears_what_it_has_subscribed_to() {
    let place = Place::new();
    // There is no server yet.
    let mut client = place.client("--retry 10 --subscribe price.* --subscribe news");
    let mut server = loop {
        // What comes before the connection are failed attempts.
        let line = client.line();
        if line.contains("disconnect") {
            break place.serve("");
        }
    };
    let subscribed = loop {
        let line = client.line();
        if line.contains("subscribed") {
            break line;
        }
    };
    assert_eq!(subscribed, r#"{"event":"subscribed","topics":["price.*","news"]}"#);
    server.event("connect");
    for line in [
        r#"{"to":"subscribers","type":"price.EUR","data":1}"#,
        r#"{"to":"subscribers","type":"price.EUR.high","data":2}"#,
        r#"{"to":"subscribers","type":"weather","data":3}"#,
        r#"{"to":"subscribers","type":"news","data":4}"#,
    ] {
        server.say(line);
    }
    message(&mut client, "price.EUR", 1);
    message(&mut client, "news", 4);
}

#[test]
fn a_client_that_is_sent_away_does_not_come_back() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = place.connect("--retry 1");
    server.event("connect");
    server.say(r#"{"do":"kick","peer":1}"#);
    let dismissed = client.event("dismissed");
    assert_eq!((&dismissed["code"], &dismissed["reconnect"]), (&json!("kicked"), &json!(false)));
    client.event("disconnect");
    client.event("destroy");
    client.ends(0);
    server.event("socket.disconnected");
    server.event("close");
    server.say(r#"{"do":"stop"}"#);
    server.ends(0);
}

#[test]
fn a_client_refuses_what_only_a_server_can_do() {
    let place = Place::new();
    let _server = place.serve("");
    let mut client = place.connect("");
    for line in [
        r#"{"do":"join","peer":1,"group":"x"}"#,
        r#"{"do":"leave","peer":1,"group":"x"}"#,
        r#"{"do":"kick","peer":1}"#,
        r#"{"to":{"group":"x"},"type":"t"}"#,
        r#"{"to":"subscribers","type":"t"}"#,
    ] {
        client.say(line);
        client.error("ERR_BAD_COMMAND");
    }
}
