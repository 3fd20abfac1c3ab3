//! Frames and datagrams: one frame out is one datagram; how frames come in makes no difference.

use std::sync::Arc;

use ipc_core::{Client, EmitError, FlushPolicy};
use ipc_transport::{FaultTransport, Faults, TapLog, TapTransport};

use super::rig::{Rig, Somebody, udp};
use crate::rig::eventually;
use crate::support::{Lines, Log, soon};

// Tests W45 and W46
both_runtimes!(frames_may_be_cut_and_joined_in_any_way);
async fn frames_may_be_cut_and_joined_in_any_way() {
    let rig = Rig::new().await;
    let (one, two) = (Somebody::new(), Somebody::new());
    one.send("a 1\na 2\na", rig.address);
    two.send("b", rig.address);
    one.send(" 3", rig.address);
    two.send(" 1\n", rig.address);
    one.send("", rig.address);
    one.send("\n", rig.address);
    rig.log.until("1 a 3").await;
    rig.log.until("2 b 1").await;
    let of = |who: char| rig.log.lines().into_iter().filter(move |line| line.starts_with(who));
    assert!(of('1').eq(["1 connect", "1 a 1", "1 a 2", "1 a 3"]));
    assert!(of('2').eq(["2 connect", "2 b 1"]));
}

// Tests W46
both_runtimes!(a_message_of_100_kib_comes_in_datagrams_of_32);
async fn a_message_of_100_kib_comes_in_datagrams_of_32() {
    let rig = Rig::new().await;
    let (one, two) = (Somebody::new(), Somebody::new());
    let text = "0123456789abcdef".repeat(6400);
    let frame = format!("long {text}\n");
    for part in frame.as_bytes().chunks(32 * 1024) {
        one.send(part, rig.address);
        two.send("short 1\n", rig.address);
    }
    rig.log.until(&format!("1 long {text}")).await;
    rig.log.until_len(7).await;
}

// Tests W47
both_runtimes!(each_message_is_a_datagram_to_whom_it_answers);
async fn each_message_is_a_datagram_to_whom_it_answers() {
    for policy in [FlushPolicy::WhenIdle, FlushPolicy::Immediate] {
        let rig = Rig::with(udp(), |builder| builder.flush_policy(policy)).await;
        let (one, two) = (Somebody::new(), Somebody::new());
        one.send((0..50).map(|n| format!("say {n}\n")).collect::<String>(), rig.address);
        two.send("say hello\n", rig.address);
        for n in 0..50 {
            assert_eq!(one.hear().await, (format!("echo {n}\n"), rig.address));
        }
        assert_eq!(two.hear().await, ("echo hello\n".to_owned(), rig.address));
        assert!(one.heard_nothing() && two.heard_nothing());
    }
}

both_runtimes!(a_message_longer_than_a_datagram_is_refused_at_once);
async fn a_message_longer_than_a_datagram_is_refused_at_once() {
    let rig = Rig::new().await;
    let somebody = Somebody::new();
    let peer = rig.server.peer_at(somebody.address()).unwrap();
    let room = 65_507 - "event \n".len();
    let text = "x".repeat(room + 1);
    let refused = EmitError::TooLargeForDatagram { limit: 65_507, actual: 65_508 };
    assert_eq!(peer.emit("event", text.as_str()), Err(refused.clone()));
    assert_eq!(soon(peer.send("event", text.as_str())).await, Err(refused.clone()));
    peer.emit("event", &text[1..]).unwrap();
    assert_eq!(somebody.hear().await.0.len(), 65_507);

    // A client knows before it is connected.
    let client = Client::builder(Lines, udp()).build();
    assert_eq!(client.emit("event", text.as_str()), Err(refused.clone()));
    somebody.send("say x\n", rig.address);
    rig.log.until("1 say x").await;
    let report = rig.server.broadcast("event", text.as_str()).unwrap();
    assert_eq!(report.failed, [(peer.id(), refused)]);
}

both_runtimes!(a_client_talks_to_a_server);
async fn a_client_talks_to_a_server() {
    let rig = Rig::new().await;
    let transport = rig.server.endpoint().unwrap().transport().unwrap();
    let client = Client::builder(Lines, transport).build();
    let log = Log::of_client(&client);
    client.start().unwrap();
    for n in 0..20 {
        client.emit("say", n.to_string().as_str()).unwrap();
    }
    log.until("echo 19").await;
    assert_eq!(log.lines().len(), 21);
    assert!(soon(client.close()).await.undelivered.is_empty());
    // The server is not notified.
    assert_eq!(rig.server.peers().len(), 1);
}

both_runtimes!(taps_and_faults_change_nothing);
async fn taps_and_faults_change_nothing() {
    let tap = Arc::new(TapLog::new());
    let faults = Faults::new(3).with_short_reads(2).with_one_byte_writes(1).with_refusals(3);
    let transport = FaultTransport::new(TapTransport::new(udp(), TapLog::clone(&tap)), faults);
    let rig = Rig::with(transport, |builder| builder).await;
    let (one, two) = (Somebody::new(), Somebody::new());
    one.send("say hello\nsay again\n", rig.address);
    assert_eq!(one.hear().await.0, "echo hello\n");
    assert_eq!(one.hear().await.0, "echo again\n");
    rig.server.peer_at(two.address()).unwrap().emit("greet", "you").unwrap();
    assert_eq!(two.hear().await, ("greet you\n".to_owned(), rig.address));
    two.send("say thanks\n", rig.address);
    assert_eq!(two.hear().await.0, "echo thanks\n");
    // A write is recorded when it is done: its datagram may be here before that.
    eventually(|| tap.records().len() >= 6).await;
}
