//! Servers that let clients in by their tokens, and clients that show one.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Ended, Nipc, Place};
use crate::raw::{accept, listen};

/// Writes a file that only this user may read.
fn file(place: &Place, name: &str, text: &str) -> PathBuf {
    let path = place.path(name);
    std::fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    path
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &std::path::Path, _: u32) {}

#[test]
fn a_token_lets_in_and_a_wrong_one_ends_the_client() {
    let place = Place::new();
    let tokens = file(&place, "tokens", r#"{"alice":"s3cret"}"#);
    let mut server = place.serve(&format!("--token-file {}", tokens.display()));
    let own = file(&place, "own", "s3cret\n");
    let alice = place.connect(&format!("--identity alice --token-file {}", own.display()));
    server.event("connect");
    let identified = server.event("identified");
    assert_eq!(identified, json!({"event":"identified","peer":1,"identity":"alice"}));
    alice.say(r#"{"type":"hi","data":1}"#);
    assert_eq!(server.event("message")["data"], 1);

    let wrong = file(&place, "wrong", "a guess");
    let mut eve = place.connect(&format!("--identity alice --token-file {}", wrong.display()));
    let refused = server.event("refused");
    assert_eq!(refused["code"], "ERR_IPC_DENIED");
    assert_eq!(refused["message"], "the token is not in the table");
    let error = eve.error("ERR_IPC_HELLO_REFUSED");
    assert!(!error.to_string().contains("table"), "{error}");
    let dismissed = eve.event("dismissed");
    assert_eq!((&dismissed["code"], &dismissed["reconnect"]), (&json!("denied"), &json!(false)));
    eve.event("disconnect");
    eve.event("destroy");
    assert!(eve.ends(2).contains("the server does not let this client in"));
    // The server serves on.
    alice.say(r#"{"type":"hi","data":2}"#);
    assert_eq!(server.event("message")["data"], 2);
}

#[test]
fn a_token_comes_from_the_environment_too() {
    let place = Place::new();
    let tokens = file(&place, "tokens", r#"{"bob":["old","new"]}"#);
    let mut server = place.serve(&format!("--token-file {}", tokens.display()));
    let words = ["connect", "--json", "--path", &place.socket(), "--token-env", "OWN_TOKEN"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
    command.args(words).env("OWN_TOKEN", "new").stdin(Stdio::piped());
    let mut bob = Nipc::spawn(&mut command);
    bob.event("connect");
    server.event("connect");
    assert_eq!(server.event("identified")["identity"], "bob");
    for (value, why) in [
        ("", "the environment variable OWN_TOKEN is empty"),
        ("-", "there is no environment variable"),
    ] {
        command.env("OWN_TOKEN", value);
        if value == "-" {
            command.env_remove("OWN_TOKEN");
        }
        let errors = Nipc::spawn(&mut command).ends(1);
        assert!(errors.contains(why), "{errors}");
    }
}

/// The commands that connect for one thing, with what each prints if it is let in.
fn commands(place: &Place) -> [(Vec<String>, Option<&'static str>); 5] {
    let socket = place.socket();
    let words = |line: &str| {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words = [command, "--path", &socket].into_iter().chain(rest.split(' '));
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    [
        (words("emit w hi 1"), None),
        (words("request w hi 2"), Some("2")),
        (words("call w sum [1]"), Some("[1]")),
        (words("call w sum [2] --notice"), None),
        // A line of figures, which differ.
        (words("bench w --count 3"), Some("{")),
    ]
}

fn run(words: &[String], hello: &[&str]) -> Ended {
    let words = words.iter().map(String::as_str).chain(hello.iter().copied());
    Nipc::run(&words.collect::<Vec<_>>())
}

/// Starts a server that answers everything, and wants a token.
fn serve(place: &Place) -> Nipc {
    let tokens = file(place, "tokens", r#"{"alice":"s3cret"}"#);
    let methods = file(place, "methods", r#"{"sum":{"echo":true}}"#);
    let (tokens, methods) = (tokens.display(), methods.display());
    place.serve(&format!("--echo --methods {methods} --token-file {tokens}"))
}

#[test]
fn every_command_of_a_client_shows_its_token() {
    let place = Place::new();
    let mut server = serve(&place);
    let own = file(&place, "own", "s3cret\n");
    for (words, wanted) in commands(&place) {
        let hello = ["--identity", "alice", "--token-file", own.to_str().unwrap()];
        let ended = run(&words, &hello);
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{words:?}");
        match (&ended.lines[..], wanted) {
            ([], None) => {}
            ([line], Some(wanted)) => assert!(line.starts_with(wanted), "{words:?}: {line}"),
            (lines, _) => panic!("{words:?}: {lines:?}"),
        }
        server.event("connect");
        assert_eq!(server.event("identified")["identity"], "alice");
        // What it sent has come, and then its end.
        let what = ["message", "call"].map(Value::from);
        let sent: Value = serde_json::from_str(&server.line()).unwrap();
        assert!(what.contains(&sent["event"]), "{sent}");
        while serde_json::from_str::<Value>(&server.line()).unwrap()["event"] != "close" {}
    }
}

#[test]
fn every_command_of_a_client_ends_alike_if_its_token_is_refused() {
    let place = Place::new();
    let mut server = serve(&place);
    let wrong = file(&place, "wrong", "a guess");
    for (words, _) in commands(&place) {
        let ended = run(&words, &["--token-file", wrong.to_str().unwrap()]);
        assert_eq!((ended.status, ended.lines.len()), (2, 0), "{words:?}: {}", ended.errors);
        let why = "nipc: the server does not let this client in\n";
        assert_eq!(ended.errors, why, "{words:?}");
        assert_eq!(server.event("refused")["code"], "ERR_IPC_DENIED");
        let ended = run(&words, &["--token-file", "/does/not/exist"]);
        assert_eq!((ended.status, ended.lines.len()), (1, 0), "{words:?}: {}", ended.errors);
        assert!(ended.errors.contains("cannot be read"), "{}", ended.errors);
    }
}

#[test]
fn an_identity_in_use_ends_a_client_only_if_it_is_sent_away() {
    let place = Place::new();
    let listener = listen(place.socket());
    for (bye, status) in [(None, 0), (Some("$bye"), 2)] {
        let words = ["emit", "--path", &place.socket(), "w", "hi", "1", "--identity", "alice"];
        let mut emit = Nipc::with(&words);
        let mut server = accept(&listener);
        let hello: Value = serde_json::from_str(&server.frame()).unwrap();
        assert_eq!(hello["data"]["args"]["name"], "alice");
        assert_eq!(server.frame(), r#"{"type":"hi","data":1}"#);
        let error = json!({"code": "identity_in_use", "message": "another has it"});
        let answer = json!({"n": hello["data"]["n"], "error": error});
        server.write(format!("{}\x0c", json!({"type": "$answer", "data": answer})));
        match bye {
            Some(bye) => {
                let why = json!({"code": "identity_in_use", "message": "", "reconnect": true});
                let call = json!({"call": bye, "args": why});
                server.write(format!("{}\x0c", json!({"type": "$call", "data": call})));
            }
            // It goes on with who has been refused its name.
            None => server.ended(),
        }
        drop(server);
        let ended = emit.end();
        assert_eq!(ended.status, status, "{bye:?}: {}", ended.errors);
    }
}

#[test]
fn files_that_cannot_be_used_are_refused_and_show_nothing() {
    let place = Place::new();
    let socket = place.socket();
    let run = |command: &str, path: &std::path::Path| {
        let path = path.to_str().unwrap();
        let ended = Nipc::run(&[command, "--path", &socket, "--token-file", path]);
        assert_eq!(ended.status, 1, "{}", ended.errors);
        assert!(!ended.errors.contains("s3cret"), "{}", ended.errors);
        ended.errors
    };
    for command in ["serve", "connect"] {
        assert!(run(command, &place.path("none")).contains("cannot be read"));
        let two_lines = file(&place, "two", "\"s3cret\"\n\"s3cret\"");
        assert!(run(command, &two_lines).contains("is not "));
        if cfg!(unix) {
            let open = file(&place, "open", "{\"s3cret\":\"s3cret\"}");
            set_mode(&open, 0o644);
            assert!(run(command, &open).contains("is open to every user of this machine"));
        }
    }
    // The help says why there is no option for the token itself.
    let help = Nipc::run(&["connect", "--help"]).lines.join(" ");
    assert!(help.contains("every user of the machine can read the command lines"), "{help}");
}
