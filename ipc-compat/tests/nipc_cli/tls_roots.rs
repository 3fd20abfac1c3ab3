//! Whom a client without `--ca` trusts: the system's CAs, or those of `SSL_CERT_FILE`.

use std::process::Command;

use crate::process::{Ended, Nipc};
use crate::tls::Files;

/// Starts a client that finds these certificates in place of the system's.
fn start(files: &Files, (variable, name): (&str, &str), words: &str) -> Nipc {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
    command.args(files.words(words)).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    Nipc::spawn(command.env(variable, files.path(name)))
}

fn run(files: &Files, variable: (&str, &str), words: &str) -> Ended {
    start(files, variable, words).end()
}

#[test]
fn the_systems_cas_are_trusted_without_being_told() {
    let files = Files::new();
    let (mut server, port) = files.serve("server", "");
    let mut client = start(&files, ("SSL_CERT_FILE", "ca.pem"), &format!("connect --tls {port}"));
    client.event("connect");
    client.say(r#"{"type":"t","data":1}"#);
    client.expect(r#"{"event":"message","type":"t","data":1}"#);
    drop(client);
    server.event("connect");
    let words = format!("emit world t 1 --tls 127.0.0.1:{port} --retry 1");
    let known = run(&files, ("SSL_CERT_FILE", "ca.pem"), &words);
    assert_eq!(known.status, 0, "{}", known.errors);
    let strange = run(&files, ("SSL_CERT_FILE", "other.pem"), &words);
    assert_eq!(strange.status, 2);
    assert!(strange.errors.contains("not a trusted one"), "{}", strange.errors);
    // With a CA only that counts, as in Node.
    let told = run(
        &files,
        ("SSL_CERT_FILE", "ca.pem"),
        &format!("{words} --ca {}", files.path("other.pem").display()),
    );
    assert_eq!(told.status, 2, "{}", told.errors);
}

#[test]
fn a_system_without_cas_is_told_what_to_do() {
    let files = Files::new();
    let cut = std::fs::read_to_string(files.path("ca.pem")).unwrap();
    std::fs::write(files.path("cut.pem"), &cut[..cut.len() - 10]).unwrap();
    std::fs::create_dir(files.path("empty")).unwrap();
    for (variable, name, parts) in [
        ("SSL_CERT_FILE", "none.pem", ["none.pem", "No such file"]),
        ("SSL_CERT_FILE", "cut.pem", ["cut.pem", "line 1"]),
        ("SSL_CERT_DIR", "empty", ["ca-certificates", "SSL_CERT_FILE"]),
        ("SSL_CERT_DIR", "missing", ["ca-certificates", "SSL_CERT_FILE"]),
    ] {
        let ended = run(&files, (variable, name), "connect --tls 1");
        assert_eq!(ended.status, 1, "{name}: {}", ended.errors);
        for part in parts {
            assert!(ended.errors.contains(part), "{name}: {}", ended.errors);
        }
    }
}
