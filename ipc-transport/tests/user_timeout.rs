//! That a user timeout cuts a TCP peer that reads nothing, which is why there is none by default.
#![cfg(all(target_os = "linux", feature = "tcp"))]

use std::io;
use std::time::Duration;

use ipc_transport::{Endpoint, Stream, TcpTransport, Transport};
use tokio::io::AsyncWriteExt;

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Writes until the connection fails.
async fn write_on(stream: &mut Stream) -> io::Error {
    let bytes = vec![0; 64 * 1024];
    loop {
        if let Err(error) = stream.write_all(&bytes).await {
            return error;
        }
    }
}

both_runtimes!(a_peer_that_reads_nothing_is_cut_only_with_a_user_timeout);
async fn a_peer_that_reads_nothing_is_cut_only_with_a_user_timeout() -> TestResult {
    let mut listener = TcpTransport::new("127.0.0.1", 0).listen().await?;
    let Endpoint::Tcp { port, .. } = listener.endpoint() else { return Err("no port".into()) };
    let patient = TcpTransport::new("127.0.0.1", port);
    let hasty = patient.clone().with_user_timeout(Duration::from_millis(200));
    let mut patient = patient.dial().await?;
    let _one = listener.accept().await?;
    let mut hasty = hasty.dial().await?;
    let _other = listener.accept().await?;
    tokio::select! {
        error = write_on(&mut patient) => panic!("cut: {error}"),
        error = write_on(&mut hasty) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
        () = tokio::time::sleep(Duration::from_secs(60)) => panic!("not cut"),
    }
    Ok(())
}
