//! Raw datagrams: no frames, a datagram is a message, of any size that a datagram has.

use ipc_codec::Framing;
use ipc_core::{Client, EmitError, Server};
use tokio::sync::mpsc;

use super::rig::{Somebody, address, udp};
use crate::bare::Bare;
use crate::support::{Log, soon};

// Tests W45
both_runtimes!(raw_messages_are_datagrams_both_ways);
async fn raw_messages_are_datagrams_both_ways() {
    let server = Server::builder(Bare(Framing::Raw), udp()).build();
    let log = Log::new();
    let noted = log.clone();
    server.on_any(move |message, peer| {
        noted.note(message.payload().unwrap().len());
        peer.emit("", message.payload().unwrap()).unwrap();
    });
    let address = address(&server.listen().await.unwrap());
    let somebody = Somebody::new();
    for length in [1, 60_000, 0, 2, 65_507, 3] {
        somebody.send(vec![b'.'; length], address);
    }
    log.until_len(5).await;
    assert_eq!(log.lines(), ["1", "60000", "2", "65507", "3"]);
    for length in [1, 60_000, 2, 65_507, 3] {
        assert_eq!(somebody.hear().await.0.len(), length);
    }
}

/// Returns this many bytes, none of which looks like the one before.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + (at >> 8)) as u8).collect()
}

// Tests W45
both_runtimes!(a_raw_message_is_whole_up_to_the_limit_both_ways);
async fn a_raw_message_is_whole_up_to_the_limit_both_ways() {
    let server = Server::builder(Bare(Framing::Raw), udp()).build();
    let (told, mut heard) = mpsc::unbounded_channel();
    server.on_any(move |message, peer| {
        told.send((message.payload().unwrap().to_vec(), peer.clone())).unwrap();
    });
    let transport = server.listen().await.unwrap().transport().unwrap();
    let client = Client::builder(Bare(Framing::Raw), transport).build();
    let (told, mut answers) = mpsc::unbounded_channel();
    client.on_any(move |message, _| told.send(message.payload().unwrap().to_vec()).unwrap());
    client.start().unwrap();
    soon(client.connected()).await.unwrap();
    // Around 4 KiB, from where on frames are shared instead of copied, and up to the limit.
    for length in [1, 4095, 4096, 4097, 8192, 60_000, 65_506, 65_507] {
        let there = pattern(length);
        client.emit("", &there[..]).unwrap();
        let (bytes, peer) = soon(heard.recv()).await.unwrap();
        assert!(bytes == there, "{length} bytes came as {}", bytes.len());
        let back: Vec<u8> = there.into_iter().rev().collect();
        peer.emit("", &back[..]).unwrap();
        let bytes = soon(answers.recv()).await.unwrap();
        assert!(bytes == back, "{length} bytes came back as {}", bytes.len());
        assert_eq!(server.broadcast("", &back[..]).unwrap().sent, 1);
        assert!(soon(answers.recv()).await.unwrap() == back, "{length} bytes by a broadcast");
    }
    let peer = server.peers().remove(0);
    for length in [65_508, 1 << 20] {
        let refused = EmitError::TooLargeForDatagram { limit: 65_507, actual: length };
        let bytes = pattern(length);
        assert_eq!(client.emit("", &bytes[..]), Err(refused.clone()));
        assert_eq!(peer.emit("", &bytes[..]), Err(refused.clone()));
        let text = refused.to_string();
        assert!(text.contains("65507") && text.contains(&length.to_string()), "{text}");
        let report = server.broadcast("", &bytes[..]).unwrap();
        assert_eq!(report.failed, [(peer.id(), refused)]);
    }
    // Nothing of what was refused is on its way.
    client.emit("", &b"next"[..]).unwrap();
    assert_eq!(soon(heard.recv()).await.unwrap().0, b"next");
    peer.emit("", &b"last"[..]).unwrap();
    assert_eq!(soon(answers.recv()).await.unwrap(), b"last");
    assert_eq!((client.tally().dropped, peer.tally().dropped), (0, 0));
}
