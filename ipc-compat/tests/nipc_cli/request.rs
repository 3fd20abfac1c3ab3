//! `nipc request`: the answer's data on stdout, or why it is missing.

use crate::process::{Nipc, Place};
use crate::raw::{accept, listen};

fn request(place: &Place, words: &[&str]) -> Nipc {
    Nipc::with(&[&["request", "--path", &place.socket(), "world"], words].concat())
}

#[test]
fn the_answer_is_printed_as_it_was_on_the_wire() {
    let place = Place::new();
    let _server = place.serve("--echo");
    for data in [r#"{"n":42}"#, "1e400", r#""\u00e9""#, "null"] {
        let ended = request(&place, &["question", data]).end();
        assert_eq!((ended.status, ended.lines), (0, vec![data.to_owned()]), "{}", ended.errors);
    }
}

#[test]
fn other_events_are_not_the_answer() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut asking = request(&place, &["question"]);
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"question","data":{}}"#);
    server.write("{\"type\":\"news\",\"data\":1}\x0c{\"type\":\"question\"}\x0c");
    let ended = asking.end();
    // An answer without data prints nothing.
    assert_eq!((ended.status, ended.lines.len()), (0, 0), "{}", ended.errors);
}

#[test]
fn an_end_before_the_answer_is_a_failure() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut asking = request(&place, &["question", "--retry", "1"]);
    let mut server = accept(&listener);
    server.frame();
    drop(server);
    let ended = asking.end();
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("no answer came: closed by the other side"), "{}", ended.errors);
}

#[test]
fn no_server_and_no_answer_in_time_have_a_status_each() {
    let place = Place::new();
    let ended = request(&place, &["question"]).end();
    assert_eq!((ended.status, ended.lines.len()), (2, 0));
    assert!(!ended.errors.is_empty());
    let _server = place.serve("");
    assert_eq!(request(&place, &["question", "--timeout", "50"]).end().status, 3);
    assert_eq!(request(&place, &["text", "--raw"]).end().status, 1);
}

#[test]
fn an_answer_may_have_another_name() {
    let place = Place::new();
    let listener = listen(place.socket());
    let words = ["registerWorker", r#"{"n":1}"#, "--answer", "registerWorkerDone"];
    let mut asking = request(&place, &words);
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"registerWorker","data":{"n":1}}"#);
    server.write("{\"type\":\"registerWorker\",\"data\":\"echo\"}\x0c");
    server.write("{\"type\":\"registerWorkerDone\",\"data\":\"done\"}\x0c");
    let ended = asking.end();
    assert_eq!((ended.status, ended.lines), (0, vec![r#""done""#.to_owned()]), "{}", ended.errors);
}

#[test]
fn an_answer_may_be_known_by_a_member() {
    let place = Place::new();
    let listener = listen(place.socket());
    let words = ["request", r#"{"id":7,"method":"sum"}"#, "--answer", "response", "--match", "id"];
    let mut asking = request(&place, &words);
    let mut server = accept(&listener);
    server.frame();
    server.write("{\"type\":\"request\",\"data\":{\"id\":7}}\x0c");
    // A greeting, the answers to others, and at last its own.
    for data in ["\"hello\"", "{}", r#"{"id":6}"#, r#"{"id":"7"}"#, r#"{"result":3,"id":7.0}"#] {
        server.write(format!("{{\"type\":\"response\",\"data\":{data}}}\x0c"));
    }
    let ended = asking.end();
    let answer = r#"{"result":3,"id":7.0}"#.to_owned();
    assert_eq!((ended.status, ended.lines), (0, vec![answer]), "{}", ended.errors);
}

#[test]
fn a_question_without_the_member_is_not_asked() {
    let place = Place::new();
    for words in [&["t", "{}"][..], &["t"], &["t", "1"], &["t", r#"{"id2":1}"#]] {
        let ended = request(&place, &[words, &["--match", "id"]].concat()).end();
        assert_eq!(ended.status, 1);
        let expected = "nipc: --match id: the question's data have no member \"id\"\n";
        assert_eq!(ended.errors, expected);
    }
}

#[test]
fn what_came_before_the_question_was_written_is_no_answer() {
    let place = Place::new();
    let listener = listen(place.socket());
    // More than the socket holds, so that it is not written before the server reads.
    let data = format!("\"{}\"", "x".repeat(2_000_000));
    std::fs::write(place.path("data"), &data).unwrap();
    let file = format!("@{}", place.path("data").display());
    let mut asking = request(&place, &["question", &file, "-v"]);
    let mut server = accept(&listener);
    assert_eq!(asking.note(), "nipc: connected");
    server.write("{\"type\":\"question\",\"data\":\"early\"}\x0cgarbage\x0c");
    // What follows it was handled, so it was, too.
    assert!(asking.note().contains("JSON"));
    assert_eq!(server.frame().len(), data.len() + "{\"type\":\"question\",\"data\":}".len());
    server.write("{\"type\":\"question\",\"data\":\"answer\"}\x0c");
    let ended = asking.end();
    assert_eq!((ended.status, ended.lines), (0, vec![r#""answer""#.to_owned()]));
}

#[test]
fn an_answer_that_never_matches_is_waited_for_until_the_deadline() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let ended = request(&place, &["t", r#"{"id":1}"#, "--answer", "u", "--timeout", "50"]).end();
    assert_eq!((ended.status, ended.lines.len()), (3, 0));
}
