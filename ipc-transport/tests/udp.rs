//! What is particular to UDP: whole datagrams, many peers over one socket, none of them to be trusted.
#![cfg(feature = "udp")]

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket as Plain};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ipc_transport::{
    Endpoint, FaultTransport, Faults, Listener, SendRefused, Stream, Transport, TransportError,
    UdpLimits, UdpTransport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Returns a listener on a free port and its address.
async fn listen(
    transport: &UdpTransport,
) -> Result<(Box<dyn Listener>, SocketAddr), TransportError> {
    let listener = transport.listen().await?;
    let address = match listener.endpoint() {
        Endpoint::Udp4 { host, port } => format!("{host}:{port}"),
        Endpoint::Udp6 { host, port } => format!("[{host}]:{port}"),
        other => other.to_string(),
    };
    let address = address
        .parse()
        .map_err(|_| TransportError::HostNotFound { host: address, source: None })?;
    Ok((listener, address))
}

/// Returns a plain socket of the loopback: somebody else, who knows nothing of this crate.
fn somebody() -> io::Result<Plain> {
    let socket = Plain::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(socket)
}

fn local() -> UdpTransport {
    UdpTransport::udp4("127.0.0.1", 0)
}

/// Returns the next datagram, whole.
async fn datagram(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut room = vec![0; 65_536];
    let length = stream.read(&mut room).await?;
    room.truncate(length);
    Ok(room)
}

#[tokio::test]
async fn each_address_has_a_stream_of_its_own() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let (one, two) = (somebody()?, somebody()?);
    for word in [b"a", b"b", b"c"] {
        one.send_to(word, address)?;
        two.send_to(&word.to_ascii_uppercase(), address)?;
    }
    let (mut first, mut second) = (listener.accept().await?, listener.accept().await?);
    assert_eq!(first.peer().remote, Some(one.local_addr()?));
    assert_eq!(second.peer().remote, Some(two.local_addr()?));
    for (small, large) in [(b"a", b"A"), (b"b", b"B"), (b"c", b"C")] {
        assert_eq!(datagram(&mut first).await?, small);
        assert_eq!(datagram(&mut second).await?, large);
    }
    second.write_all(b"answer").await?;
    let mut room = [0; 16];
    assert_eq!(two.recv_from(&mut room)?, (6, address));
    Ok(())
}

#[tokio::test]
async fn a_read_is_never_of_two_datagrams() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let somebody = somebody()?;
    for datagram in [&b"one"[..], b"", b"three", &[7; 60_000]] {
        somebody.send_to(datagram, address)?;
    }
    let mut stream = listener.accept().await?;
    // An empty one is no end.
    assert_eq!(datagram(&mut stream).await?, b"one");
    let mut room = [0; 2];
    for part in [&b"th"[..], b"re", b"e"] {
        let length = stream.read(&mut room).await?;
        assert_eq!(room.get(..length), Some(part));
    }
    assert_eq!(datagram(&mut stream).await?, [7; 60_000]);
    Ok(())
}

#[tokio::test]
async fn a_dialed_stream_keeps_datagrams_apart_too() -> TestResult {
    let somebody = somebody()?;
    let address = somebody.local_addr()?;
    let mut stream = UdpTransport::udp4("127.0.0.1", address.port()).dial().await?;
    stream.write_all(b"question").await?;
    let (_, from) = somebody.recv_from(&mut [0; 16])?;
    // Others are not heard.
    Plain::bind("127.0.0.1:0")?.send_to(b"nonsense", from)?;
    for datagram in [&b"one"[..], b"", b"three"] {
        somebody.send_to(datagram, from)?;
    }
    assert_eq!(datagram(&mut stream).await?, b"one");
    let mut room = [0; 4];
    assert_eq!(stream.read(&mut room).await?, 4);
    assert_eq!(stream.read(&mut room).await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_largest_datagram_passes_and_one_byte_more_does_not() -> TestResult {
    for transport in [local(), UdpTransport::udp6("::1", 0)] {
        let (mut listener, address) = listen(&transport).await?;
        let mut client = listener.endpoint().transport()?.dial().await?;
        let largest = client.max_datagram().ok_or("no datagrams")?;
        assert_eq!(largest, if address.is_ipv4() { 65_507 } else { 65_527 });
        // macOS takes less unless told otherwise.
        if cfg!(target_os = "linux") {
            client.write_all(&vec![1; largest]).await?;
            assert_eq!(datagram(&mut listener.accept().await?).await?.len(), largest);
        }
        assert!(client.write_all(&vec![1; largest + 1]).await.is_err());
        client.write_all(b"it goes on").await?;
        assert_eq!(datagram(&mut listener.accept().await?).await?, b"it goes on");
    }
    Ok(())
}

#[tokio::test]
async fn nobody_listening_is_not_fatal() -> TestResult {
    let reserved = somebody()?;
    let address = reserved.local_addr()?;
    drop(reserved);
    let mut client = UdpTransport::udp4("127.0.0.1", address.port()).dial().await?;
    for _ in 0..20 {
        client.write_all(b"is anybody there?").await?;
    }
    let server = Plain::bind(address)?;
    server.set_read_timeout(Some(Duration::from_secs(10)))?;
    client.write_all(b"and now?").await?;
    let mut room = [0; 16];
    let (length, from) = server.recv_from(&mut room)?;
    assert_eq!(room.get(..length), Some(&b"and now?"[..]));
    server.send_to(b"yes", from)?;
    assert_eq!(datagram(&mut client).await?, b"yes");
    Ok(())
}

#[tokio::test]
async fn shutting_down_ends_reading_at_once() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let mut dialed = listener.endpoint().transport()?.dial().await?;
    dialed.write_all(b"hello").await?;
    let accepted = listener.accept().await?;
    let opened = listener.opener().ok_or("it opens nothing")?.open(address)?;
    for stream in [dialed, accepted, opened] {
        let (mut read, mut write) = stream.into_split();
        let reading = tokio::spawn(async move {
            while read.read(&mut [0; 16]).await? > 0 {}
            Ok::<_, io::Error>(read)
        });
        tokio::task::yield_now().await;
        write.shutdown().await?;
        reading.await??;
        assert_eq!(
            write.write(b"x").await.map_err(|error| error.kind()),
            Err(ErrorKind::BrokenPipe)
        );
    }
    Ok(())
}

#[tokio::test]
async fn after_a_shutdown_the_same_address_is_a_newcomer() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let somebody = somebody()?;
    somebody.send_to(b"one", address)?;
    drop(listener.accept().await?);
    somebody.send_to(b"two", address)?;
    assert_eq!(datagram(&mut listener.accept().await?).await?, b"two");
    Ok(())
}

#[tokio::test]
async fn invented_sources_stay_within_the_limits() -> TestResult {
    let peers = NonZeroUsize::new(64).ok_or("zero")?;
    let limits = UdpLimits::default().with_peers(peers).with_total_bytes(20_000);
    let transport = local().with_limits(limits);
    let (mut listener, address) = listen(&transport).await?;
    let mut streams = Vec::new();
    for number in 0..500_u16 {
        let [high, low] = number.to_be_bytes();
        let source = if cfg!(target_os = "linux") { [127, 99, high, low] } else { [127, 0, 0, 1] };
        Plain::bind(SocketAddr::from((source, 0)))?.send_to(&[1; 1000], address)?;
        streams.push(listener.accept().await?);
    }
    let stats = transport.stats();
    assert_eq!((stats.peers, stats.evicted), (64, 436));
    assert!(stats.queued <= 20_000, "{stats:?}");
    assert!(stats.overflowed > 0, "{stats:?}");
    // Those that had to go are at their end; the others are not.
    let mut ends = 0;
    for stream in &mut streams {
        let mut room = [0; 2000];
        while let Ok(Ok(length)) =
            tokio::time::timeout(Duration::ZERO, stream.read(&mut room)).await
        {
            if length == 0 {
                ends += 1;
                break;
            }
        }
    }
    assert_eq!(ends, 436);
    Ok(())
}

#[tokio::test]
async fn what_nobody_reads_is_dropped_and_counted() -> TestResult {
    let limits = UdpLimits::default().with_peer_bytes(1_000);
    let transport = local().with_limits(limits);
    let (mut listener, address) = listen(&transport).await?;
    let (loud, quiet) = (somebody()?, somebody()?);
    for _ in 0..5 {
        loud.send_to(&[1; 400], address)?;
    }
    quiet.send_to(b"!", address)?;
    let (mut first, mut second) = (listener.accept().await?, listener.accept().await?);
    assert_eq!(datagram(&mut second).await?, b"!");
    assert_eq!((datagram(&mut first).await?.len(), datagram(&mut first).await?.len()), (400, 400));
    assert_eq!((transport.stats().overflowed, transport.stats().queued), (3, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_forgotten() -> TestResult {
    let idle = Duration::from_secs(300);
    let transport = local();
    let (mut listener, address) = listen(&transport).await?;
    somebody()?.send_to(b"!", address)?;
    let mut stream = listener.accept().await?;
    let start = tokio::time::Instant::now();
    assert_eq!(datagram(&mut stream).await?, b"!");
    assert_eq!(datagram(&mut stream).await?, b"");
    assert!(start.elapsed() >= idle && start.elapsed() < idle + Duration::from_secs(1));
    // One that was only spoken to, too.
    let opener = listener.opener().ok_or("it opens nothing")?;
    let mut opened = opener.open(somebody()?.local_addr()?)?;
    assert_eq!(datagram(&mut opened).await?, b"");
    assert!(start.elapsed() >= idle * 2);
    assert_eq!((transport.stats().peers, transport.stats().expired), (0, 2));
    Ok(())
}

#[tokio::test]
async fn a_stream_is_opened_to_an_address_nobody_heard_of() -> TestResult {
    let (listener, address) = listen(&local()).await?;
    let opener = listener.opener().ok_or("it opens nothing")?;
    let somebody = somebody()?;
    let mut stream = opener.open(somebody.local_addr()?)?;
    stream.write_all(b"hello").await?;
    let (_, from) = somebody.recv_from(&mut [0; 16])?;
    assert_eq!(from, address);
    somebody.send_to(b"hello yourself", from)?;
    assert_eq!(datagram(&mut stream).await?, b"hello yourself");
    // A second one takes over.
    let mut second = opener.open(somebody.local_addr()?)?;
    somebody.send_to(b"again", from)?;
    assert_eq!(datagram(&mut second).await?, b"again");
    assert_eq!(datagram(&mut stream).await?, b"");

    let wrong = opener.open("[::1]:9".parse()?).map(drop).map_err(|error| error.to_string());
    assert!(wrong.is_err_and(|text| text.contains("::1") && text.contains("IPv4")));
    listener.close().await?;
    let closed = opener.open(somebody.local_addr()?).map(drop);
    assert_eq!(closed.map_err(|error| error.kind()), Err(ErrorKind::NotConnected));
    Ok(())
}

#[tokio::test]
async fn an_address_gets_no_more_than_so_many_times_what_came_from_it() -> TestResult {
    let limits = UdpLimits::default().with_amplification(NonZeroU32::new(3));
    let transport = local().with_limits(limits);
    let (mut listener, address) = listen(&transport).await?;
    let somebody = somebody()?;
    somebody.send_to(&[0; 10], address)?;
    let mut stream = listener.accept().await?;
    stream.write_all(&[1; 20]).await?;
    let error = stream.write_all(&[1; 11]).await.err().ok_or("it was sent")?;
    let refused = error.get_ref().and_then(|error| error.downcast_ref::<SendRefused>());
    let to = somebody.local_addr()?;
    assert_eq!(refused, Some(&SendRefused::Amplification { to, limit: 30, actual: 31 }));
    stream.write_all(&[1; 10]).await?;
    assert_eq!(transport.stats().amplified, 1);
    // Whom we spoke to first we know.
    let mut opened = listener.opener().ok_or("it opens nothing")?.open(address)?;
    opened.write_all(&[1; 1000]).await?;
    Ok(())
}

#[tokio::test]
async fn a_closed_listener_gives_its_port_back_when_its_streams_are_gone() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let somebody = somebody()?;
    somebody.send_to(b"one", address)?;
    let mut stream = listener.accept().await?;
    listener.close().await?;
    // What has come is read, and what waits is still sent.
    assert_eq!(datagram(&mut stream).await?, b"one");
    assert_eq!(datagram(&mut stream).await?, b"");
    stream.write_all(b"two").await?;
    assert_eq!(somebody.recv_from(&mut [0; 16])?, (3, address));
    assert!(Plain::bind(address).is_err());
    drop(stream);
    Plain::bind(address)?;
    Ok(())
}

#[tokio::test]
async fn faults_leave_datagrams_whole() -> TestResult {
    let (mut listener, address) = listen(&local()).await?;
    let client = UdpTransport::udp4("127.0.0.1", address.port());
    let faults = Faults::new(1).with_one_byte_writes(1).with_refusals(2).with_cut_after(12);
    let mut stream = FaultTransport::new(client, faults).dial().await?;
    assert_eq!(stream.write(b"whole").await?, 5);
    assert_eq!(datagram(&mut listener.accept().await?).await?, b"whole");
    // The cut would be in the middle of this one.
    assert!(stream.write(b"too long").await.is_err());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_bound_is_named() -> TestResult {
    let taken = somebody()?;
    let port = taken.local_addr()?.port();
    let code = |result: Result<Box<dyn Listener>, TransportError>| {
        result.map(drop).map_err(|error| (error.code(), error.to_string())).err()
    };
    let (name, text) = code(UdpTransport::udp4("127.0.0.1", port).listen().await).ok_or("bound")?;
    assert_eq!(name, "address_in_use");
    assert!(text.contains(&port.to_string()), "{text}");
    let (name, text) = code(UdpTransport::udp6("127.0.0.1", 0).listen().await).ok_or("bound")?;
    assert_eq!(name, "wrong_family");
    assert!(text.contains("127.0.0.1") && text.contains("IPv6"), "{text}");
    let (name, text) = code(UdpTransport::udp4("::1", 0).listen().await).ok_or("bound")?;
    assert_eq!(name, "wrong_family");
    assert!(text.contains("::1") && text.contains("IPv4"), "{text}");
    let nowhere = UdpTransport::udp4("nowhere.invalid", 1);
    assert_eq!(code(nowhere.listen().await).ok_or("bound")?.0, "host_not_found");
    let dialed = nowhere.dial().await.map(drop).map_err(|error| error.code());
    assert_eq!(dialed, Err("host_not_found"));
    Ok(())
}
