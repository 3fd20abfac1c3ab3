//! `--udp4` and `--udp6`: there are no connections, and lines name addresses.

use std::net::UdpSocket;

use crate::process::{DEADLINE, Nipc};

/// Serves on a free port and returns the tool with that port.
#[track_caller]
fn serve(words: &[&str]) -> (Nipc, u16) {
    let mut server = Nipc::with(&[&["serve", "--json"], words].concat());
    let start = server.event("start");
    let endpoint = start["endpoint"].as_str().expect("an endpoint");
    let port = endpoint.rsplit(':').next().and_then(|port| port.parse().ok());
    (server, port.expect("a port"))
}

#[test]
fn two_servers_talk_by_address() {
    for (option, address) in [("--udp4", "127.0.0.1"), ("--udp6", "::1")] {
        let (mut one, port) = serve(&[option, "0", "--echo"]);
        let (mut two, own) = serve(&[option, "0"]);
        two.say(&format!(
            r#"{{"to":{{"address":"{address}","port":{port}}},"type":"t","data":[1]}}"#
        ));
        let line = |port: u16| {
            format!(
                r#"{{"event":"message","peer":1,"address":"{address}","port":{port},"type":"t","data":[1]}}"#
            )
        };
        one.expect(&line(own));
        two.expect(&line(port));
        // By number, now that it is known, and to every known peer.
        one.say(r#"{"to":1,"type":"n"}"#);
        assert_eq!(two.event("message")["type"], "n");
        one.say(r#"{"type":"all"}"#);
        assert_eq!(two.event("message")["type"], "all");
        two.say(r#"{"do":"stop"}"#);
        let ended = two.end();
        assert_eq!((ended.status, ended.lines), (0, Vec::<String>::new()));
        one.say(r#"{"to":9,"type":"n"}"#);
        one.error("ERR_IPC_UNKNOWN_PEER");
    }
}

#[test]
fn connect_sends_to_an_address_and_prints_its_answers() {
    let (mut server, port) = serve(&["--udp4", "0", "--echo"]);
    let port = port.to_string();
    let mut client = Nipc::with(&["connect", "--json", "--udp4", &port, "--count", "2"]);
    client.say(r#"{"type":"a","data":1}"#);
    client.expect(r#"{"event":"message","type":"a","data":1}"#);
    client.say(r#"{"type":"b"}"#);
    let ended = client.end();
    assert_eq!((ended.status, ended.lines.len()), (0, 1), "{ended:?}");
    assert_eq!(server.event("message")["data"], 1);
}

#[test]
fn emit_sends_one_datagram_whether_or_not_somebody_is_there() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let port = socket.local_addr().expect("an address").port().to_string();
    let ended = Nipc::with(&["emit", "x", "t", "1", "--udp4", &port]).end();
    assert_eq!(ended.status, 0, "{ended:?}");
    let mut room = [0; 64];
    let length = socket.recv(&mut room).expect("a datagram");
    assert_eq!(room.get(..length), Some(&b"{\"type\":\"t\",\"data\":1}\x0c"[..]));
    drop(socket);
    let ended = Nipc::with(&["emit", "x", "t", "1", "--udp4", &port]).end();
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{ended:?}");
    let large = format!("\"{}\"", "x".repeat(65_507));
    let ended = Nipc::with(&["emit", "x", "t", &large, "--udp4", &port]).end();
    assert_eq!(ended.status, 1);
    assert!(ended.errors.contains("65507"), "{}", ended.errors);
}

#[test]
fn raw_mode_is_one_line_a_datagram() {
    let (mut server, port) = serve(&["--udp4", "0", "--raw", "--echo"]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let own = socket.local_addr().expect("an address").port();
    for bytes in [&[0, 255][..], &[12]] {
        socket.send_to(bytes, ("127.0.0.1", port)).expect("sent");
    }
    let start = format!(r#"{{"event":"data","peer":1,"address":"127.0.0.1","port":{own},"#);
    server.expect(&format!(r#"{start}"hex":"00ff"}}"#));
    server.expect(&format!(r#"{start}"hex":"0c"}}"#));
    assert_eq!(socket.recv(&mut [0; 8]).expect("an answer"), 2);
}

#[test]
fn what_cannot_be_bound_is_told() {
    let (_server, port) = serve(&["--udp4", "0"]);
    let mut second = Nipc::with(&["serve", "--json", "--udp4", &port.to_string()]);
    second.error("ERR_IPC_ADDRESS_IN_USE");
    assert_eq!(second.end().status, 2);
    let mut other = Nipc::with(&["serve", "--json", "--udp6", "127.0.0.1:0"]);
    other.error("ERR_IPC_WRONG_FAMILY");
    assert_eq!(other.end().status, 2);
}
