//! The end of stdin: nothing by default, the end of the command with `--exit-with-stdin`.

use crate::process::{Nipc, Place};
use crate::raw::{Raw, accept, listen};

#[test]
fn a_server_ends_with_its_stdin_if_it_is_told_to() {
    let place = Place::new();
    let mut server = place.serve("--exit-with-stdin");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    // More than the socket holds.
    let text = "x".repeat(1 << 20);
    server.say(&format!("{{\"type\":\"t\",\"data\":\"{text}\"}}"));
    server.say(r#"{"type":"last"}"#);
    server.hang_up();
    assert_eq!(client.frame().len(), text.len() + "{\"type\":\"t\",\"data\":\"\"}".len());
    assert_eq!(client.frame(), r#"{"type":"last","data":{}}"#);
    client.ended();
    drop(client);
    server.event("socket.disconnected");
    server.event("close");
    server.ends(0);
    assert!(!std::fs::exists(place.socket()).unwrap());
}

#[test]
fn a_client_ends_with_its_stdin_if_it_is_told_to() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--exit-with-stdin");
    // The last line has no end.
    client.say("{\"type\":\"t\",\"data\":1}\n{\"type\":\"t\",\"data\":2}");
    client.hang_up();
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"t","data":1}"#);
    assert_eq!(server.frame(), r#"{"type":"t","data":2}"#);
    server.ended();
    drop(server);
    for event in ["connect", "disconnect", "destroy"] {
        client.event(event);
    }
    client.ends(0);
}

#[test]
fn what_could_not_be_written_by_then_is_told() {
    let place = Place::new();
    let mut client = place.client("--exit-with-stdin --retry 3600000");
    client.say(r#"{"type":"t","data":1}"#);
    client.event("error");
    client.event("disconnect");
    client.hang_up();
    let error = client.error("ERR_IPC_UNDELIVERED");
    assert_eq!(error["message"], "1 message was not written");
    client.event("destroy");
    assert_eq!(client.end().status, 2);
}

#[test]
fn without_that_the_end_of_stdin_changes_nothing() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    server.hang_up();
    let words = ["request", "--path", &place.socket(), "w", "t", "1"];
    assert_eq!(Nipc::run(&words).lines, ["1"]);
}
