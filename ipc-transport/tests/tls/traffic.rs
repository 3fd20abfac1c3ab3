//! Bytes through TLS records: large, both ways at once, to the end and no further.

use ipc_transport::{Stream, TlsTransport, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::certificates::Authority;
use crate::rig::{client, listen, meet, port, server, soon};

async fn pair() -> (Stream, Stream) {
    let authority = Authority::new("ca");
    let (dialed, accepted) = meet(server(&authority.local()), client(&authority)).await;
    (dialed.expect("a connection"), accepted.expect("a connection"))
}

#[tokio::test]
async fn five_megabytes_both_ways_at_once() {
    let (client, server) = pair().await;
    let pattern = |salt: u32| -> Vec<u8> {
        (0..5_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24 ^ salt) as u8).collect()
    };
    let mut tasks = Vec::new();
    for (stream, sent, expected) in [(client, 1, 2), (server, 2, 1)] {
        let (mut read, mut write) = stream.into_split();
        tasks.push(tokio::spawn(async move {
            write.write_all(&pattern(sent)).await.expect("a write");
            write.shutdown().await.expect("a shutdown");
            true
        }));
        tasks.push(tokio::spawn(async move {
            let mut received = Vec::new();
            read.read_to_end(&mut received).await.expect("all of it");
            received == pattern(expected)
        }));
    }
    for task in tasks {
        assert!(soon(task).await.expect("no panic"));
    }
}

/// With more, a write that fails could have sent some of it.
#[tokio::test]
async fn a_write_is_one_record_at_the_most() {
    let (mut client, mut server) = pair().await;
    let [small, large] = [vec![b's'; 10_000], vec![b'l'; 100_000]];
    assert_eq!(soon(client.write(&large)).await.ok(), Some(16_384));
    for (bufs, taken) in [
        (&[&small, &large][..], 10_000),
        (&[&large, &small], 16_384),
        (&[&Vec::new(), &large], 16_384),
        (&[&Vec::new(), &small], 10_000),
    ] {
        let slices: Vec<_> = bufs.iter().map(|buf| std::io::IoSlice::new(buf)).collect();
        assert_eq!(soon(client.write_vectored(&slices)).await.ok(), Some(taken));
    }
    drop(client);
    let mut all = Vec::new();
    soon(server.read_to_end(&mut all)).await.expect("all of it");
    assert_eq!(all.len(), 3 * 16_384 + 2 * 10_000);
}

#[tokio::test]
async fn an_end_is_told_from_a_cut() {
    // An end: the other side said so.
    let (client, mut server) = pair().await;
    drop(client.into_split());
    assert_eq!(soon(server.read(&mut [0; 8])).await.ok(), Some(0));
    // A cut: the connection is gone without word that all was sent.
    let (mut server, cut) = pair_through_a_proxy().await;
    cut.send(()).expect("the proxy");
    let error = soon(server.read(&mut [0; 8])).await.expect_err("no end was told");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    let text = error.to_string();
    assert!(text.contains("without TLS close_notify") && !text.contains("http"), "{text}");
}

/// Returns a server's end of a connection, and what cuts the connection in the middle.
async fn pair_through_a_proxy() -> (Stream, tokio::sync::oneshot::Sender<()>) {
    let authority = Authority::new("ca");
    let mut listener = listen(server(&authority.local())).await;
    let target = ("127.0.0.1", port(&*listener));
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let middle = proxy.local_addr().expect("an address").port();
    let (cut, is_cut) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut near, _) = proxy.accept().await.expect("a connection");
        let mut far = TcpStream::connect(target).await.expect("a socket");
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = is_cut => {}
        }
    });
    let transport = TlsTransport::new("127.0.0.1", middle).with_client(client(&authority));
    let accepting = tokio::spawn(async move { listener.accept().await });
    let client = soon(transport.dial()).await.expect("a connection");
    // It lives on: the end is to come from the middle.
    std::mem::forget(client);
    (soon(accepting).await.expect("no panic").expect("a connection"), cut)
}
