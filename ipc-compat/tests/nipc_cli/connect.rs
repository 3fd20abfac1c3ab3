//! `nipc connect` with a bare socket as its server, or none at all.

use crate::process::{Nipc, Place};
use crate::raw::{accept, listen};

#[test]
fn the_server_is_told_of_from_its_coming_to_its_going() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--max-retries 0");
    let mut server = accept(&listener);
    server.write("{\"type\":\"a\",\"data\":{ \"n\" : 1 }}\x0c{\"type\":\"b\"}\x0c");
    drop(server);
    client.expect(r#"{"event":"connect"}"#);
    client.expect(r#"{"event":"message","type":"a","data":{ "n" : 1 }}"#);
    client.expect(r#"{"event":"message","type":"b"}"#);
    client.expect(r#"{"event":"disconnect"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(0);
}

#[test]
fn nobody_there_and_no_retries() {
    let place = Place::new();
    let mut client = place.client("--max-retries 0");
    let error = client.error("ERR_IPC_NOBODY_LISTENING");
    assert!(error["message"].as_str().is_some_and(|text| text.contains(&place.socket())));
    client.expect(r#"{"event":"disconnect"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    assert_eq!(client.ends(2), "nipc: could not connect\n");
}

#[test]
fn each_retry_tells_of_its_failure() {
    let place = Place::new();
    let mut client = place.client("--retry 20 --max-retries 2");
    for _ in 0..3 {
        client.event("error");
        client.expect(r#"{"event":"disconnect"}"#);
    }
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(2);
}

#[test]
fn a_reason_that_will_not_pass_ends_the_retries() {
    let place = Place::new();
    let path = place.path(&"n".repeat(200));
    let mut client = Nipc::with(&["connect", "--path", path.to_str().unwrap()]);
    client.error("ERR_IPC_NAME_TOO_LONG");
    client.expect(r#"{"event":"disconnect"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(2);
}

#[test]
fn what_is_sent_before_the_server_is_there_arrives() {
    let place = Place::new();
    let mut client = place.client("--retry 20");
    client.say(r#"{"type":"early","data":1}"#);
    client.event("error");
    client.event("disconnect");
    let listener = listen(place.socket());
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"early","data":1}"#);
}

#[test]
fn stdin_sends_to_the_server() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("");
    let mut server = accept(&listener);
    client.expect(r#"{"event":"connect"}"#);
    client.say(r#" { "data" : [ "\ud800", 18446744073709551617 ] , "type" : "a\tb" } "#);
    assert_eq!(server.frame(), r#"{"type":"a\tb","data":[ "\ud800", 18446744073709551617 ]}"#);
    client.say(r#"{"type":"t"}"#);
    assert_eq!(server.frame(), r#"{"type":"t","data":{}}"#);
    client.say(r#"{"to":1,"type":"t"}"#);
    client.error("ERR_BAD_COMMAND");
    client.say("nonsense");
    client.error("ERR_BAD_COMMAND");
    client.say(r#"{"do":"close"}"#);
    server.ended();
    drop(server);
    client.expect(r#"{"event":"disconnect"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(0);
}

#[test]
fn close_waits_for_a_server_that_reads_slowly() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("");
    let mut server = accept(&listener);
    let text = "x".repeat(10_000);
    for number in 0..1000 {
        client.say(&format!("{{\"type\":\"{number}\",\"data\":\"{text}\"}}"));
    }
    client.say(r#"{"do":"close"}"#);
    for number in 0..1000 {
        assert_eq!(server.frame(), format!("{{\"type\":\"{number}\",\"data\":\"{text}\"}}"));
    }
    server.ended();
    drop(server);
    for event in ["connect", "disconnect", "destroy"] {
        client.event(event);
    }
    client.ends(0);
}

#[test]
fn close_without_a_connection_says_what_is_lost() {
    let place = Place::new();
    let mut client = place.client("--retry 3600000");
    client.say(r#"{"type":"t"}"#);
    client.event("error");
    client.event("disconnect");
    client.say(r#"{"do":"close"}"#);
    client.error("ERR_IPC_UNDELIVERED");
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(2);
}

#[test]
fn stop_retrying_makes_the_connection_the_last() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--retry 20");
    let mut server = accept(&listener);
    client.say(r#"{"do":"stop-retrying"}"#);
    // The connection is not affected.
    client.say(r#"{"type":"t"}"#);
    server.frame();
    drop(server);
    for event in ["connect", "disconnect", "destroy"] {
        client.event(event);
    }
    client.ends(0);
}

#[test]
fn stop_retrying_ends_the_wait_for_a_server() {
    let place = Place::new();
    let mut client = place.client("--retry 3600000");
    client.event("error");
    client.event("disconnect");
    client.say(r#"{"do":"stop-retrying"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(2);
}

#[test]
fn sync_sends_one_message_for_each_that_comes_back() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--sync");
    let mut server = accept(&listener);
    client.event("connect");
    for number in 0..3 {
        client.say(&format!("{{\"type\":\"t\",\"data\":{number}}}"));
    }
    client.say("that is all");
    // All three are queued by now, and only one may have been sent.
    client.error("ERR_BAD_COMMAND");
    for number in 0..3 {
        assert_eq!(server.frame(), format!("{{\"type\":\"t\",\"data\":{number}}}"));
        server.has_no_more();
        server.write("{\"type\":\"ok\"}\x0c");
    }
}

#[test]
fn a_frame_that_is_too_long_is_a_breach() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--max-frame 100 --max-retries 0");
    let mut server = accept(&listener);
    server.write(format!("{{\"type\":\"t\",\"data\":1}}\x0c{}", "x".repeat(101)));
    client.event("connect");
    client.event("message");
    client.error("ERR_IPC_FRAME_TOO_LARGE");
    client.event("disconnect");
    client.event("destroy");
    assert_eq!(client.ends(4), "nipc: the server broke the protocol\n");
}

#[test]
fn garbage_is_a_breach_in_v14_only() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--dialect v14 --max-retries 0");
    accept(&listener).write("garbage\x0c");
    client.event("connect");
    client.error("ERR_IPC_INVALID_JSON");
    client.event("disconnect");
    client.event("destroy");
    client.ends(4);

    let mut client = place.client("--max-retries 0");
    let mut server = accept(&listener);
    server.write("garbage\x0c{\"type\":\"t\"}\x0c");
    drop(server);
    client.event("connect");
    client.error("ERR_IPC_INVALID_JSON");
    client.expect(r#"{"event":"message","type":"t"}"#);
    client.event("disconnect");
    client.event("destroy");
    client.ends(0);
}

#[test]
fn the_server_cannot_forge_the_end() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("");
    let mut server = accept(&listener);
    server.write("{\"type\":\"destroy\"}\x0c{\"type\":\"disconnect\",\"data\":1}\x0c");
    client.event("connect");
    client.expect(r#"{"event":"message","type":"destroy"}"#);
    client.expect(r#"{"event":"message","type":"disconnect","data":1}"#);
    client.say(r#"{"type":"alive"}"#);
    server.frame();
}
