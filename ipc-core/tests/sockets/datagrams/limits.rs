//! What strangers may cost, and that one of them harms no other.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ipc_core::{Error, OnMalformed, Server, ServerEvent};
use ipc_transport::{SendRefused, TcpTransport, UdpLimits};

use super::rig::{Rig, Somebody, udp};
use crate::support::{Lines, Log, soon};

both_runtimes!(one_bad_peer_harms_no_other);
async fn one_bad_peer_harms_no_other() {
    for policy in [OnMalformed::Report, OnMalformed::Close] {
        let rig = Rig::with(udp(), |builder| builder.on_malformed(policy)).await;
        let (bad, good) = (Somebody::new(), Somebody::new());
        good.send("say begun and", rig.address);
        bad.send("nonsense\n", rig.address);
        good.send(" ended\n", rig.address);
        assert_eq!(good.hear().await.0, "echo begun and ended\n");
        rig.log.until("2 error ERR_LINE").await;
        // There are no connections to refuse: its next datagram is received.
        bad.send("say sorry\n", rig.address);
        assert_eq!(bad.hear().await.0, "echo sorry\n");
    }
}

both_runtimes!(max_connections_does_not_count_datagrams);
async fn max_connections_does_not_count_datagrams() {
    let rig = Rig::with(udp(), |builder| builder.max_connections(2)).await;
    for n in 1..=10 {
        Somebody::new().send(format!("hello {n}\n"), rig.address);
        rig.log.until(&format!("{n} hello {n}")).await;
    }
    assert_eq!(rig.server.peers().len(), 10);
}

both_runtimes!(unfinished_frames_of_all_peers_have_one_budget);
async fn unfinished_frames_of_all_peers_have_one_budget() {
    let rig = Rig::with(udp(), |builder| builder.receive_budget(1_000)).await;
    let errors = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&errors);
    rig.server.on_lifecycle(move |event| {
        if let ServerEvent::Error { error, .. } = event {
            noted.lock().unwrap().push(error.to_string());
        }
    });
    let (one, two, three) = (Somebody::new(), Somebody::new(), Somebody::new());
    one.send(format!("a {}", "x".repeat(698)), rig.address);
    rig.log.until("1 connect").await;
    two.send(format!("b {}", "x".repeat(298)), rig.address);
    rig.log.until("2 connect").await;
    // What is whole when it comes costs nothing.
    three.send(format!("say {}\n", "x".repeat(5_000)), rig.address);
    assert_eq!(three.hear().await.0.len(), 5_006);
    three.send("y", rig.address);
    rig.log.until("3 disconnect receive_budget").await;
    let text = "unfinished frames of all peers would take 1001 bytes, the limit is 1000";
    assert_eq!(*errors.lock().unwrap(), [text]);
    one.send("\n", rig.address);
    rig.log.until(&format!("1 a {}", "x".repeat(698))).await;
    two.send("z".repeat(500), rig.address);
    two.send("\n", rig.address);
    rig.log.until(&format!("2 b {}{}", "x".repeat(298), "z".repeat(500))).await;
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_frame_has_its_time() {
    let rig = Rig::new().await;
    let somebody = Somebody::new();
    somebody.send("begun", rig.address);
    rig.log.until("1 disconnect frame_timeout").await;
    somebody.send("say hello\n", rig.address);
    rig.log.until("2 say hello").await;
}

both_runtimes!(a_frame_whose_rest_never_comes_is_an_error_when_its_sender_is_forgotten);
async fn a_frame_whose_rest_never_comes_is_an_error_when_its_sender_is_forgotten() {
    let limits = UdpLimits::default().with_idle(Duration::from_millis(20));
    let rig = Rig::with(udp().with_limits(limits), |builder| builder).await;
    Somebody::new().send("begun", rig.address);
    rig.log.until("1 disconnect truncated at 5").await;
    assert!(rig.log.lines().contains(&"1 error truncated".to_owned()), "{:?}", rig.log.lines());
}

both_runtimes!(a_datagram_that_cannot_be_sent_is_told_and_the_rest_goes_on);
async fn a_datagram_that_cannot_be_sent_is_told_and_the_rest_goes_on() {
    let limits = UdpLimits::default().with_amplification(NonZeroU32::new(2));
    let rig = Rig::with(udp().with_limits(limits), |builder| builder).await;
    let refused = Log::new();
    let noted = refused.clone();
    rig.server.on_lifecycle(move |event| {
        let ServerEvent::Error { peer: Some(peer), error } = event else { return };
        let Error::Datagram { bytes, source } = &**error else { return };
        let why = source.get_ref().unwrap().downcast_ref::<SendRefused>().unwrap();
        assert!(!error.ends_connection());
        noted.note(format!("{} {bytes} {why}", peer.id()));
    });
    let somebody = Somebody::new();
    somebody.send("hello\n".repeat(2) + "hello 1\n", rig.address);
    rig.log.until("1 hello 1").await;
    let peer = rig.server.peers().remove(0);
    peer.emit("a", "1").unwrap();
    peer.emit("b", "x".repeat(100).as_str()).unwrap();
    peer.emit("c", "2").unwrap();
    assert_eq!(
        (somebody.hear().await.0, somebody.hear().await.0),
        ("a 1\n".into(), "c 2\n".into())
    );
    let to = somebody.address();
    let why = format!("{to} would have got 107 bytes, the limit for what came from it is 40");
    refused.until(&format!("1 103 {why}")).await;
    let tally = peer.tally();
    assert_eq!((tally.accepted, tally.written, tally.dropped), (3, 2, 1));
}

both_runtimes!(a_port_in_use_and_a_host_of_the_other_family_are_named);
async fn a_port_in_use_and_a_host_of_the_other_family_are_named() {
    let rig = Rig::new().await;
    let taken = ipc_transport::UdpTransport::udp4("127.0.0.1", rig.address.port());
    let error = soon(Server::builder(Lines, taken).build().listen()).await.unwrap_err();
    assert_eq!(error.code(), "address_in_use");
    let other = ipc_transport::UdpTransport::udp6("127.0.0.1", 0);
    let error = soon(Server::builder(Lines, other).build().listen()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1") && error.to_string().contains("IPv6"));
    // TCP has ports of its own. Another test's connection may have this one at the moment, but not all.
    for _ in 0..20 {
        let rig = Rig::new().await;
        let tcp = TcpTransport::new("127.0.0.1", rig.address.port());
        match soon(Server::builder(Lines, tcp).build().listen()).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.code(), "address_in_use"),
        }
    }
    panic!("TCP has no port that UDP has taken");
}
