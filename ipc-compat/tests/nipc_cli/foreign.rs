//! Peers that end within a frame or speak something else: an `error` line says so, then the end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use serde_json::Value;

use crate::process::{Nipc, Place};
use crate::raw::{Raw, accept, listen};

#[track_caller]
fn check_message(error: &Value, parts: &[&str]) {
    let message = error["message"].as_str().unwrap();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn a_server_tells_of_an_end_within_a_frame_before_the_end() {
    let place = Place::new();
    for dialect in ["classic", "v14"] {
        let mut server = place.serve(&format!("--dialect {dialect}"));
        let mut client = Raw::connect(place.socket());
        server.event("connect");
        client.write("{\"type\":\"m\"}\n");
        drop(client);
        let error = server.error("ERR_IPC_TRUNCATED");
        assert_eq!(error["peer"], 1);
        check_message(&error, &["after 13 bytes", "ends with a line feed", "delimiter \\n?"]);
        server.event("socket.disconnected");
        server.event("close");
        // Half a frame is said to be what it is, and no more.
        let mut client = Raw::connect(place.socket());
        server.event("connect");
        client.write("{\"type\":\"secret\",\"da");
        client.stream.shutdown(Shutdown::Write).unwrap();
        let error = server.error("ERR_IPC_TRUNCATED");
        let expected = "the connection ended within a frame, after 20 bytes of it";
        assert_eq!(error["message"], expected);
        server.event("socket.disconnected");
        server.event("close");
    }
}

#[test]
fn a_client_tells_of_an_end_within_a_frame_before_the_end() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--max-retries 0");
    let mut server = accept(&listener);
    client.event("connect");
    server.write("{\"type\":\"m\"}\0{\"type\":\"n\"}\0");
    drop(server);
    let error = client.error("ERR_IPC_TRUNCATED");
    check_message(&error, &["after 26 bytes", "ends with a NUL"]);
    client.event("disconnect");
    client.event("destroy");
}

/// Lets a peer write `bytes` to the plain port of a server and go; returns the error line.
fn said_of(bytes: &[u8]) -> Value {
    let mut server = Nipc::with(&["serve", "w", "--tcp", "0"]);
    let start = server.event("start");
    let endpoint = start["endpoint"].as_str().unwrap();
    let address = endpoint.strip_prefix("tcp:").unwrap();
    let mut peer = TcpStream::connect(address).unwrap();
    server.event("connect");
    peer.write_all(bytes).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let error = server.event("error");
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    error
}

#[test]
fn a_server_says_what_speaks_at_its_plain_port() {
    let table: &[(&[u8], &str, &str)] = &[
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "ERR_IPC_TRUNCATED", "an HTTP request"),
        (b"GET /\x0c HTTP/1.1\r\n\r\n", "ERR_IPC_INVALID_JSON", "an HTTP request"),
        (b"\x16\x03\x01\x00\xc8\x01\0\0\xc4\x03\x03", "ERR_IPC_TRUNCATED", "a TLS handshake"),
        (b"\x16\x03\x01\x0c\xc8", "ERR_IPC_INVALID_JSON", "a TLS handshake"),
        (b"\0\0\0\x13{\"type\":\"message\"}", "ERR_IPC_TRUNCATED", "a big-endian length"),
        (b"\x13\0\0\0{\"type\":\"message\"}", "ERR_IPC_TRUNCATED", "a little-endian length"),
        (b"\0\0\0\x0b\x92\xa4echo\xa4\x0ctes", "ERR_IPC_INVALID_JSON", "a big-endian length"),
        (b"\xEF\xBB\xBF{\"type\":\"m\"}\x0c", "ERR_IPC_INVALID_JSON", "byte order mark (EF BB BF)"),
        (b"\xFF\xFE{\0\"\0t\0\"\0}\0\x0c\0", "ERR_IPC_INVALID_JSON", "UTF-16"),
    ];
    for (bytes, code, looks_like) in table {
        let error = said_of(bytes);
        assert_eq!(error["code"], *code, "{error}");
        check_message(&error, &["it looks like ", looks_like]);
    }
}

#[test]
fn a_client_says_what_answers_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let table: &[(&[u8], &str)] = &[
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the answer of an HTTP server"),
        (b"\x15\x03\x01\0\x02\x02\x46", "a TLS alert"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
    ];
    for (bytes, looks_like) in table {
        let asking = Nipc::with(&["request", "w", "m", "1", "--tcp", &format!("127.0.0.1:{port}")]);
        let (mut peer, _) = listener.accept().unwrap();
        let mut question = [0; 8];
        peer.read_exact(&mut question).unwrap();
        peer.write_all(bytes).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let errors = asking.ends(2);
        assert!(errors.contains(looks_like), "{errors}");
    }
}
