//! Servers that let clients in by their tokens, and clients that show one.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::process::{Nipc, Place};

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
