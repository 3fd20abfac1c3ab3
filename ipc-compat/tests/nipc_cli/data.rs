//! Data is what it was on the wire, byte for byte, in every role.

use crate::process::Place;
use crate::raw::{Raw, accept, listen};

/// Values that a parser would change, on one line.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "\"\"",
        "0",
        "-0",
        "1e400",
        "-1E-400",
        "1.0",
        "1E+2",
        "18446744073709551617",
        "9007199254740993",
        "3.141592653589793238462643383279502884",
        r#""\ud800""#,
        r#"{"\udc00":"\ud83d"}"#,
        r#""\u0041\/\u00e9\ud83d\ude00""#,
        "\"\u{e9}\u{1f600}\u{2028}\u{7f}\u{9b}\u{feff}\u{ffff}\"",
        r#"{"a":1,"a":2,"__proto__":null}"#,
        r#"{"2":1,"1":2}"#,
        "[ 1 ,\t{ \"a\" : [ ] } ]",
        r#"{"event":"message","data":{"type":"t"}}"#,
    ]
    .map(String::from)
    .into();
    values.push(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    values.push(format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)));
    values.push(format!("\"{}\"", "\\f\u{e9}".repeat(100_000)));
    values
}

#[test]
fn a_server_prints_and_echoes_what_came() {
    for dialect in ["classic", "v14"] {
        let place = Place::new();
        let mut server = place.serve(&format!("--echo --dialect {dialect}"));
        let mut client = Raw::connect(place.socket());
        server.event("connect");
        for value in values() {
            let frame = format!("{{\"type\":\"t\",\"data\":{value}}}");
            client.write(format!("{frame}\x0c"));
            let line =
                format!("{{\"event\":\"message\",\"peer\":1,\"type\":\"t\",\"data\":{value}}}");
            assert!(server.line() == line, "{value:.100}");
            assert!(client.frame() == frame, "{value:.100}");
        }
    }
}

#[test]
fn a_client_prints_and_sends_what_came() {
    for dialect in ["classic", "v14"] {
        let place = Place::new();
        let listener = listen(place.socket());
        let mut client = place.client(&format!("--dialect {dialect}"));
        let mut server = accept(&listener);
        client.event("connect");
        for value in values() {
            let frame = format!("{{\"type\":\"t\",\"data\":{value}}}");
            server.write(format!("{frame}\x0c"));
            let line = format!("{{\"event\":\"message\",\"type\":\"t\",\"data\":{value}}}");
            assert!(client.line() == line, "{value:.100}");
            client.say(&frame);
            assert!(server.frame() == frame, "{value:.100}");
        }
    }
}

#[test]
fn data_on_many_lines_is_printed_on_one_and_echoed_on_many() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    let data = "{\n  \"a b\": \" \\n \\\" \",\r\n\t\"c\": [1e400, {}]\n}";
    let frame = format!("{{\"type\":\"t\",\"data\":{data}}}");
    client.write(format!(" \n{frame}\n\x0c"));
    server.expect(
        r#"{"event":"message","peer":1,"type":"t","data":{"a b":" \n \" ","c":[1e400,{}]}}"#,
    );
    assert_eq!(client.frame(), frame);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    client.write(b"{\"type\":\"\xff\",\"data\":\"a\xe2\x98\"}\x0c");
    server
        .expect("{\"event\":\"message\",\"peer\":1,\"type\":\"\u{fffd}\",\"data\":\"a\u{fffd}\"}");
}

#[test]
fn names_are_printed_as_json() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    client.write("{\"\\u0074ype\":\"a\\n\\u0022\\ud83d\\ude00\",\"data\":1}\x0c");
    server.expect("{\"event\":\"message\",\"peer\":1,\"type\":\"a\\n\\\"\u{1f600}\",\"data\":1}");
    assert_eq!(client.frame(), "{\"type\":\"a\\n\\\"\u{1f600}\",\"data\":1}");
}
