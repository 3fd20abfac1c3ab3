//! `nipc request`: the answer's data on stdout, or why there is none.

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
    // An answer without data is none to print.
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
