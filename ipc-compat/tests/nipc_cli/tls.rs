//! TLS as its users meet it: who is let in, who is refused, and which message each gets.

use std::path::Path;

use crate::certificates::{Authority, Identity, params};
use crate::process::{Nipc, Place};

/// A directory with the files of a test.
pub(crate) struct Files(Place);

impl Files {
    /// Makes a CA with a server and a client, and somebody else's CA with a client.
    pub(crate) fn new() -> Self {
        let files = Self(Place::new());
        let (ca, other) = (Authority::new("ca"), Authority::new("somebody else's"));
        for (name, authority) in [("ca.pem", &ca), ("other.pem", &other)] {
            let ipc_transport::Pem::Text(text) = authority.pem() else { panic!("no text") };
            std::fs::write(files.0.path(name), text.expose()).unwrap();
        }
        files.put("server", &ca.issue(&["127.0.0.1"]));
        files.put("client", &ca.issue(&["client.example"]));
        files.put("stranger", &other.issue(&["client.example"]));
        let mut old = params(&["127.0.0.1"]);
        old.not_after = rcgen::date_time_ymd(2001, 1, 1);
        old.not_before = rcgen::date_time_ymd(2000, 1, 1);
        files.put("expired", &ca.sign(old));
        files
    }

    fn put(&self, name: &str, identity: &Identity) {
        std::fs::write(self.0.path(&format!("{name}.pem")), &identity.chain).unwrap();
        std::fs::write(self.0.path(&format!("{name}.key")), &identity.key).unwrap();
    }

    /// Returns the path of a file here.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path(name)
    }

    /// Returns words with `@name` made a path here.
    pub(crate) fn words(&self, words: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.0.path(name).display().to_string(),
            None => word.to_owned(),
        };
        words.split(' ').map(word).collect()
    }

    fn start(&self, words: &str) -> Nipc {
        let words = self.words(words);
        Nipc::with(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Starts a server with this certificate and returns it with its port.
    #[track_caller]
    pub(crate) fn serve(&self, name: &str, options: &str) -> (Nipc, String) {
        let line = format!("serve --tls 0 --cert @{name}.pem --key @{name}.key --echo {options}");
        let mut server = self.start(line.trim());
        let start = server.event("start");
        let endpoint = start["endpoint"].as_str().unwrap();
        let port = endpoint.strip_prefix("tls:127.0.0.1:").unwrap_or_else(|| panic!("{endpoint}"));
        let port = port.to_owned();
        (server, port)
    }

    /// Checks that a client is served.
    #[track_caller]
    fn talk(&self, (server, port): (&mut Nipc, &str), options: &str) {
        let mut client = self.start(&format!("connect --tls {port} {options}"));
        client.event("connect");
        client.say(r#"{"type":"t","data":1}"#);
        client.expect(r#"{"event":"message","type":"t","data":1}"#);
        client.say(r#"{"do":"close"}"#);
        client.event("disconnect");
        client.event("destroy");
        client.ends(0);
        for event in ["connect", "message", "socket.disconnected", "close"] {
            server.event(event);
        }
    }

    /// Checks that a client is not served, for this reason, although it would try for ever.
    #[track_caller]
    fn refused(&self, port: &str, options: &str, code: &str) {
        let mut client = self.start(&format!("connect --tls {port} {options}"));
        client.error(code);
        client.event("disconnect");
        client.event("destroy");
        client.ends(2);
    }
}

#[test]
fn a_client_that_trusts_the_server_is_served() {
    let files = Files::new();
    let (mut server, port) = files.serve("server", "");
    files.talk((&mut server, &port), "--ca @ca.pem");
    files.talk((&mut server, &port), "--ca @other.pem --ca @ca.pem");
    files.talk((&mut server, &port), "--insecure");
    let mut emit =
        files.start(&format!("emit world t 1 --tls 127.0.0.1:{port} --ca @ca.pem --flush 60000"));
    assert_eq!(emit.end().status, 0);
    for event in ["connect", "message", "socket.disconnected", "close"] {
        server.event(event);
    }
}

#[test]
fn a_server_is_measured_over_tls() {
    let files = Files::new();
    let (_server, port) = files.serve("server", "");
    let line = format!("bench --tls {port} --ca @ca.pem --count 50 --warmup 1");
    let ended = files.start(&line).end();
    assert_eq!(ended.status, 0, "{}", ended.errors);
    assert!(ended.lines.concat().contains("\"round_trips\":50"), "{:?}", ended.lines);
}

#[test]
fn a_server_that_is_not_trusted_gets_nothing() {
    let files = Files::new();
    let (mut server, port) = files.serve("server", "");
    files.refused(&port, "--ca @other.pem", "ERR_IPC_TLS_UNKNOWN_ISSUER");
    server.error("ERR_IPC_TLS_REFUSED_BY_PEER");
    files.refused(&port, "--ca @ca.pem --server-name other", "ERR_IPC_TLS_WRONG_NAME");
    server.error("ERR_IPC_TLS_REFUSED_BY_PEER");
    let mut emit = files.start(&format!("emit world t 1 --tls {port} --ca @other.pem --retry 1"));
    let ended = emit.end();
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("not a trusted one"), "{}", ended.errors);
    let (_server, port) = files.serve("expired", "");
    files.refused(&port, "--ca @ca.pem", "ERR_IPC_TLS_CERTIFICATE_EXPIRED");
}

#[test]
fn a_server_that_trusts_some_lets_nobody_else_in() {
    let files = Files::new();
    for options in ["--ca @ca.pem", "--ca @ca.pem --request-cert"] {
        let (mut server, port) = files.serve("server", options);
        files.refused(&port, "--ca @ca.pem", "ERR_IPC_TLS_REFUSED_BY_PEER");
        server.error("ERR_IPC_TLS_NO_CLIENT_CERTIFICATE");
        let strange = "--ca @ca.pem --cert @stranger.pem --key @stranger.key";
        files.refused(&port, strange, "ERR_IPC_TLS_REFUSED_BY_PEER");
        server.error("ERR_IPC_TLS_UNKNOWN_ISSUER");
        let known = "--ca @ca.pem --cert @client.pem --key @client.key";
        files.talk((&mut server, &port), known);
    }
    let (mut server, port) = files.serve("server", "--request-cert --insecure");
    files.talk((&mut server, &port), "--ca @ca.pem");
}

/// As `openssl x509 -req` makes them without extensions.
#[test]
fn a_certificate_of_version_1_is_for_whoever_checks_nothing() {
    let files = Files::new();
    let ca = Authority::new("the ca");
    let identity = ca.issue(&["127.0.0.1"]);
    let chain = crate::der::version_1(&identity.chain, ca.key());
    files.put("old", &Identity { chain, key: identity.key });
    let (mut server, port) = files.serve("old", "");
    files.talk((&mut server, &port), "--insecure");
    let mut client = files.start(&format!("connect --tls {port} --ca @old.pem"));
    let error = client.error("ERR_IPC_TLS_OLD_CERTIFICATE_VERSION");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("version 1") && message.contains("make it again"), "{message}");
    // And of a client, by a server that takes any.
    let (mut server, port) = files.serve("server", "--request-cert --insecure");
    files.talk((&mut server, &port), "--cert @old.pem --key @old.key --ca @ca.pem");
}

#[test]
fn whoever_does_not_speak_tls_is_told_or_cut() {
    let files = Files::new();
    let (mut server, port) = files.serve("server", "");
    let mut plain = Nipc::with(&["connect", "--tcp", &port, "--max-retries", "0"]);
    plain.say(r#"{"type":"secret"}"#);
    let error = server.error("ERR_IPC_TLS_NOT_TLS");
    assert!(
        error["message"].as_str().unwrap().ends_with("does not speak TLS: it looks like JSON"),
        "{error}"
    );
    plain.event("connect");
    drop(plain);
    files.talk((&mut server, &port), "--ca @ca.pem");
}

#[test]
fn options_and_files_that_cannot_be_are_wrong_usage() {
    let files = Files::new();
    std::fs::write(files.0.path("broken.pem"), "no PEM").unwrap();
    let me = "--cert @server.pem --key @server.key";
    for (line, why) in [
        ("serve --tls 0".to_owned(), "--tls needs --cert and --key to serve"),
        ("connect --tls 1 --ca @ca.pem --cert @client.pem".to_owned(), "--key"),
        ("serve --tls 0 --key @server.key".to_owned(), "--cert"),
        ("serve --ca @ca.pem".to_owned(), "--tls"),
        ("connect --insecure --tcp 1".to_owned(), "--tls"),
        ("connect --tcp 1 --tls 1 --insecure".to_owned(), "cannot be used with"),
        (format!("serve --tls 0 {me} --server-name x"), "--server-name"),
        ("connect --tls 1 --insecure --request-cert".to_owned(), "--request-cert"),
        (format!("serve --tls 0 {me} --request-cert"), "no CA for them is given"),
        ("serve --tls 0 --cert @server.pem --key @none".to_owned(), "cannot read"),
        ("serve --tls 0 --cert @broken.pem --key @server.key".to_owned(), "broken.pem"),
        ("serve --tls 0 --cert @server.pem --key @client.key".to_owned(), "is not that of"),
        ("connect --tls 1 --ca @broken.pem".to_owned(), "broken.pem"),
        ("emit world t --tls 1 --ca @none".to_owned(), "cannot read"),
    ] {
        let ended = files.start(&line).end();
        assert_eq!(ended.status, 1, "{line}: {}", ended.errors);
        assert!(ended.errors.contains(why), "{line}: {}", ended.errors);
    }
    assert!(Path::new(&files.words("@ca.pem")[0]).exists());
}
