//! `nipc bench`: one JSON object with figures, or the reason why it is missing.

use std::io::Write;
use std::thread;

use serde_json::Value;

use crate::process::{Nipc, Place};
use crate::raw::{Raw, accept, listen};

/// Returns the words of a short measurement of the server here.
fn words<'a>(socket: &'a str, options: &'a str) -> Vec<&'a str> {
    let options = options.split(' ').filter(|word| !word.is_empty());
    ["bench", "--path", socket].into_iter().chain(options).collect()
}

#[track_caller]
fn figures(options: &str, place: &Place) -> Value {
    let ended = Nipc::run(&words(&place.socket(), options));
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{options}");
    assert_eq!(ended.lines.len(), 1, "{:?}", ended.lines);
    serde_json::from_str(&ended.lines[0]).unwrap()
}

#[test]
fn an_echo_server_is_measured() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let figures = figures("--count 200 --warmup 20", &place);
    assert_eq!(figures["round_trips"], 200);
    let number = |name: &str| figures[name].as_f64().unwrap();
    let names = ["p50_us", "p99_us", "p999_us"];
    assert!(names.is_sorted_by_key(|name| number(name)), "{figures}");
    // Half of the trips take the median or longer, and none is shorter than a system call.
    assert!(number("p50_us") > 1.0, "{figures}");
    assert!(number("us_per_round_trip") > 0.5 * number("p50_us"), "{figures}");
    let each = number("seconds") * 1e6 / 200.0;
    assert!((number("us_per_round_trip") / each - 1.0).abs() < 1e-9, "{figures}");
    let members: Vec<_> = figures.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["p50_us", "p999_us", "p99_us", "round_trips", "seconds", "us_per_round_trip"];
    assert_eq!(members, expected);
}

#[test]
fn payload_in_flight_event_and_dialect_are_as_asked() {
    let place = Place::new();
    let listener = listen(place.path("s"));
    let measuring = place.socket();
    let client = thread::spawn(move || {
        let options = "--payload 5 --in-flight 3 --count 4 --warmup 1 --event e --dialect v14";
        Nipc::run(&words(&measuring, options))
    });
    let mut server: Raw = accept(&listener);
    for seq in 0..3 {
        let frame = format!(r#"{{"type":"e","data":{{"seq":{seq},"body":"xxxxx"}}}}"#);
        assert_eq!(server.frame(), frame);
    }
    // Three are on their way: no more comes before an answer does.
    server.has_no_more();
    for seq in 0..5 {
        server.write(format!("{{\"type\":\"e\",\"data\":{{\"seq\":{seq}}}}}\x0c"));
        if seq < 2 {
            assert!(server.frame().contains(&format!(r#""seq":{}"#, seq + 3)));
        }
    }
    let ended = client.join().unwrap();
    assert_eq!(ended.status, 0, "{}", ended.errors);
    assert!(ended.lines[0].contains(r#""round_trips":4"#), "{:?}", ended.lines);
}

#[test]
fn large_payloads_in_flight_fit_into_the_queue() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let figures = figures("--payload 1000000 --in-flight 12 --count 24 --warmup 0", &place);
    assert_eq!(figures["round_trips"], 24);
}

#[test]
fn nobody_there_is_status_2() {
    let place = Place::new();
    let errors = Nipc::with(&words(&place.socket(), "")).ends(2);
    assert!(errors.contains("No such file"), "{errors}");
    assert_eq!(Nipc::with(&words(&place.socket(), "-q")).ends(2), "");
}

#[test]
fn a_server_that_comes_later_is_waited_for_if_asked() {
    let place = Place::new();
    let mut waiting = Nipc::with(&words(&place.socket(), "--retry 10 --count 5 -v"));
    assert!(waiting.note().contains("nipc: "), "it says that no server is there");
    let _server = place.serve("--echo");
    let ended = waiting.end();
    assert_eq!(ended.status, 0, "{}", ended.errors);
}

#[test]
fn a_server_that_does_not_echo_is_status_4() {
    let place = Place::new();
    let listener = listen(place.path("s"));
    let client = Nipc::with(&words(&place.socket(), ""));
    let mut server: Raw = accept(&listener);
    server.frame();
    // As the first example of node-ipc's documentation answers.
    server.write("{\"type\":\"message\",\"data\":\"x world!\"}\x0c");
    let errors = client.ends(4);
    assert!(errors.contains("something else than it was sent"), "{errors}");
}

#[test]
fn a_server_that_goes_away_is_status_2() {
    let place = Place::new();
    let listener = listen(place.path("s"));
    let client = Nipc::with(&words(&place.socket(), "--retry 10"));
    let mut server: Raw = accept(&listener);
    server.frame();
    server.stream.flush().unwrap();
    drop((server, listener));
    let errors = client.ends(2);
    assert!(errors.contains("the other side"), "{errors}");
}

#[test]
fn a_server_that_says_nothing_runs_into_the_timeout() {
    let place = Place::new();
    let _listener = listen(place.path("s"));
    let errors = Nipc::with(&words(&place.socket(), "--timeout 50")).ends(3);
    assert!(errors.contains("time ran out"), "{errors}");
}

#[test]
fn wrong_numbers_and_raw_mode_are_refused() {
    for options in ["--count 0", "--in-flight 0", "--payload x", "--warmup -1", "--raw"] {
        let ended = Nipc::run(&words("/x", options));
        assert_eq!((ended.status, ended.lines.as_slice()), (1, &[][..]), "{options}");
    }
}

#[test]
fn a_method_that_returns_its_arguments_is_measured() {
    let place = Place::new();
    let file = place.path("methods.json");
    std::fs::write(&file, r#"{"echo":{"echo":true},"sum":{"ok":3}}"#).unwrap();
    let mut server = place.serve(&format!("--methods {}", file.display()));
    let figures = figures("--count 200 --warmup 20 --in-flight 8 --call echo", &place);
    assert_eq!(figures["round_trips"], 200);
    server.event("connect");
    assert_eq!(server.event("call")["method"], "echo");
    let socket = place.socket();
    for method in ["sum", "none"] {
        let ended = Nipc::run(&words(&socket, &format!("--count 5 --call {method}")));
        assert_eq!((ended.status, ended.lines.len()), (4, 0), "{method}: {}", ended.errors);
    }
}
