//! Peers that hang up on a program whose SIGPIPE is at its default, as in a C host.
#![expect(unsafe_code, reason = "Rust's own main ignores SIGPIPE, and std cannot set it back")]

use std::io::{ErrorKind, IoSlice, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use ipc_transport::{Endpoint, Listener, OpenTransport, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::Result;

#[cfg(feature = "tls-base")]
#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod certificates;

/// A program that is killed by the signal, so that the tests below mean something.
pub(crate) fn a_plain_write_kills_such_a_program() -> Result {
    assert_eq!(status_of(&["hang-up", "std"])?.signal(), Some(libc::SIGPIPE));
    Ok(())
}

pub(crate) fn no_peer_that_hangs_up_raises_a_signal() -> Result {
    for kind in KINDS {
        for driver in ["whole", "halves", "blocking"] {
            if *kind == "tls" && driver == "blocking" {
                continue;
            }
            let status = status_of(&["hang-up", kind, driver])?;
            assert!(status.success(), "{kind} {driver}: {status}");
        }
    }
    Ok(())
}

/// Starts this program in a role and returns how it ended.
fn status_of(role: &[&str]) -> Result<ExitStatus> {
    Ok(Command::new(std::env::current_exe()?).arg("--play").args(role).status()?)
}

/// The child: both sides of a few hundred connections, one of which hangs up each time while the
/// other goes on writing.
pub(crate) fn play(kind: &str, driver: &str) -> Result {
    // SAFETY: the default action is no handler of ours, and there is one thread yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    if kind == "std" {
        let (mut ours, theirs) = UnixStream::pair()?;
        drop(theirs);
        let written = ours.write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")]);
        return Err(format!("survived: {written:?}").into());
    }
    let runtime = Runtime::new()?;
    let place = tempfile::tempdir()?;
    let (mut listener, client) = runtime.block_on(start(kind, place.path()))?;
    for round in 0..ROUNDS {
        let pair =
            runtime.block_on(async { tokio::try_join!(client.dial(), listener.accept()) })?;
        // Whoever hangs up, the other side notices.
        let (stays, leaves) = if round % 2 == 0 { pair } else { (pair.1, pair.0) };
        match driver {
            "whole" => runtime.block_on(until_hung_up(stays, leaves))?,
            "halves" => runtime.block_on(async {
                let (_reader, writer) = stays.into_split();
                until_hung_up(writer, leaves).await
            })?,
            _ => {
                let _context = runtime.enter();
                waiting_until_hung_up(stays, leaves)?;
            }
        }
    }
    Ok(())
}

/// Writes one slice and several, of 20,000 and 10 bytes, until the peer, which reads a little and
/// then closes, is known to be gone.
async fn until_hung_up(mut writer: impl AsyncWrite + Unpin, mut leaves: Stream) -> Result {
    writer.write_all(b"!").await?;
    writer.flush().await?;
    leaves.read_u8().await?;
    drop(leaves);
    let (long, short) = ([b'x'; 20_000], [b'y'; 10]);
    let mut errors = 0;
    loop {
        let slices = [IoSlice::new(&long), IoSlice::new(&short)];
        let results = [writer.write_vectored(&slices).await, writer.write(&short).await];
        let flushed = writer.flush().await.map(|()| 0);
        for result in results.into_iter().chain([flushed]) {
            let Err(error) = result else { continue };
            errors += 1;
            // The first may be the reset; the signal comes with writes after that.
            if error.kind() == ErrorKind::BrokenPipe || errors > 10 {
                return Ok(());
            }
        }
    }
}

/// The same with a stream that waits.
fn waiting_until_hung_up(stays: Stream, leaves: Stream) -> Result {
    let (mut writer, mut leaves) = (stays.into_blocking()?, leaves.into_blocking()?);
    writer.write_all(b"!")?;
    std::io::Read::read_exact(&mut leaves, &mut [0])?;
    drop(leaves);
    let (long, short) = ([b'x'; 20_000], [b'y'; 10]);
    let mut ways: [Way; 4] = [
        |writer, slices| writer.try_write_vectored(slices),
        |writer, slices| writer.try_write_vectored(&slices[..1]),
        |writer, slices| writer.write_vectored(slices),
        |writer, slices| writer.write(&slices[0]),
    ];
    loop {
        for way in &mut ways {
            let written = way(&mut writer, &[IoSlice::new(&long), IoSlice::new(&short)]);
            if written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
                // Each of them once more, now that it is known.
                for way in &ways {
                    let written = way(&mut writer, &[IoSlice::new(&long), IoSlice::new(&short)]);
                    assert_eq!(written.map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
                }
                return Ok(());
            }
        }
    }
}

type Way = fn(&mut ipc_transport::BlockingStream, &[IoSlice<'_>]) -> std::io::Result<usize>;

async fn start(
    kind: &str,
    place: &std::path::Path,
) -> Result<(Box<dyn Listener>, Box<dyn Transport>)> {
    #[cfg(feature = "tls-base")]
    if kind == "tls" {
        let authority = certificates::Authority::new("ca");
        let identity = authority.issue(&["127.0.0.1"]);
        let server = ipc_transport::TlsServer::builder(identity.chain(), identity.key()).build()?;
        let client = ipc_transport::TlsClient::builder().trust(authority.pem()).build()?;
        let at = |port| ipc_transport::TlsTransport::new("127.0.0.1", port);
        let listener = at(0).with_server(server).listen().await?;
        let Endpoint::Tls { port, .. } = listener.endpoint() else { return Err("not TLS".into()) };
        return Ok((listener, Box::new(at(port).with_client(client))));
    }
    let path = place.join("app.world");
    let listener = match kind {
        "unix" => Endpoint::Unix(path).transport()?.listen().await?,
        "abstract" => {
            let name = format!("ipc-transport.hang-up.{}", std::process::id());
            Endpoint::Abstract(name).transport()?.listen().await?
        }
        "tcp" => "tcp:127.0.0.1:0".parse::<Endpoint>()?.transport()?.listen().await?,
        "inherited" => {
            let socket = std::os::unix::net::UnixListener::bind(path)?;
            OpenTransport::new(socket)?.listen().await?
        }
        _ => {
            let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
            OpenTransport::new(socket)?.listen().await?
        }
    };
    let client = listener.endpoint().transport()?;
    Ok((listener, client))
}

const KINDS: &[&str] = &[
    "unix",
    #[cfg(target_os = "linux")]
    "abstract",
    "inherited",
    #[cfg(feature = "tcp")]
    "tcp",
    #[cfg(feature = "tcp")]
    "inherited tcp",
    #[cfg(feature = "tls-base")]
    "tls",
];
const ROUNDS: u32 = 100;
