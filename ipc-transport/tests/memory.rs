//! What is particular to memory streams: names, bounds, and the errors of a socket.
#![cfg(feature = "memory")]

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ipc_transport::{MemoryHub, MemoryTransport, Stream, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[derive(Default)]
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Calls {
    fn waker(self: &Arc<Self>) -> Waker {
        Arc::clone(self).into()
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll_write(
    stream: &mut (impl AsyncWrite + Unpin),
    waker: &Waker,
    bytes: &[u8],
) -> Poll<std::io::Result<usize>> {
    Pin::new(stream).poll_write(&mut Context::from_waker(waker), bytes)
}

/// Returns whether a read with this waker has to wait.
fn read_waits(stream: &mut (impl AsyncRead + Unpin), waker: &Waker) -> bool {
    let mut byte = [0];
    let mut buf = ReadBuf::new(&mut byte);
    Pin::new(stream).poll_read(&mut Context::from_waker(waker), &mut buf).is_pending()
}

fn pair_of(capacity: usize) -> Result<(Stream, Stream), Box<dyn std::error::Error + Send + Sync>> {
    let capacity = NonZeroUsize::new(capacity).ok_or("no capacity")?;
    Ok(MemoryTransport::new("pair").with_capacity(capacity).pair())
}

#[tokio::test]
async fn hubs_keep_their_names_apart() -> TestResult {
    let (one, two) = (MemoryHub::new(), MemoryHub::new());
    let at = |hub: &MemoryHub| MemoryTransport::new("same").with_hub(hub.clone());
    let mut listener = at(&one).listen().await?;
    assert_eq!(at(&two).dial().await.map(drop).map_err(|e| e.code()), Err("nobody_listening"));
    assert_eq!(at(&one).listen().await.map(drop).map_err(|e| e.code()), Err("address_in_use"));
    let _other = at(&two).listen().await?;
    let mut client = at(&one).dial().await?;
    client.write_all(b"!").await?;
    assert_eq!(listener.accept().await?.read_u8().await?, b'!');
    assert_eq!(format!("{one:?}"), "{\"same\"}");
    Ok(())
}

#[tokio::test]
async fn a_dial_of_nobody_looks_like_a_refused_connection() -> TestResult {
    let error = MemoryTransport::new("absent").dial().await.map(drop).err().ok_or("somebody")?;
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(error.to_string(), "no server is listening at memory:absent");
    Ok(())
}

#[tokio::test]
async fn a_stream_holds_no_more_than_its_capacity() -> TestResult {
    let (mut ours, mut theirs) = pair_of(10)?;
    let waker = Waker::noop();
    assert!(matches!(poll_write(&mut ours, waker, &[1; 7]), Poll::Ready(Ok(7))));
    assert!(matches!(poll_write(&mut ours, waker, &[2; 7]), Poll::Ready(Ok(3))));
    assert!(poll_write(&mut ours, waker, &[3; 7]).is_pending());
    assert!(matches!(poll_write(&mut ours, waker, &[]), Poll::Ready(Ok(0))));
    let mut four = [0; 4];
    theirs.read_exact(&mut four).await?;
    assert_eq!(four, [1; 4]);
    assert!(matches!(poll_write(&mut ours, waker, &[3; 7]), Poll::Ready(Ok(4))));
    let mut ten = [0; 10];
    theirs.read_exact(&mut ten).await?;
    assert_eq!(ten, [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
    Ok(())
}

#[tokio::test]
async fn the_latest_waker_of_each_direction_is_the_one_woken() -> TestResult {
    let (mut ours, mut theirs) = pair_of(1)?;
    let [old, reader, writer] = [(); 3].map(|()| Arc::new(Calls::default()));
    assert!(matches!(poll_write(&mut ours, Waker::noop(), b"x"), Poll::Ready(Ok(1))));
    assert!(read_waits(&mut ours, &old.waker()));
    assert!(read_waits(&mut ours, &reader.waker()));
    assert!(poll_write(&mut ours, &old.waker(), b"x").is_pending());
    assert!(poll_write(&mut ours, &writer.waker(), b"x").is_pending());
    assert_eq!(theirs.read_u8().await?, b'x');
    assert_eq!((old.count(), reader.count(), writer.count()), (0, 0, 1));
    theirs.write_all(b"y").await?;
    assert_eq!((old.count(), reader.count(), writer.count()), (0, 1, 1));
    Ok(())
}

#[tokio::test]
async fn a_dropped_reader_wakes_and_fails_the_writer() -> TestResult {
    let (mut ours, theirs) = pair_of(1)?;
    let writer = Arc::new(Calls::default());
    assert!(matches!(poll_write(&mut ours, Waker::noop(), b"x"), Poll::Ready(Ok(1))));
    assert!(poll_write(&mut ours, &writer.waker(), b"x").is_pending());
    let (read, mut write) = theirs.into_split();
    drop(read);
    assert_eq!(writer.count(), 1);
    let error = ours.write_all(b"x").await.err().ok_or("written without a peer")?;
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    // The other direction goes on.
    write.write_all(b"z").await?;
    assert_eq!(ours.read_u8().await?, b'z');
    Ok(())
}

#[tokio::test]
async fn what_was_written_before_the_end_is_still_read() -> TestResult {
    let (mut ours, mut theirs) = pair_of(100)?;
    let reader = Arc::new(Calls::default());
    assert!(read_waits(&mut theirs, &reader.waker()));
    ours.write_all(b"last words").await?;
    drop(ours);
    assert_eq!(reader.count(), 1);
    let mut words = Vec::new();
    theirs.read_to_end(&mut words).await?;
    assert_eq!(words, b"last words");
    Ok(())
}

#[tokio::test]
async fn a_shut_down_direction_takes_no_more() -> TestResult {
    let (mut ours, _theirs) = pair_of(100)?;
    ours.shutdown().await?;
    ours.shutdown().await?;
    let error = ours.write_all(b"x").await.err().ok_or("written after the end")?;
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    Ok(())
}

#[tokio::test]
async fn a_full_backlog_makes_a_dial_wait() -> TestResult {
    let one = NonZeroUsize::MIN;
    let transport = MemoryTransport::new("backlog").with_hub(MemoryHub::new()).with_backlog(one);
    let mut listener = transport.listen().await?;
    let _first = transport.dial().await?;
    let second = transport.dial();
    tokio::pin!(second);
    assert!(std::future::poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await);
    listener.accept().await?;
    let mut second = second.await?;
    // A connection that is not accepted ends with the listener.
    drop(listener);
    assert_eq!(second.read(&mut [0; 1]).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_dial_that_waits_learns_that_the_listener_is_gone() -> TestResult {
    let one = NonZeroUsize::MIN;
    let transport = MemoryTransport::new("gone").with_hub(MemoryHub::new()).with_backlog(one);
    let listener = transport.listen().await?;
    let _first = transport.dial().await?;
    let second = transport.dial();
    tokio::pin!(second);
    assert!(std::future::poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await);
    drop(listener);
    assert_eq!(second.await.map(drop).map_err(|error| error.code()), Err("nobody_listening"));
    Ok(())
}

#[tokio::test]
async fn a_busy_stream_uses_up_the_budget_of_its_task() -> TestResult {
    let (mut ours, mut theirs) = pair_of(1)?;
    // Neither side ever has to wait, yet the task must yield at some point.
    let yielded = std::future::poll_fn(|cx| {
        let waker = cx.waker();
        let busy = (0..10_000).all(|_| {
            poll_write(&mut ours, waker, b"x").is_ready() && !read_waits(&mut theirs, waker)
        });
        Poll::Ready(!busy)
    });
    assert!(yielded.await);
    Ok(())
}

#[tokio::test]
async fn a_waker_may_own_the_other_end() -> TestResult {
    struct Owner(#[expect(dead_code, reason = "owned only to be dropped")] Mutex<Stream>);
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }

    let (mut ours, theirs) = pair_of(1)?;
    let (done, is_done) = std::sync::mpsc::channel();
    // On a thread of its own, so that a deadlock fails the test instead of hanging it.
    std::thread::spawn(move || {
        let owner = Waker::from(Arc::new(Owner(Mutex::new(theirs))));
        let full = poll_write(&mut ours, &owner, b"x").is_ready()
            && poll_write(&mut ours, &owner, b"x").is_pending();
        drop(owner);
        // The new waker replaces the last one that owns the reader.
        let replaced = poll_write(&mut ours, Waker::noop(), b"x").is_pending();
        let after = poll_write(&mut ours, Waker::noop(), b"x");
        let broken =
            matches!(after, Poll::Ready(Err(error)) if error.kind() == ErrorKind::BrokenPipe);
        done.send((full, replaced, broken))
    });
    assert_eq!(is_done.recv_timeout(Duration::from_secs(30))?, (true, true, true));
    Ok(())
}
