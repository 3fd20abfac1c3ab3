//! A server that is there and whose backlog is full: a place is waited for, up to the deadline.
#![cfg(all(target_os = "linux", feature = "unix"))]
#![expect(clippy::panic, reason = "a helper that cannot go on fails the test")]

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::Duration;

use ipc_transport::{
    AbstractTransport, FallbackTransport, FaultTransport, Faults, PeerCheck, TapLog, TapTransport,
    Transport, TransportError, UnixTransport,
};

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A listening socket with a full backlog, and those who fill it.
struct Full {
    listener: UnixListener,
    _first: UnixStream,
    /// With the file.
    _directory: tempfile::TempDir,
    make: Box<dyn Fn(Option<Duration>) -> Box<dyn Transport>>,
}

fn full(is_abstract: bool) -> std::io::Result<Full> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let name = format!("ipc-transport.busy.{}", path.display());
    let address = match is_abstract {
        true => SocketAddr::from_abstract_name(&name)?,
        false => SocketAddr::from_pathname(&path)?,
    };
    let listener = UnixListener::bind_addr(&address)?;
    // A backlog of 0 has room for one.
    socket2::SockRef::from(&listener).listen(0)?;
    let first = UnixStream::connect_addr(&address)?;
    let make = move |busy: Option<Duration>| -> Box<dyn Transport> {
        if is_abstract {
            let plain = AbstractTransport::new(&name).with_peer_check(PeerCheck::Any);
            return match busy {
                Some(busy) => Box::new(plain.with_busy_timeout(busy)),
                None => Box::new(plain),
            };
        }
        let plain = UnixTransport::new(&path);
        match busy {
            Some(busy) => Box::new(plain.with_busy_timeout(busy)),
            None => Box::new(plain),
        }
    };
    Ok(Full { listener, _first: first, _directory: directory, make: Box::new(make) })
}

impl Full {
    fn transport(&self, busy: Option<Duration>) -> Box<dyn Transport> {
        (self.make)(busy)
    }
}

#[track_caller]
fn assert_busy<T: std::fmt::Debug>(dialed: Result<T, TransportError>, expected: Duration) {
    match dialed {
        Err(TransportError::Busy { waited_ms, .. }) => {
            assert_eq!(u128::from(waited_ms), expected.as_millis());
        }
        other => panic!("expected Busy, got {other:?}"),
    }
}

both_runtimes!(a_full_backlog_is_busy_when_the_time_is_over);
async fn a_full_backlog_is_busy_when_the_time_is_over() -> TestResult {
    let [short, long] = [50, 60_000].map(Duration::from_millis);
    for is_abstract in [false, true] {
        let full = full(is_abstract)?;
        let begun = tokio::time::Instant::now();
        assert_busy(full.transport(None).dial_within(short).await, short);
        // What was set for it counts if it is less.
        assert_busy(full.transport(Some(short)).dial_within(long).await, short);
        assert_busy(full.transport(Some(long)).dial_within(short).await, short);
        assert_busy(full.transport(Some(short)).dial().await, short);
        assert!(begun.elapsed() >= 4 * short);
        assert_busy(full.transport(Some(Duration::ZERO)).dial().await, Duration::ZERO);
        // Through the wrappers, too.
        let inner = || full.transport(None);
        let wrapped: [Box<dyn Transport>; 3] = [
            Box::new(TapTransport::new(inner(), TapLog::new())),
            Box::new(FaultTransport::new(inner(), Faults::new(1))),
            Box::new(FallbackTransport::new(inner()).or(inner())),
        ];
        for transport in wrapped {
            let error = transport.dial_within(short).await.map(drop).err();
            assert_eq!(error.map(|error| error.code()), Some("busy"));
        }
    }
    Ok(())
}

both_runtimes!(a_place_that_gets_free_is_taken);
async fn a_place_that_gets_free_is_taken() -> TestResult {
    for is_abstract in [false, true] {
        let full = full(is_abstract)?;
        for within in [true, false] {
            let transport = full.transport(Some(Duration::from_secs(60)));
            let dialing = tokio::spawn(async move {
                match within {
                    true => transport.dial_within(Duration::from_secs(90)).await,
                    false => transport.dial().await,
                }
            });
            // It is turned away at least once.
            tokio::task::yield_now().await;
            assert!(!dialing.is_finished());
            full.listener.accept()?;
            dialing.await??;
        }
    }
    Ok(())
}

both_runtimes!(a_busy_server_is_present);
async fn a_busy_server_is_present() -> TestResult {
    let full = full(false)?;
    let path = full.transport(None).endpoint();
    let ipc_transport::Endpoint::Unix(path) = path else { return Err("not a path".into()) };
    let presence = UnixTransport::new(&path).presence().await?;
    assert_eq!(presence, ipc_transport::Presence::Live);
    let started = UnixTransport::new(&path).listen().await.map(drop);
    assert_eq!(started.map_err(|error| error.code()), Err("already_running"));
    Ok(())
}
