//! The tokio-util adapter over in-memory I/O.

use std::error::Error;
use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use ipc_codec::{DecodeError, EncodeError, FrameCodec, FrameCodecError, Framing, Limits, Oversize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::codec::{Decoder, Encoder, FramedRead, FramedWrite};

use crate::support::{by, limits};

fn codec(framing: Framing) -> FrameCodec {
    FrameCodec::new(framing, limits(100, Oversize::Fail))
}

#[tokio::test]
async fn frames_written_at_one_end_come_out_at_the_other() {
    for framing in [by("\x0c"), by("<-end->"), Framing::LengthPrefixed] {
        // Four bytes of pipe: each frame takes several reads and writes.
        let (near, far) = duplex(4);
        let mut near = codec(framing.clone()).framed(near);
        let mut far = codec(framing).framed(far);
        let sent = ["one", "", "a longer frame, longer than the pipe"].map(Bytes::from);
        let send = async {
            for frame in &sent {
                near.send(frame.clone()).await.unwrap();
            }
            SinkExt::<Bytes>::close(&mut near).await.unwrap();
        };
        let receive = async {
            let mut received = Vec::new();
            while let Some(frame) = far.next().await {
                received.push(frame.unwrap());
            }
            received
        };
        let ((), received) = tokio::join!(send, receive);
        assert_eq!(received, sent);
    }
}

#[tokio::test]
async fn whole_frames_are_delivered_before_the_stream_is_found_truncated() {
    let mut stream = FramedRead::new(&b"one\ntwo\ntorn"[..], codec(by("\n")));
    assert_eq!(stream.next().await.unwrap().unwrap(), "one");
    assert_eq!(stream.next().await.unwrap().unwrap(), "two");
    let error = stream.next().await.unwrap().unwrap_err();
    let truncated = DecodeError::Truncated { buffered: 4 };
    assert!(matches!(error, FrameCodecError::Decode(error) if error == truncated));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn end_of_stream_within_a_skipped_frame_is_truncated() {
    let skipping = FrameCodec::new(Framing::LengthPrefixed, limits(1, Oversize::Skip));
    let mut stream = FramedRead::new(&b"\0\0\0\x09torn"[..], skipping);
    assert!(stream.next().await.unwrap().is_err());
    assert!(stream.next().await.is_none());
    let error = stream.next().await.unwrap().unwrap_err();
    let truncated = DecodeError::Truncated { buffered: 0 };
    assert!(matches!(error, FrameCodecError::Decode(error) if error == truncated));
}

#[tokio::test]
async fn frame_above_the_limit_ends_the_stream() {
    let dying = FrameCodec::new(by("\n"), limits(3, Oversize::Fail));
    let mut stream = FramedRead::new(&b"one\nlonger\ntwo\n"[..], dying);
    assert_eq!(stream.next().await.unwrap().unwrap(), "one");
    let error = stream.next().await.unwrap().unwrap_err();
    let (limit, seen, policy) = (3, 4, Oversize::Fail);
    let too_large = DecodeError::FrameTooLarge { limit, seen, policy };
    assert!(matches!(error, FrameCodecError::Decode(error) if error == too_large));
    assert!(stream.next().await.is_none());
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, FrameCodecError::Decode(DecodeError::Dead)));
}

#[tokio::test]
async fn skipped_frame_pauses_the_stream_and_the_next_poll_goes_on() {
    let skipping = FrameCodec::new(by("\n"), limits(3, Oversize::Skip));
    let mut stream = FramedRead::new(&b"one\nlonger\ntwo\n"[..], skipping);
    assert_eq!(stream.next().await.unwrap().unwrap(), "one");
    let error = stream.next().await.unwrap().unwrap_err();
    let FrameCodecError::Decode(error) = error else { panic!("{error:?}") };
    assert!(!error.ends_stream());
    // `FramedRead` says `None` once after each error.
    assert!(stream.next().await.is_none());
    assert_eq!(stream.next().await.unwrap().unwrap(), "two");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn raw_bytes_pass_both_ways() {
    let (near, mut far) = duplex(1024);
    let mut near = codec(Framing::Raw).framed(near);
    near.send("any\x0cbytes").await.unwrap();
    let mut received = [0; 9];
    far.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"any\x0cbytes");
    far.write_all(b"and back").await.unwrap();
    assert_eq!(near.next().await.unwrap().unwrap(), "and back");
}

#[tokio::test]
async fn refused_frame_is_an_error_and_the_next_one_is_sent() {
    let mut written = Vec::new();
    let mut sink = FramedWrite::new(&mut written, codec(by("\n")));
    let error = sink.send("not\nok").await.unwrap_err();
    let contains = EncodeError::ContainsDelimiter { at: 3 };
    assert!(matches!(error, FrameCodecError::Encode(error) if error == contains));
    sink.send("ok").await.unwrap();
    assert_eq!(written, b"ok\n");
}

#[tokio::test]
async fn errors_of_the_stream_below_stay_what_they_are() {
    struct Broken;
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }
    let mut stream = FramedRead::new(Broken, codec(by("\n")));
    let error = stream.next().await.unwrap().unwrap_err();
    let FrameCodecError::Io(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn errors_name_their_source() {
    for (error, text) in [
        (FrameCodecError::from(io::Error::other("x")), "stream could not be read or written"),
        (DecodeError::Dead.into(), "received bytes cannot be decoded"),
        (EncodeError::ContainsDelimiter { at: 0 }.into(), "frame cannot be sent"),
    ] {
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_some());
    }
}

#[test]
fn large_frames_share_the_buffer_and_small_ones_do_not_keep_it() {
    let mut codec = FrameCodec::new(by("\n"), Limits::default());
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    codec.encode([b'x'; 40_000], &mut buffer).unwrap();
    codec.encode([b'y'; 64], &mut buffer).unwrap();
    let memory = buffer.as_ptr_range();
    let large = codec.decode(&mut buffer).unwrap().unwrap();
    let small = codec.decode(&mut buffer).unwrap().unwrap();
    assert!(memory.contains(&large.as_ptr()) && !memory.contains(&small.as_ptr()));
    assert_eq!((large.len(), small.len()), (40_000, 64));
}
