//! Peers that speak something else, or end within a frame: the error says so, then comes the end.

use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, ClientEvent, Error, LooksLike, Server, ServerEvent};
use ipc_transport::Transport;
use tokio::sync::mpsc;

use crate::support::{Lines, Raw, memory, soon};

/// Returns the errors of a server, as text with their codes.
fn errors(server: &Server<Lines>) -> mpsc::UnboundedReceiver<String> {
    let (told, errors) = mpsc::unbounded_channel();
    server.on_lifecycle(move |event| {
        let line = match event {
            ServerEvent::Error { error, .. } => format!("{}: {error}", error.code()),
            ServerEvent::Disconnect { reason, .. } => format!("end: {reason}"),
            _ => return,
        };
        let _ = told.send(line);
    });
    errors
}

/// Lets a peer send `bytes` and end, or stay; compares what the server says of it.
async fn check(bytes: impl AsRef<[u8]>, ends: bool, expected: &[&str]) {
    let transport = memory();
    let limits = Limits::default().with_max_frame(2000);
    let server = Server::builder(Lines, transport.clone()).limits(limits).build();
    let mut told = errors(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write(bytes).await;
    if ends {
        peer.finish().await;
    }
    for expected in expected {
        assert_eq!(soon(told.recv()).await.unwrap(), *expected);
    }
    drop(peer);
    soon(server.shutdown(Duration::ZERO)).await;
}

#[tokio::test(start_paused = true)]
async fn an_end_within_a_frame_is_an_error_with_what_it_may_be() {
    check(
        "fine 1\nunfin",
        true,
        &[
            "truncated: the connection ended within a frame, after 5 bytes of it",
            "end: by the other side, within a frame, after 5 bytes of it",
        ],
    )
    .await;
    check(
        "{\"type\":\"m\"}\x0c",
        true,
        &[
            "truncated: the connection ended within a frame, after 13 bytes of it: \
             it looks like JSON that ends with a form feed: is the peer's delimiter \\f?",
            "end: by the other side, within a frame, after 13 bytes of it",
        ],
    )
    .await;
    // An end between two frames is none.
    check("fine 1\n", true, &["end: by the other side"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_never_ends_is_an_error_with_what_it_may_be() {
    check(
        b"\x16\x03\x01\x02\0\x01\0",
        false,
        &["frame_timeout: an unfinished frame made no progress within 30s: it looks like \
           a TLS handshake: the peer wants TLS, which is not spoken here"],
    )
    .await;
    check("half", false, &["frame_timeout: an unfinished frame made no progress within 30s"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_too_long_is_an_error_with_what_it_may_be() {
    let many = "{\"type\":\"m\"}\0".repeat(1000);
    check(
        many,
        false,
        &["frame_too_large: frame of at least 2001 bytes exceeds the limit of 2000 bytes: \
           it looks like JSON that ends with a NUL: is the peer's delimiter \\0?"],
    )
    .await;
    check(
        "x".repeat(2001),
        false,
        &["frame_too_large: frame of at least 2001 bytes exceeds the limit of 2000 bytes"],
    )
    .await;
}

/// A client is told, too, and what it was told is an error to act on.
#[tokio::test(start_paused = true)]
async fn a_client_is_told_of_the_servers_end_within_a_frame() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
    let (told, mut events) = mpsc::unbounded_channel();
    client.on_lifecycle(move |event| drop(told.send(event.clone())));
    client.start().unwrap();
    let mut server = Raw::accept(&mut listener).await;
    server.write("HTTP/1.1 400 Bad Request\r").await;
    drop(server);
    assert!(matches!(soon(events.recv()).await, Some(ClientEvent::Connect)));
    let Some(ClientEvent::Error(error)) = soon(events.recv()).await else { panic!("no error") };
    let expected = Some(LooksLike::HttpResponse);
    assert!(
        matches!(&*error, Error::Truncated { buffered: 25, looks_like } if *looks_like == expected)
    );
    assert!(error.ends_connection());
    let Some(ClientEvent::Disconnect(reason)) = soon(events.recv()).await else { panic!("no end") };
    assert_eq!(reason.to_string(), "by the other side, within a frame, after 25 bytes of it");
}

/// Whoever has closed its own side waits for no more.
#[tokio::test(start_paused = true)]
async fn what_a_close_cuts_off_is_no_error() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    let mut told = errors(&server);
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write("fine 1\nunfin").await;
    while server.peers().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.peers()[0].close();
    assert_eq!(peer.rest().await, "");
    drop(peer);
    assert_eq!(soon(told.recv()).await.unwrap(), "end: by this side");
}

/// Lets a peer send `bytes` to a server of MessagePack and end; returns its errors.
#[cfg(feature = "msgpack")]
async fn said_by_message_pack(bytes: &[u8]) -> Vec<String> {
    let transport = memory();
    let server = Server::builder(ipc_core::MsgPack::new(), transport.clone()).build();
    let (told, mut events) = mpsc::unbounded_channel();
    server.on_lifecycle(move |event| drop(told.send(event.clone())));
    soon(server.listen()).await.unwrap();
    let mut peer = Raw::dial(&transport).await;
    peer.write(bytes).await;
    peer.finish().await;
    let mut errors = Vec::new();
    loop {
        match soon(events.recv()).await.unwrap() {
            ServerEvent::Error { error, .. } => errors.push(format!("{}: {error}", error.code())),
            ServerEvent::Disconnect { .. } => return errors,
            _ => {}
        }
    }
}

#[cfg(feature = "msgpack")]
#[tokio::test(start_paused = true)]
async fn frames_with_a_length_are_cut_in_their_length_or_behind_it() {
    let cut = "truncated: the connection ended within a frame, after";
    assert_eq!(said_by_message_pack(b"\0\0").await, [format!("{cut} 2 bytes of it")]);
    assert_eq!(said_by_message_pack(b"\0\0\0\x07").await, [format!("{cut} 4 bytes of it")]);
    let half = b"\0\0\0\x07\x92\xa3ad";
    assert_eq!(said_by_message_pack(half).await, [format!("{cut} 8 bytes of it")]);
    assert!(said_by_message_pack(b"\0\0\0\x07\x92\xa3add\x92\x01").await.is_empty());
}

#[cfg(feature = "msgpack")]
#[tokio::test(start_paused = true)]
async fn a_server_of_message_pack_says_what_speaks_to_it() {
    let table: &[(&[u8], &str, &str)] = &[
        (b"{\"type\":\"m\"}\x0c", "frame_too_large", "JSON that ends with a form feed"),
        (b"GET / HTTP/1.1\r\n\r\n", "frame_too_large", "an HTTP request"),
        (b"\x16\x03\x01\x02\0\x01", "frame_too_large", "a TLS handshake"),
        (b"\0\0\0\x0c{\"type\":\"m\"}", "invalid_message", "JSON without a delimiter"),
    ];
    for (bytes, code, looks_like) in table {
        let errors = said_by_message_pack(bytes).await;
        assert!(errors[0].starts_with(code) && errors[0].contains(looks_like), "{errors:?}");
    }
}
