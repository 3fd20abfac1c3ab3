//! What foreign bytes look like.

use ipc_codec::{DecodeError, Delimiter, Framing, Limits};
use ipc_core::LooksLike;
use ipc_core::protocol::connection::Inbound;

#[test]
fn protocols_are_known_by_their_beginnings() {
    use LooksLike::*;
    let upgrade = b"GET /chat HTTP/1.1\r\nHost: h\r\nUPGRADE: WebSocket\r\n\r\n";
    let proxy = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
    let table: &[(&[u8], Option<LooksLike>)] = &[
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", Some(HttpRequest)),
        (b"POST /a?b=c HTTP/1.0\r\n", Some(HttpRequest)),
        (b"OPTIONS * HTTP/1.1\r\n", Some(HttpRequest)),
        (b"CONNECT h:443 HTTP/1.1\r\n", Some(HttpRequest)),
        (b"GET /only-a-part", Some(HttpRequest)),
        (upgrade, Some(WebSocket)),
        (b"HTTP/1.1 400 Bad Request\r\n", Some(HttpResponse)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Http2)),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", Some(TlsHandshake)),
        (b"\x16\x03\x03\0\x7a\x02", Some(TlsHandshake)),
        (b"\x15\x03\x01\0\x02\x02\x46", Some(TlsAlert)),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Some(Ssh)),
        (b"220 mail.example ESMTP\r\n", Some(MailOrFtp)),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", Some(ProxyHeader)),
        (proxy, Some(ProxyHeader)),
        (b"Content-Length: 43\r\n\r\n{\"jsonrpc\":\"2.0\"", Some(ContentLength)),
        (b"content-length:43\r\n\r\n{", Some(ContentLength)),
        (b"12:{\"type\":\"m\"},", Some(Netstring)),
        (b"\0\0\0\x0c{\"type\":\"m\"}", Some(LengthBigEndian)),
        (b"\x0c\0\0\0{\"type\":\"m\"}", Some(LengthLittleEndian)),
        (b"\0\0\0\x05\x92\xa3add", Some(LengthBigEndian)),
        (b"\x92\xa3add\x92\x01\x02", Some(MessagePack)),
        (b"\x82\xa4type\xa1m", Some(MessagePack)),
        (b"\xEF\xBB\xBF{\"type\":\"m\"}", Some(Utf8Mark)),
        (b"\xFF\xFE{\0\"\0", Some(Utf16)),
        (b"\xFE\xFF\0{\0\"", Some(Utf16)),
        (b"{\0\"\0t\0", Some(Utf16)),
        (b"\0{\0\"\0t", Some(Utf16)),
        (b"{\"type\":\"m\"}\n", Some(JsonEndedBy(b'\n'))),
        (b"{\"type\":\"m\"}\r\n", Some(JsonEndedBy(b'\n'))),
        (b"{\"type\":\"m\"}\0", Some(JsonEndedBy(0))),
        (b"{\"type\":\"m\"}\x0c", Some(JsonEndedBy(0x0c))),
        (b" [1]\x1e", Some(JsonEndedBy(0x1e))),
        (b"{\"type\":\"m\"}\n{\"type\":\"n\",", Some(JsonEndedBy(b'\n'))),
        (b"{\"type\":\"m\"}\0{\"ty", Some(JsonEndedBy(0))),
        (b"{\"type\":\"m\"}", Some(JsonUndelimited)),
        (b"{\"type\":\"m\"}{\"type\":\"n\"", Some(JsonUndelimited)),
        (b"{\"type\":\"m\",\n  \"data\":{", Some(Json)),
        (b"{", Some(Json)),
        (b"", None),
        (b"G", None),
        (b"GET", None),
        (b"GETTING /", None),
        (b"unfinished", None),
        (b"hello {\"type\":\"m\"}\n", None),
        (b"\xff\xff\xff\xff{}", None),
        (b"\0\0\0\0{}", None),
        (b"12:5,", None),
        (b"220", None),
    ];
    for (bytes, expected) in table {
        assert_eq!(LooksLike::of(bytes), *expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_is_not_tls_is_named() {
    use LooksLike::*;
    for (first, expected) in [
        (&b""[..], None),
        (b"\x16\x03\x01\x02", None),
        (b"\x15\x03\x03\x00", None),
        (b"GET / HTTP/1.1\r\nHost: me\r\nAccep", Some(HttpRequest)),
        (b"HTTP/1.1 400", Some(HttpResponse)),
        (b"{\"type\":\"a\"}\x0c", Some(Json)),
        (b"{\"type\":\"a\"}", Some(Json)),
        (b"\xef\xbb\xbf{\"type\"", Some(Utf8Mark)),
        (b"SSH-2.0-x", Some(Ssh)),
        (b"220 mail", Some(MailOrFtp)),
        (b"\0\0\0\x10{\"t\"", Some(LengthBigEndian)),
        (b"\x80\x2e\x01\x00\x02", Some(Ssl2)),
        (b"hello\n", Some(Text)),
        (b"\xff\x00", None),
    ] {
        assert_eq!(LooksLike::instead_of_tls(first), expected, "{}", first.escape_ascii());
    }
}

/// Only the beginning and the very end are looked at, and nothing of it panics.
#[test]
fn long_and_short_bytes_are_fine() {
    let long = [b"{\"data\":\"".as_slice(), &[b'x'; 1 << 20], b"\"}\n"].concat();
    assert_eq!(LooksLike::of(&long), Some(LooksLike::JsonEndedBy(b'\n')));
    for length in 0..40 {
        for byte in 0..=255 {
            let _ = LooksLike::of(&vec![byte; length]);
        }
    }
}

#[test]
fn a_guess_is_said_for_people() {
    let said = |looks_like: LooksLike| looks_like.to_string();
    assert_eq!(said(LooksLike::HttpRequest), "an HTTP request");
    let lines = "JSON that ends with a line feed: is the peer's delimiter \\n?";
    assert_eq!(said(LooksLike::JsonEndedBy(b'\n')), lines);
    let other = "JSON that ends with the byte 0x1E: is that the peer's delimiter?";
    assert_eq!(said(LooksLike::JsonEndedBy(0x1e)), other);
    assert!(said(LooksLike::Utf8Mark).contains("byte order mark (EF BB BF)"));
}

/// Feeds a receiving side and returns what it says of what it cannot read.
fn said(framing: Framing, bytes: &[u8]) -> (Result<(), DecodeError>, Option<LooksLike>) {
    let mut inbound = Inbound::new(framing, Limits::default(), None);
    inbound.extend(bytes);
    loop {
        match inbound.next_frame() {
            Ok(Some(_)) => {}
            Ok(None) => return (Ok(()), inbound.looks_like()),
            Err(error) => return (Err(error), inbound.looks_like()),
        }
    }
}

#[test]
fn what_is_ordinary_in_a_framing_is_not_said() {
    let lines = || Framing::Delimited(Delimiter::FORM_FEED);
    // The beginning of a frame that goes on.
    assert_eq!(said(lines(), b"{\"type\":\"m\",\"da").1, None);
    assert_eq!(said(lines(), b"{\"type\":\"m\"}\x0c{\"type\":\"").1, None);
    assert_eq!(said(lines(), b"{\"type\":\"m\"}\x0c").1, None);
    assert_eq!(said(lines(), b"{\"type\":\"m\"}\n").1, Some(LooksLike::JsonEndedBy(b'\n')));
    let prefixed = Framing::LengthPrefixed;
    assert_eq!(said(prefixed.clone(), b"\0\0\0\x09\x92\xa3ad").1, None);
    assert_eq!(said(prefixed.clone(), b"\0\0").1, None);
    let (error, looks_like) = said(prefixed.clone(), b"{\"type\":\"m\"}\x0c");
    assert!(matches!(error, Err(DecodeError::FrameTooLarge { .. })));
    assert_eq!(looks_like, Some(LooksLike::JsonEndedBy(0x0c)));
    let (error, looks_like) = said(prefixed.clone(), b"GET / HTTP/1.1\r\n\r\n");
    assert!(matches!(error, Err(DecodeError::FrameTooLarge { seen: 0x4745_5420, .. })));
    assert_eq!(looks_like, Some(LooksLike::HttpRequest));
    let (_, looks_like) = said(prefixed, b"\0\0\0\x40\x92\xa3");
    assert_eq!(looks_like, None);
    let little_endian = [b"\0\0\0\x7f".as_slice(), b"\x92\xa3add\x01"].concat();
    let (error, looks_like) = said(Framing::LengthPrefixed, &little_endian);
    assert_eq!((error, looks_like), (Ok(()), None), "127 bytes, or far more");
    let (error, looks_like) = said(Framing::LengthPrefixed, b"\x06\0\0\0\x92\xa3add\x01");
    assert!(error.is_err());
    assert_eq!(looks_like, Some(LooksLike::LengthLittleEndian));
}

/// The time in which a paused frame made no progress was not the peer's.
#[test]
fn a_pause_gives_an_unfinished_frame_its_time_anew() {
    use std::time::Duration;
    let timeout = Duration::from_secs(30);
    let framing = Framing::Delimited(Delimiter::FORM_FEED);
    let mut inbound = Inbound::new(framing, Limits::default(), Some(timeout));
    let start = tokio::time::Instant::now().into_std();
    inbound.extend(b"unfinished");
    assert_eq!(inbound.next_frame(), Ok(None));
    assert_eq!(inbound.deadline(|| start), Some(start + timeout));
    let later = start + Duration::from_secs(3600);
    inbound.pause();
    assert_eq!(inbound.deadline(|| later), Some(later + timeout));
}
