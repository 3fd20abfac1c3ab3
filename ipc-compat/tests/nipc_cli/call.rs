//! `nipc call` and `nipc serve --methods`: results, items, errors, and the exit status of each.

use serde_json::{Value, json};

use crate::process::{Ended, Nipc, Place};
use crate::raw::{accept, listen};

/// A server with one method of each kind.
fn serve(place: &Place, options: &str) -> Nipc {
    let methods = json!({
        "sum": {"ok": 3},
        "echo": {"echo": true},
        "fail": {"error": {"code": "not_found", "message": "no such key", "data": {"key": "a"}}},
        "rows": {"stream": [{"id": 1}, {"id": 2}, "three"]},
        "never": {"silent": true},
    });
    let file = place.path("methods.json");
    std::fs::write(&file, methods.to_string()).unwrap();
    place.serve(&format!("--methods {} {options}", file.display()))
}

fn call(place: &Place, words: &[&str]) -> Ended {
    Nipc::with(&[&["call", "--path", &place.socket(), "world"], words].concat()).end()
}

#[test]
fn results_are_printed_as_they_were_on_the_wire() {
    let place = Place::new();
    let mut server = serve(&place, "");
    let ended = call(&place, &["sum", "[1,2]"]);
    assert_eq!((ended.status, ended.lines), (0, vec!["3".to_owned()]), "{}", ended.errors);
    server.event("connect");
    let line = server.event("call");
    assert_eq!(line, json!({"event":"call","peer":1,"n":1,"method":"sum","args":[1,2]}));
    for args in [r#"{"n":42}"#, "1e400", r#""\u00e9""#, "null", "[1, 2]"] {
        let ended = call(&place, &["echo", args]);
        assert_eq!((ended.status, ended.lines), (0, vec![args.to_owned()]), "{}", ended.errors);
    }
}

#[test]
fn an_error_of_the_method_is_a_line_of_json_and_status_5() {
    let place = Place::new();
    let _server = serve(&place, "");
    let ended = call(&place, &["fail"]);
    assert_eq!((ended.status, ended.lines.len()), (5, 0));
    let printed: Value = serde_json::from_str(ended.errors.trim()).unwrap();
    let expected = json!({"code":"not_found","message":"no such key","data":{"key":"a"}});
    assert_eq!(printed, expected);
    let ended = call(&place, &["none"]);
    assert_eq!(ended.status, 5);
    let printed: Value = serde_json::from_str(ended.errors.trim()).unwrap();
    assert_eq!(printed["code"], "unknown_method");
}

#[test]
fn items_are_printed_a_line_each() {
    let place = Place::new();
    let _server = serve(&place, "");
    let ended = call(&place, &["rows", "--stream"]);
    let expected = [r#"{"id":1}"#, r#"{"id":2}"#, r#""three""#];
    assert_eq!((ended.status, ended.lines), (0, expected.map(String::from).to_vec()));
    // A method of one answer has one item; one of items is not called for one answer.
    let ended = call(&place, &["sum", "--stream"]);
    assert_eq!((ended.status, ended.lines), (0, vec!["3".to_owned()]), "{}", ended.errors);
    let ended = call(&place, &["rows"]);
    assert_eq!(ended.status, 5);
    assert!(ended.errors.contains("needs_stream"), "{}", ended.errors);
}

#[test]
fn no_result_in_time_has_status_3_and_no_server_2() {
    let place = Place::new();
    let ended = call(&place, &["sum"]);
    assert_eq!((ended.status, ended.lines.len()), (2, 0), "{}", ended.errors);
    assert!(!ended.errors.is_empty());
    let _server = serve(&place, "");
    let ended = call(&place, &["never", "--within", "50"]);
    // The server stops the method at the same moment: either may be the first to say so.
    assert_eq!((ended.status, ended.lines.len()), (3, 0), "{}", ended.errors);
    assert_eq!(call(&place, &["never", "--timeout", "50"]).status, 3);
}

#[test]
fn a_deadline_error_says_which_side_stopped_the_call() {
    // It may end before it has connected: that is said alike.
    let silent = Place::new();
    let _listener = listen(silent.socket());
    let words = ["call", "--path", &silent.socket(), "world", "sum", "--within", "50"];
    let ended = Nipc::run(&words);
    assert_eq!((ended.status, ended.lines.len()), (3, 0), "{}", ended.errors);
    assert!(ended.errors.contains("no answer within 50ms"), "{}", ended.errors);

    let place = Place::new();
    let listener = listen(place.socket());
    let mut calling = Nipc::with(&["call", "--path", &place.socket(), "world", "sum"]);
    let mut server = accept(&listener);
    let frame: Value = serde_json::from_str(&server.frame()).unwrap();
    let error = json!({"code": "deadline", "message": "its time is over"});
    let answer = json!({"type": "$answer", "data": {"n": frame["data"]["n"], "error": error}});
    server.write(format!("{answer}\x0c"));
    let ended = calling.end();
    assert_eq!((ended.status, ended.lines.len()), (3, 0), "{}", ended.errors);
    assert!(
        ended.errors.contains("the peer stopped the call: its time is over"),
        "{}",
        ended.errors
    );
}

#[test]
fn a_server_that_ends_before_the_answer_is_a_failure() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut calling = Nipc::with(&["call", "--path", &place.socket(), "world", "sum", "[1]"]);
    let mut server = accept(&listener);
    let frame: Value = serde_json::from_str(&server.frame()).unwrap();
    assert_eq!(frame["type"], "$call");
    assert_eq!((&frame["data"]["call"], &frame["data"]["args"]), (&json!("sum"), &json!([1])));
    drop(server);
    let ended = calling.end();
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("no answer came: closed by the other side"), "{}", ended.errors);
}

#[test]
fn a_notice_is_not_answered() {
    let place = Place::new();
    let mut server = serve(&place, "");
    let ended = call(&place, &["sum", "1", "--notice"]);
    assert_eq!((ended.status, ended.lines.len()), (0, 0), "{}", ended.errors);
    server.event("connect");
    assert_eq!(server.event("call"), json!({"event":"call","peer":1,"method":"sum","args":1}));
}

#[test]
fn other_libraries_have_other_forms_of_calls() {
    for layout in ["json", "requests", "done", "by-id", "dmno", "state"] {
        let place = Place::new();
        let _server = serve(&place, &format!("--layout {layout}"));
        // What `state` has no place for are arguments.
        let args: &[&str] = if layout == "state" { &[] } else { &[r#"[1,2]"#] };
        let words = [&["sum"], args, &["--layout", layout]].concat();
        let ended = call(&place, &words);
        let lines = vec!["3".to_owned()];
        assert_eq!((ended.status, ended.lines), (0, lines), "{layout}: {}", ended.errors);
    }
}

#[test]
fn a_file_that_is_no_list_of_methods_is_wrong_usage() {
    let place = Place::new();
    for (text, why) in [
        ("", "EOF"),
        (r#"{"a":{"what":1}}"#, "unknown variant"),
        (r#"{"a":{"echo":false}}"#, "it can only be true"),
        (r#"{"a":{"ok":1,"echo":true}}"#, "method \"a\""),
    ] {
        let file = place.path("methods.json");
        std::fs::write(&file, text).unwrap();
        let path = file.display().to_string();
        let ended = Nipc::run(&["serve", "--path", &place.socket(), "--methods", &path]);
        assert_eq!(ended.status, 1, "{text}");
        assert!(ended.errors.contains(why), "{text}: {}", ended.errors);
    }
    let ended = Nipc::run(&["serve", "--path", &place.socket(), "--methods", "/none"]);
    assert_eq!(ended.status, 1);
}
