//! Streams that wait: what they read into memory that nothing has written to yet, with and without waiting.
#![cfg(feature = "tcp")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

use std::io::{ErrorKind, Write};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use ipc_transport::{BlockingStream, Endpoint, TcpTransport, Transport};

type Pair = (BlockingStream, BlockingStream);

async fn connected(listens: impl Transport, dials: impl FnOnce(Endpoint) -> TcpTransport) -> Pair {
    let mut listener = listens.listen().await.unwrap();
    let dials = dials(listener.endpoint());
    let (ours, theirs) = tokio::try_join!(dials.dial(), listener.accept()).unwrap();
    (ours.into_blocking().unwrap(), theirs.into_blocking().unwrap())
}

#[cfg(unix)]
async fn connected_unix() -> Pair {
    let directory = tempfile::tempdir().unwrap();
    let unix = ipc_transport::UnixTransport::new(directory.path().join("s"));
    let mut listener = unix.listen().await.unwrap();
    let (ours, theirs) = tokio::try_join!(unix.dial(), listener.accept()).unwrap();
    (ours.into_blocking().unwrap(), theirs.into_blocking().unwrap())
}

fn pairs() -> Vec<Pair> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tcp = connected(TcpTransport::new("127.0.0.1", 0), |endpoint| match endpoint {
        Endpoint::Tcp { host, port } => TcpTransport::new(host, port),
        other => panic!("{other}"),
    });
    vec![
        runtime.block_on(tcp),
        #[cfg(unix)]
        runtime.block_on(connected_unix()),
    ]
}

/// Reads without waiting until something came.
fn look(stream: &mut BlockingStream, buf: &mut impl BufMut) -> usize {
    loop {
        match stream.try_read_buf(buf) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            read => return read.unwrap(),
        }
    }
}

#[test]
fn looking_takes_what_is_there_and_never_waits() {
    for (mut ours, mut theirs) in pairs() {
        let mut buf = BytesMut::with_capacity(100);
        let nothing = ours.try_read_buf(&mut buf).unwrap_err();
        assert_eq!((nothing.kind(), buf.len()), (ErrorKind::WouldBlock, 0));
        theirs.write_all(b"one").unwrap();
        assert_eq!(look(&mut ours, &mut buf), 3);
        theirs.write_all(b"two").unwrap();
        assert_eq!(look(&mut ours, &mut buf), 3);
        assert_eq!(buf, "onetwo");
        drop(theirs);
        assert_eq!(look(&mut ours, &mut buf), 0);
        assert_eq!(buf, "onetwo");
    }
}

#[test]
fn a_socket_that_was_looked_at_still_waits() {
    for (mut ours, mut theirs) in pairs() {
        let mut buf = BytesMut::with_capacity(100);
        ours.try_read_buf(&mut buf).unwrap_err();
        let reader = std::thread::spawn(move || {
            let read = ours.read_buf(&mut buf);
            read.map(|read| (read, buf.freeze()))
        });
        theirs.write_all(b"late").unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), (4, "late".into()));
    }
}

#[test]
fn looking_leaves_the_time_limit_of_reads_as_it_is() {
    for (mut ours, _theirs) in pairs() {
        ours.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut buf = BytesMut::with_capacity(100);
        ours.try_read_buf(&mut buf).unwrap_err();
        let late = ours.read_buf(&mut buf).unwrap_err();
        assert!(matches!(late.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{late}");
    }
}

#[test]
fn a_read_fills_no_more_than_there_is_room_for() {
    for (mut ours, mut theirs) in pairs() {
        theirs.write_all(b"four").unwrap();
        let mut buf = BytesMut::with_capacity(100);
        assert_eq!(ours.read_buf(&mut (&mut buf).limit(3)).unwrap(), 3);
        let full = ours.read_buf(&mut (&mut buf).limit(0)).unwrap_err();
        let looked = ours.try_read_buf(&mut (&mut buf).limit(0)).unwrap_err();
        assert_eq!(
            (full.kind(), looked.kind()),
            (ErrorKind::InvalidInput, ErrorKind::InvalidInput)
        );
        assert_eq!(look(&mut ours, &mut buf), 1);
        assert_eq!(buf, "four");
    }
}
