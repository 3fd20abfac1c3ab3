//! Servers that are killed, and servers that start at the same time in several processes.

use std::fs;
use std::path::Path;

use ipc_transport::{Transport, UnixTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::Other;

pub(crate) fn a_killed_server_is_replaced() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let role = ["listen", text(&path)?];
    let mut first = Other::start(&role)?;
    assert_eq!(first.hear()?, "listening");
    first.kill()?;
    assert!(path.exists(), "a killed server cannot clear up");

    let mut second = Other::start(&role)?;
    assert_eq!(second.hear()?, "listening");
    let runtime = Runtime::new()?;
    let mut stream = runtime.block_on(UnixTransport::new(&path).dial())?;
    runtime.block_on(stream.write_all(b"!"))?;
    assert_eq!(second.ask("accept")?, "heard");
    Ok(())
}

pub(crate) fn a_killed_server_shows_to_its_client() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let mut server = Other::start(&["listen", text(&path)?])?;
    assert_eq!(server.hear()?, "listening");
    let runtime = Runtime::new()?;
    let mut stream = runtime.block_on(UnixTransport::new(&path).dial())?;
    runtime.block_on(stream.write_all(b"!"))?;
    assert_eq!(server.ask("accept")?, "heard");
    server.kill()?;
    assert_eq!(runtime.block_on(stream.read(&mut [0; 8]))?, 0);
    let error = runtime.block_on(stream.write_all(b"!")).err().ok_or("written without a peer")?;
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    let error = runtime
        .block_on(UnixTransport::new(&path).dial())
        .err()
        .ok_or("dialed without a server")?;
    assert_eq!(error.code(), "nobody_listening");
    Ok(())
}

pub(crate) fn of_many_processes_exactly_one_serves() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    for _ in 0..5 {
        // The last round's winner was killed, so the path holds a stale socket.
        let starting: Result<Vec<Other>> =
            (0..4).map(|_| Other::start(&["listen", text(&path)?])).collect();
        let mut starting = starting?;
        let mut answers = Vec::new();
        for other in &mut starting {
            answers.push(other.hear()?);
        }
        answers.sort();
        assert_eq!(answers, ["already_running", "already_running", "already_running", "listening"]);
        for other in starting {
            other.kill()?;
        }
    }
    assert_eq!(fs::read_dir(directory.path())?.count(), 1, "no lock and no temporary name stays");
    Ok(())
}

pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "the temporary directory is not UTF-8".into())
}
