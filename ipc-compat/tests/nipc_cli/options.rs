//! What each option does to the wire, the place, or the lines.

use std::process::Command;

use crate::process::{Nipc, Place};
use crate::raw::{Raw, accept, listen};

fn nipc(words: &[&str], variables: &[(&str, &str)]) -> Nipc {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
    Nipc::spawn(command.args(words).envs(variables.iter().copied()))
}

#[test]
fn root_appspace_and_id_make_the_path() {
    let place = Place::new();
    for (root, end) in [(place.root().to_owned(), "1"), (format!("{}/", place.root()), "2")] {
        let at = ["--socket-root", &root, "--appspace", "my-"];
        let mut server = nipc(&[&["serve", end], &at[..]].concat(), &[]);
        let path = place.path(&format!("my-{end}"));
        server.expect(&format!(r#"{{"event":"start","endpoint":"unix:{}"}}"#, path.display()));
        let mut client = nipc(&[&["connect", end], &at[..]].concat(), &[]);
        client.event("connect");
    }
}

#[test]
fn v14_serves_in_a_directory_of_the_users_own() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let variables = [("XDG_RUNTIME_DIR", place.root())];
    let mut server = nipc(&["serve", "w", "--dialect", "v14"], &variables);
    let directory = place.path("node-ipc");
    let path = directory.join("app.w");
    server.expect(&format!(r#"{{"event":"start","endpoint":"unix:{}"}}"#, path.display()));
    let mode = directory.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let mut client = nipc(&["connect", "w", "--dialect", "v14"], &variables);
    client.event("connect");
}

#[test]
fn tcp_serves_at_a_free_port_and_says_which() {
    for (option, host) in [("0", "127.0.0.1"), ("localhost:0", "127.0.0.1"), ("[::1]:0", "[::1]")] {
        if host == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() {
            println!("skipped: there is no IPv6");
            continue;
        }
        let mut server = Nipc::with(&["serve", "--tcp", option, "--echo"]);
        let start = server.event("start");
        let endpoint = start["endpoint"].as_str().unwrap();
        let (before, port) = endpoint.rsplit_once(':').unwrap();
        assert!(before == format!("tcp:{host}") || option.starts_with("localhost"), "{endpoint}");
        let at = before.strip_prefix("tcp:").unwrap();
        let mut client = Nipc::with(&["connect", "--tcp", &format!("{at}:{port}")]);
        client.event("connect");
        client.say(r#"{"type":"t","data":1}"#);
        client.expect(r#"{"event":"message","type":"t","data":1}"#);
        server.event("connect");
        client.say(r#"{"do":"close"}"#);
        client.event("disconnect");
        client.event("destroy");
        client.ends(0);
        let ended = Nipc::run(&["emit", "w", "t", "2", "--tcp", &format!("{at}:{port}")]);
        assert_eq!(ended.status, 0, "{}", ended.errors);
    }
}

#[test]
fn a_port_that_is_taken_is_not_served_at() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut server = Nipc::with(&["serve", "--tcp", &port]);
    server.error("ERR_IPC_ADDRESS_IN_USE");
    server.ends(2);
    drop(taken);
    let mut client = Nipc::with(&["connect", "--tcp", &port, "--max-retries", "0"]);
    client.error("ERR_IPC_NOBODY_LISTENING");
    client.event("disconnect");
    client.event("destroy");
    client.ends(2);
}

#[test]
fn a_delimiter_ends_frames_both_ways() {
    for (option, delimiter) in [
        (r"\n", "\n"),
        (r"\r", "\r"),
        (r"\r\n", "\r\n"),
        (r"\x1e", "\u{1e}"),
        (r"\u{1f600}", "\u{1f600}"),
        ("--END--", "--END--"),
        (r"|\\|", r"|\|"),
    ] {
        let place = Place::new();
        let socket = place.socket();
        let mut server = nipc(&["serve", "--path", &socket, "--echo", "--delimiter", option], &[]);
        server.event("start");
        let mut client = Raw::connect(place.socket());
        let frames = format!("{{\"type\":\"t\",\"data\":\"x\"}}{delimiter}").repeat(3);
        client.write(&frames);
        let mut echoed = vec![0; frames.len()];
        std::io::Read::read_exact(&mut client.stream, &mut echoed).unwrap();
        assert_eq!(String::from_utf8_lossy(&echoed), frames, "{option}");
    }
}

#[test]
fn data_that_holds_the_delimiter_arrives_all_the_same() {
    let place = Place::new();
    let options = ["--delimiter", "--END--"];
    let at = ["--path", &place.socket()];
    let mut server = nipc(&[&["serve", "--echo"], &at[..], &options].concat(), &[]);
    server.event("start");
    let mut client = nipc(&[&["connect"], &at[..], &options].concat(), &[]);
    client.event("connect");
    client.say(r#"{"type":"t","data":"to the --END-- of it"}"#);
    let message = client.event("message");
    assert_eq!(message["data"], "to the --END-- of it");
}

#[test]
fn a_frame_beyond_the_greatest_length_ends_its_connection_only() {
    let place = Place::new();
    let mut server = place.serve("--max-frame 50 --echo");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    let frame = format!("{{\"type\":\"t\",\"data\":\"{}\"}}", "x".repeat(50 - 22));
    assert_eq!(frame.len(), 50);
    client.write(format!("{frame}\x0c"));
    server.event("message");
    assert_eq!(client.frame(), frame);
    client.write(format!("{frame} \x0c"));
    client.ended();
    assert_eq!(server.error("ERR_IPC_FRAME_TOO_LARGE")["peer"], 1);
    server.event("socket.disconnected");
    server.event("close");
    // And what is too large is not sent either.
    server.say(&format!("{{\"type\":\"t\",\"data\":\"{}\"}}", "x".repeat(50)));
    server.error("ERR_IPC_FRAME_TOO_LARGE");
    let mut next = Raw::connect(place.socket());
    next.write(format!("{frame}\x0c"));
    assert_eq!(next.frame(), frame);
}

#[test]
fn a_frame_of_the_default_greatest_length_is_echoed() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    let frame = format!("{{\"type\":\"t\",\"data\":\"{}\"}}", "x".repeat((16 << 20) - 22));
    client.write(&frame);
    client.write("\x0c");
    assert!(client.frame() == frame);
}

#[test]
fn quiet_prints_messages_and_errors_only() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("-q --max-retries 0");
    let mut server = accept(&listener);
    server.write("garbage\x0c{\"type\":\"t\"}\x0c");
    drop(server);
    client.error("ERR_IPC_INVALID_JSON");
    client.expect(r#"{"event":"message","type":"t"}"#);
    client.ends(0);
}

#[test]
fn verbose_tells_on_stderr() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("-v --max-retries 0");
    drop(accept(&listener));
    assert_eq!(client.note(), format!("nipc: connected to unix:{}", place.socket()));
    assert_eq!(client.note(), "nipc: disconnected: closed by the other side");
    assert_eq!(client.end().status, 0);
}

#[test]
fn pretty_is_for_people() {
    let place = Place::new();
    let at = ["--path", &place.socket(), "--pretty"];
    let mut server = nipc(&[&["serve"], &at[..]].concat(), &[("NO_COLOR", "1")]);
    server.expect(&format!("listening at unix:{}", place.socket()));
    let mut client = Raw::connect(place.socket());
    server.expect("#1 connected");
    client.write("{\"type\":\"a b\",\"data\":{\"x\":\"\u{9b}2J\"}}\x0cgarbage\x0c");
    server.expect("#1 a b {\"x\":\"\\u009b2J\"}");
    assert!(server.line().starts_with("#1 error ERR_IPC_INVALID_JSON "));
    drop(client);
    server.expect("#1 disconnected");
    let mut client = nipc(&[&["connect"], &at[..]].concat(), &[("NO_COLOR", "")]);
    client.expect("\u{1b}[32mconnected\u{1b}[0m");
}
