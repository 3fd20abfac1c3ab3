//! Two `nipc` that talk to each other.

use crate::process::Place;

#[test]
fn ten_thousand_messages_keep_their_order_both_ways() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = place.connect("");
    server.event("connect");
    for number in 0..10_000 {
        client.say(&format!("{{\"type\":\"t\",\"data\":{number}}}"));
    }
    for number in 0..10_000 {
        let end = format!("\"type\":\"t\",\"data\":{number}}}");
        server.expect(&format!("{{\"event\":\"message\",\"peer\":1,{end}"));
        client.expect(&format!("{{\"event\":\"message\",{end}"));
    }
    for number in 0..10_000 {
        server.say(&format!("{{\"type\":\"push\",\"data\":{number}}}"));
    }
    for number in 0..10_000 {
        client.expect(&format!("{{\"event\":\"message\",\"type\":\"push\",\"data\":{number}}}"));
    }
}

#[test]
fn five_megabytes_go_there_and_back() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = place.connect("");
    server.event("connect");
    let end = format!("\"type\":\"t\",\"data\":\"{}\"}}", "\u{e9}x".repeat(5_000_000 / 3));
    client.say(&format!("{{{end}"));
    assert!(server.line() == format!("{{\"event\":\"message\",\"peer\":1,{end}"));
    assert!(client.line() == format!("{{\"event\":\"message\",{end}"));
}

#[test]
fn a_client_comes_back_to_a_server_that_was_killed() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = place.connect("--retry 20");
    server.event("connect");
    server.kill();
    // A process that dies may close its listener last: until then the client can come back to it.
    loop {
        match client.line().as_str() {
            r#"{"event":"disconnect"}"# | r#"{"event":"connect"}"# => {}
            line => break assert!(line.contains("error"), "{line}"),
        }
    }
    client.say(r#"{"type":"meanwhile","data":1}"#);
    client.expect(r#"{"event":"disconnect"}"#);
    let mut server = place.serve("--echo");
    loop {
        match client.line().as_str() {
            r#"{"event":"connect"}"# => break,
            line => assert!(line.contains("error") || line.contains("disconnect"), "{line}"),
        }
    }
    server.expect(r#"{"event":"connect","peer":1}"#);
    server.expect(r#"{"event":"message","peer":1,"type":"meanwhile","data":1}"#);
    client.expect(r#"{"event":"message","type":"meanwhile","data":1}"#);
    // Once each: nothing is registered twice.
    client.say(r#"{"type":"after","data":2}"#);
    client.expect(r#"{"event":"message","type":"after","data":2}"#);
    server.say(r#"{"type":"push"}"#);
    client.expect(r#"{"event":"message","type":"push","data":{}}"#);
}

#[test]
fn a_client_killed_in_the_middle_harms_nobody() {
    let place = Place::new();
    let mut server = place.serve("");
    let clients: Vec<_> = (1..=4)
        .map(|peer| {
            let client = place.connect("");
            server.expect(&format!(r#"{{"event":"connect","peer":{peer}}}"#));
            client
        })
        .collect();
    let mut clients = clients.into_iter();
    let victim = clients.next().expect("a client");
    victim.kill();
    server.expect(r#"{"event":"socket.disconnected","peer":1,"id":false}"#);
    server.expect(r#"{"event":"close","peer":1}"#);
    server.say(r#"{"type":"all","data":1}"#);
    for mut client in clients {
        client.expect(r#"{"event":"message","type":"all","data":1}"#);
    }
}

#[test]
fn a_stopped_server_lets_its_clients_go() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = place.connect("--max-retries 0");
    server.event("connect");
    server.say(r#"{"type":"last","data":"words"}"#);
    server.say(r#"{"do":"stop"}"#);
    client.expect(r#"{"event":"message","type":"last","data":"words"}"#);
    client.expect(r#"{"event":"disconnect"}"#);
    client.expect(r#"{"event":"destroy"}"#);
    client.ends(0);
    server.event("socket.disconnected");
    server.event("close");
    server.ends(0);
}
