//! The network as `nipc` meets it: probes, broadcasts, and servers that do not keep up.
#![cfg(target_os = "linux")]

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use ipc_transport::{Transport, UnixTransport};

use crate::probes::next_probe;
use crate::process::{Nipc, Place};

#[test]
fn tcp_is_probed_unless_it_is_told_not_to() {
    for (options, expected) in [
        (&[][..], Some(60.0)),
        (&["--keepalive", "5000"], Some(5000.0)),
        (&["--keepalive", "off"], None),
    ] {
        // As a server.
        let mut server = Nipc::with(&[&["serve", "--json", "--tcp", "0"], options].concat());
        let endpoint = server.event("start")["endpoint"].as_str().unwrap().to_owned();
        let address: SocketAddr = endpoint.strip_prefix("tcp:").unwrap().parse().unwrap();
        let peer = TcpStream::connect(address).unwrap();
        server.event("connect");
        check(address, peer.local_addr().unwrap(), expected);
        // As a client.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = Nipc::with(
            &[&["connect", "--json", "--tcp", &address.port().to_string()], options].concat(),
        );
        let (peer, from) = listener.accept().unwrap();
        client.event("connect");
        check(from, address, expected);
        drop(peer);
        client.kill();
    }
}

#[track_caller]
fn check(local: SocketAddr, remote: SocketAddr, expected: Option<f64>) {
    let probe = next_probe(local, remote).unwrap();
    let passed = probe.zip(expected).map(|(probe, expected)| expected - probe);
    assert_eq!(passed.is_some(), expected.is_some(), "{probe:?}");
    assert!(passed.is_none_or(|passed| (0.0..60.0).contains(&passed)), "{probe:?}");
}

#[test]
fn everybody_is_sent_to_if_it_is_asked_for() {
    let mut hearer = Nipc::with(&["serve", "--json", "--udp4", "0.0.0.0:0"]);
    let endpoint = hearer.event("start")["endpoint"].as_str().unwrap().to_owned();
    let port = endpoint.rsplit(':').next().unwrap();
    let everybody = format!("127.255.255.255:{port}");
    let emit = ["emit", "x", "m", "1", "--udp4", &everybody];
    let ended = Nipc::run(&emit);
    assert_eq!(ended.status, 2);
    assert!(
        ended.errors.contains("a broadcast address needs the broadcast option"),
        "{}",
        ended.errors
    );
    let ended = Nipc::run(&[&emit[..], &["--broadcast"]].concat());
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    assert_eq!(hearer.event("message")["data"], 1);
    // A server's line to an address.
    for (options, sent) in [(&[][..], false), (&["--broadcast"], true)] {
        let mut server = Nipc::with(&[&["serve", "--json", "--udp4", "0"], options].concat());
        server.event("start");
        server.say(&format!(
            r#"{{"to":{{"address":"127.255.255.255","port":{port}}},"type":"m","data":2}}"#
        ));
        match sent {
            true => assert_eq!(hearer.event("message")["data"], 2),
            false => {
                let message = server.error("ERR_IPC_DATAGRAM_NOT_SENT")["message"].to_string();
                assert!(message.contains("broadcast option"), "{message}");
            }
        }
    }
}

#[test]
fn a_place_at_a_busy_server_is_waited_for() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _context = runtime.enter();
    // A backlog of 0 has room for one.
    let transport = UnixTransport::new(place.socket()).with_backlog(0);
    let mut listener = runtime.block_on(transport.listen()).unwrap();
    let first = UnixStream::connect(place.socket()).unwrap();
    let emit = |timeout| {
        Nipc::with(&["emit", "w", "m", "1", "--path", &place.socket(), "--timeout", timeout])
    };
    let ended = emit("100").end();
    assert_eq!(ended.status, 3, "it waits as long as it may: {ended:?}");
    let mut emits: Vec<_> = (0..5).map(|_| emit("60000")).collect();
    drop(first);
    let mut heard = 0;
    while heard < emits.len() {
        let stream = runtime.block_on(listener.accept()).unwrap();
        let mut stream = stream.into_blocking().unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        // The first one, who is gone, said nothing; and who ran out of time may have got in.
        heard += usize::from(!bytes.is_empty());
    }
    for emit in &mut emits {
        assert_eq!(emit.end().status, 0);
    }
}
