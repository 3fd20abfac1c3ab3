//! What every kind of transport promises, checked for each kind, plain, under faults and tapped.
#![cfg(any(feature = "tcp", feature = "udp", feature = "memory", all(unix, feature = "unix")))]
#![cfg_attr(
    feature = "tls-base",
    expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")
)]
#![cfg(any(feature = "tcp", feature = "memory", all(unix, feature = "unix")))]

mod support;

use std::collections::HashSet;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use ipc_transport::{Endpoint, Faults, Listener, Stream, TransportError};
use support::{Kind, Rig, TestResult, Wrap, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Stamps all checks below over one kind of transport in one wrapper.
macro_rules! contract {
    ($name:ident, $kind:expr, $wrap:expr) => {
        contract!(@stamp $name, $kind, $wrap,
            echo order one_mebibyte_both_ways half_close_then_reply dropped_write_half_ends_it
            peer_vanishes dial_nobody second_server_is_refused many_clients vectored_writes
            address_is_free_after_close address_is_free_after_drop accept_is_cancel_safe
            a_full_stream_wakes_its_writer directions_keep_their_own_wakers
            the_bound_endpoint_is_told);
    };
    (@stamp $name:ident, $kind:expr, $wrap:expr, $($check:ident)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() -> TestResult {
                    within(super::$check(Rig::new($kind, $wrap)?)).await?
                }
            )*
        }
    };
}

/// Stamps the checks that hold where a shutdown closes both directions, and where a name is taken
/// as long as a connection is open.
#[cfg(all(windows, feature = "pipe"))]
macro_rules! pipe_contract {
    ($($name:ident, $wrap:expr;)*) => {
        $(contract!(@stamp $name, Kind::Pipe, $wrap,
            echo order peer_vanishes dial_nobody second_server_is_refused many_clients
            vectored_writes address_is_free_after_drop accept_is_cancel_safe
            a_full_stream_wakes_its_writer directions_keep_their_own_wakers
            the_bound_endpoint_is_told);)*
    };
}

#[cfg(all(windows, feature = "pipe"))]
pipe_contract! { pipe, Wrap::Plain; faulty_pipe, Wrap::Faults(FAULTS); tapped_pipe, Wrap::Tap; }

/// Stamps the checks that hold for datagrams. They may be lost, so order and full streams are not
/// checked; the end of a stream is not reported, so neither is half of one, or a peer that vanishes
/// or is not there.
#[cfg(feature = "udp")]
macro_rules! datagram_contract {
    ($($name:ident, $kind:expr, $wrap:expr;)*) => {
        $(contract!(@stamp $name, $kind, $wrap,
            echo second_server_is_refused many_clients vectored_writes address_is_free_after_drop
            accept_is_cancel_safe the_bound_endpoint_is_told);)*
    };
}

#[cfg(feature = "udp")]
datagram_contract! {
    udp4, Kind::Udp4, Wrap::Plain;
    udp6, Kind::Udp6, Wrap::Plain;
    faulty_udp4, Kind::Udp4, Wrap::Faults(FAULTS);
    faulty_udp6, Kind::Udp6, Wrap::Faults(FAULTS);
    tapped_udp4, Kind::Udp4, Wrap::Tap;
    tapped_udp6, Kind::Udp6, Wrap::Tap;
}

const FAULTS: Faults = Faults::new(42).with_short_reads(2).with_one_byte_writes(2).with_refusals(3);

#[cfg(all(unix, feature = "unix"))]
contract!(unix, Kind::Unix, Wrap::Plain);
#[cfg(all(target_os = "linux", feature = "unix"))]
contract!(abstract_name, Kind::Abstract, Wrap::Plain);
#[cfg(feature = "tcp")]
contract!(tcp, Kind::Tcp, Wrap::Plain);
#[cfg(feature = "tls-base")]
contract!(tls, Kind::Tls, Wrap::Plain);
#[cfg(feature = "memory")]
contract!(memory, Kind::Memory, Wrap::Plain);
#[cfg(all(unix, feature = "unix"))]
contract!(faulty_unix, Kind::Unix, Wrap::Faults(FAULTS));
#[cfg(all(target_os = "linux", feature = "unix"))]
contract!(faulty_abstract_name, Kind::Abstract, Wrap::Faults(FAULTS));
#[cfg(feature = "tcp")]
contract!(faulty_tcp, Kind::Tcp, Wrap::Faults(FAULTS));
#[cfg(feature = "tls-base")]
contract!(faulty_tls, Kind::Tls, Wrap::Faults(FAULTS));
#[cfg(feature = "memory")]
contract!(faulty_memory, Kind::Memory, Wrap::Faults(FAULTS));
#[cfg(all(unix, feature = "unix"))]
contract!(tapped_unix, Kind::Unix, Wrap::Tap);
#[cfg(all(target_os = "linux", feature = "unix"))]
contract!(tapped_abstract_name, Kind::Abstract, Wrap::Tap);
#[cfg(feature = "tcp")]
contract!(tapped_tcp, Kind::Tcp, Wrap::Tap);
#[cfg(feature = "tls-base")]
contract!(tapped_tls, Kind::Tls, Wrap::Tap);
#[cfg(feature = "memory")]
contract!(tapped_memory, Kind::Memory, Wrap::Tap);

async fn echo(rig: Rig) -> TestResult {
    let (mut client, mut server) = rig.pair().await?;
    for word in [&b"a"[..], b"hello", &[0; 300]] {
        client.write_all(word).await?;
        let mut heard = vec![1; word.len()];
        server.read_exact(&mut heard).await?;
        server.write_all(&heard).await?;
        let mut reply = vec![2; word.len()];
        client.read_exact(&mut reply).await?;
        assert_eq!(reply, word);
    }
    Ok(())
}

async fn order(rig: Rig) -> TestResult {
    let (mut client, mut server) = rig.pair().await?;
    let writing = tokio::spawn(async move {
        for number in 0..5_000_u32 {
            client.write_all(&number.to_be_bytes()).await?;
        }
        client.shutdown().await
    });
    for number in 0..5_000_u32 {
        assert_eq!(server.read_u32().await?, number);
    }
    assert_eq!(server.read(&mut [0; 8]).await?, 0);
    Ok(writing.await??)
}

async fn one_mebibyte_both_ways(rig: Rig) -> TestResult {
    let (client, server) = rig.pair().await?;
    let pattern = |salt: u32| -> Vec<u8> {
        (0..1_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24 ^ salt) as u8).collect()
    };
    let mut tasks = Vec::new();
    for (stream, sent, expected) in [(client, 1, 2), (server, 2, 1)] {
        let (mut read, mut write) = stream.into_split();
        tasks.push(tokio::spawn(async move {
            write.write_all(&pattern(sent)).await?;
            write.shutdown().await.map(|()| true)
        }));
        tasks.push(tokio::spawn(async move {
            let mut received = Vec::new();
            read.read_to_end(&mut received).await?;
            Ok(received == pattern(expected))
        }));
    }
    for task in tasks {
        assert!(task.await??, "the bytes came out differently");
    }
    Ok(())
}

async fn half_close_then_reply(rig: Rig) -> TestResult {
    let (mut client, mut server) = rig.pair().await?;
    client.write_all(b"question").await?;
    client.shutdown().await?;
    let mut question = Vec::new();
    server.read_to_end(&mut question).await?;
    assert_eq!(question, b"question");
    server.write_all(b"answer").await?;
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await?;
    assert_eq!(answer, b"answer");
    Ok(())
}

async fn dropped_write_half_ends_it(rig: Rig) -> TestResult {
    let (client, mut server) = rig.pair().await?;
    let (mut read, write) = client.into_split();
    drop(write);
    assert_eq!(server.read(&mut [0; 8]).await?, 0);
    server.write_all(b"x").await?;
    assert_eq!(read.read_u8().await?, b'x');
    Ok(())
}

async fn peer_vanishes(rig: Rig) -> TestResult {
    let (mut client, server) = rig.pair().await?;
    drop(server);
    match client.read(&mut [0; 8]).await {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    // TCP learns of it by the answer to the first write.
    let error = loop {
        if let Err(error) = client.write_all(&[0; 4096]).await {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    Ok(())
}

async fn dial_nobody(rig: Rig) -> TestResult {
    let (listener, client) = rig.start().await?;
    let endpoint = listener.endpoint();
    listener.close().await?;
    let Err(error) = client.dial().await else { return Err("somebody answered".into()) };
    assert_eq!(error.code(), "nobody_listening");
    assert!(!error.is_permanent());
    assert!(error.to_string().contains(&endpoint.to_string()), "{error}");
    Ok(())
}

async fn second_server_is_refused(rig: Rig) -> TestResult {
    let (mut first, client) = rig.start().await?;
    let second = rig.at(&first.endpoint())?.listen().await;
    assert!(matches!(
        second,
        Err(TransportError::AlreadyRunning { .. } | TransportError::AddressInUse { .. })
    ));
    // The first server has not noticed: the next connection is the first it sees.
    let (mut ours, mut theirs) = rig.meet(&mut first, &client).await?;
    ours.write_all(b"!").await?;
    assert_eq!(theirs.read_u8().await?, b'!');
    Ok(())
}

async fn many_clients(rig: Rig) -> TestResult {
    let (mut listener, client) = rig.start().await?;
    let client = std::sync::Arc::new(client);
    let mut clients = Vec::new();
    for number in 0..100_u32 {
        let client = std::sync::Arc::clone(&client);
        clients.push(tokio::spawn(async move {
            let mut stream = client.dial().await?;
            stream.write_u32(number).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(stream.read_u32().await? == number)
        }));
    }
    for _ in 0..100 {
        let mut stream = listener.accept().await?;
        tokio::spawn(async move {
            let number = stream.read_u32().await?;
            stream.write_u32(number).await
        });
    }
    for client in clients {
        assert!(client.await??, "somebody else's answer");
    }
    Ok(())
}

async fn vectored_writes(rig: Rig) -> TestResult {
    let (mut client, mut server) = rig.pair().await?;
    assert!(client.is_write_vectored());
    let parts = [&b""[..], b"one", b"", b"two", &[b'x'; 100]];
    let whole = parts.concat();
    let mut slices = parts.map(IoSlice::new);
    let mut rest = &mut slices[..];
    while rest.iter().any(|slice| !slice.is_empty()) {
        let count = client.write_vectored(rest).await?;
        assert_ne!(count, 0);
        IoSlice::advance_slices(&mut rest, count);
    }
    let mut received = vec![0; whole.len()];
    server.read_exact(&mut received).await?;
    assert_eq!(received, whole);
    Ok(())
}

async fn address_is_free_after_close(rig: Rig) -> TestResult {
    let (mut listener, client) = rig.start().await?;
    // Also with connections that were accepted, or are still waiting for it.
    let _kept = tokio::try_join!(client.dial(), listener.accept())?;
    let _waiting = if rig.shakes_hands() { None } else { Some(client.dial().await?) };
    let endpoint = listener.endpoint();
    listener.close().await?;
    assert!(rig.is_clean()?);
    let mut again = rig.listen_again(&endpoint).await?;
    assert_eq!(again.endpoint(), endpoint);
    let (mut ours, mut theirs) = tokio::try_join!(client.dial(), again.accept())?;
    ours.write_all(b"!").await?;
    assert_eq!(theirs.read_u8().await?, b'!');
    Ok(())
}

async fn address_is_free_after_drop(rig: Rig) -> TestResult {
    let (listener, _) = rig.start().await?;
    let endpoint = listener.endpoint();
    drop(listener);
    assert!(rig.is_clean()?);
    assert_eq!(rig.listen_again(&endpoint).await?.endpoint(), endpoint);
    Ok(())
}

async fn accept_is_cancel_safe(rig: Rig) -> TestResult {
    let (mut listener, client) = rig.start().await?;
    assert!(poll_accept(&mut listener).await.is_pending());
    let dialing = tokio::spawn(async move {
        let mut streams = Vec::new();
        for number in 0..50_u8 {
            let mut stream = client.dial().await?;
            stream.write_u8(number).await?;
            streams.push(stream);
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(streams)
    });
    let mut seen = HashSet::new();
    while seen.len() < 50 {
        match poll_accept(&mut listener).await {
            Poll::Ready(stream) => assert!(seen.insert(stream?.read_u8().await?)),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    dialing.await??;
    Ok(())
}

async fn a_full_stream_wakes_its_writer(rig: Rig) -> TestResult {
    let (client, mut server) = rig.pair().await?;
    let (_read, mut write) = client.into_split();
    let mut sent = fill(&mut write)?;
    // Another task, with a waker of its own, is the one that must be woken now.
    let driver = tokio::spawn(async move { write.write_all(b"the rest").await.map(|()| write) });
    let mut received = 0;
    sent += b"the rest".len();
    while received < sent {
        received += server.read(&mut vec![0; 65_536]).await?;
    }
    driver.await??.shutdown().await?;
    assert_eq!(server.read(&mut [0; 8]).await?, 0);
    Ok(())
}

async fn directions_keep_their_own_wakers(rig: Rig) -> TestResult {
    let (client, mut server) = rig.pair().await?;
    let (mut read, mut write) = client.into_split();
    let (waiting, is_waiting) = tokio::sync::oneshot::channel();
    let reader = tokio::spawn(async move {
        let mut told = Some(waiting);
        let mut byte = [0];
        poll_fn(|cx| {
            let mut buf = ReadBuf::new(&mut byte);
            let result = Pin::new(&mut read).poll_read(cx, &mut buf);
            told.take().map(|told| told.send(()));
            result
        })
        .await
        .map(|()| byte)
    });
    is_waiting.await?;
    // A writer that fills the stream must leave the reader's waker alone.
    fill(&mut write)?;
    server.write_all(b"r").await?;
    server.flush().await?;
    assert_eq!(reader.await??, *b"r");
    Ok(())
}

async fn the_bound_endpoint_is_told(rig: Rig) -> TestResult {
    let (mut listener, client) = rig.start().await?;
    let endpoint = listener.endpoint();
    assert!(!endpoint.to_string().ends_with(":0"));
    assert_eq!(endpoint.to_string().parse::<Endpoint>()?, endpoint);
    let (ours, theirs) = rig.meet(&mut listener, &client).await?;
    assert_eq!(ours.peer().endpoint, endpoint);
    assert_eq!(theirs.peer().endpoint, endpoint);
    Ok(())
}

/// Polls one accept once and drops it.
async fn poll_accept(listener: &mut Box<dyn Listener>) -> Poll<Result<Stream, TransportError>> {
    let mut accept = pin!(listener.accept());
    poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await
}

/// Writes with a waker that does nothing until the stream takes no more.
fn fill(write: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<usize> {
    let (mut sent, mut refused) = (0, 0);
    // A stream under faults refuses now and then, but never twice in a row.
    while refused < 2 {
        let mut noop = Context::from_waker(Waker::noop());
        match Pin::new(&mut *write).poll_write(&mut noop, &[7; 16_384]) {
            Poll::Ready(count) => {
                sent += count?;
                refused = 0;
            }
            Poll::Pending => refused += 1,
        }
    }
    Ok(sent)
}
