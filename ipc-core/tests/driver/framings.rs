//! Formats over other framings: with a length before each frame, and raw.

use ipc_codec::Framing;
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, Server};
use ipc_transport::{MemoryTransport, Transport};

use crate::bare::Bare;
use crate::support::{Log, Raw, memory, soon};

fn client(transport: &MemoryTransport, framing: Framing) -> Client<Bare> {
    let never = ReconnectPolicy::never();
    let client = Client::builder(Bare(framing), transport.clone()).reconnect(never).build();
    client.start().unwrap();
    client
}

/// Sends payloads over a framing to a peer that is only bytes, and compares what that sees.
async fn check(framing: Framing, payloads: &[&[u8]], wire: &str) {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = client(&transport, framing);
    let mut peer = Raw::accept(&mut listener).await;
    for payload in payloads {
        client.emit("data", *payload).unwrap();
    }
    assert!(soon(client.flush()).await);
    let closing = tokio::spawn(async move { client.close().await });
    assert_eq!(peer.rest().await, wire);
    drop(peer);
    assert!(soon(closing).await.unwrap().undelivered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn lengths_stand_before_the_frames() {
    let wire = "\0\0\0\x05hello\0\0\0\0\0\0\0\x01!";
    check(Framing::LengthPrefixed, &[b"hello", b"", b"!"], wire).await;
}

#[tokio::test(start_paused = true)]
async fn raw_bytes_are_as_they_are() {
    check(Framing::Raw, &[b"hello", b"", b"!"], "hello!").await;
    // Nothing at all is written at once, and does not keep anybody waiting.
    check(Framing::Raw, &[b""], "").await;
}

#[tokio::test(start_paused = true)]
async fn bytes_of_any_value_come_back() {
    let transport = memory();
    let framing = Framing::LengthPrefixed;
    let server = Server::builder(Bare(framing.clone()), transport.clone()).build();
    server.on_any(|message, peer| peer.emit("", message.payload().unwrap()).unwrap());
    soon(server.listen()).await.unwrap();
    let client = client(&transport, framing);
    let log = Log::new();
    let noted = log.clone();
    client.on_any(move |message, _| noted.note(format!("{:?}", message.payload().unwrap())));
    let payloads = (0..=255_u8).map(|byte| vec![byte; usize::from(byte)]);
    for payload in payloads.clone() {
        client.emit("", &payload[..]).unwrap();
    }
    log.until_len(256).await;
    assert!(log.lines().into_iter().eq(payloads.map(|payload| format!("{payload:?}"))));
}

#[tokio::test(start_paused = true)]
async fn what_is_handed_back_has_no_length_before_it() {
    let client = client(&memory(), Framing::LengthPrefixed);
    client.emit("data", &b"hello"[..]).unwrap();
    client.emit("data", &[0; 5000][..]).unwrap();
    let undelivered = soon(client.close()).await.undelivered;
    assert_eq!(undelivered[0].payload().unwrap(), b"hello");
    assert_eq!(undelivered[1].payload().unwrap(), [0; 5000]);
}

#[tokio::test(start_paused = true)]
async fn a_raw_peer_that_goes_truncates_nothing() {
    let transport = memory();
    let server = Server::builder(Bare(Framing::Raw), transport.clone()).build();
    let log = Log::new();
    let noted = log.clone();
    soon(server.listen()).await.unwrap();
    server.on_lifecycle(move |event| noted.note(format!("{event:?}").replace("Peer { id: ", "")));
    let mut peer = Raw::dial(&transport).await;
    peer.write("half of something").await;
    drop(peer);
    log.until_len(2).await;
    assert!(log.lines()[1].contains("PeerClosed"), "{:?}", log.lines());
}
