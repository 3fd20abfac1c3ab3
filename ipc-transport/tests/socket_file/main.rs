//! What a server does with whatever it finds at its path, and what it leaves there at the end.
#![cfg(all(unix, feature = "unix"))]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod displaced;
mod kernel;
mod occupants;
mod paths;
mod starts;

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use ipc_transport::{Listener, Transport, UnixTransport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> std::io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("app.world");
        Ok(Self { directory, path })
    }

    pub(crate) fn transport(&self) -> UnixTransport {
        UnixTransport::new(&self.path)
    }

    /// Leaves what a killed server leaves: a socket file without a listener.
    pub(crate) fn make_stale(&self) -> std::io::Result<()> {
        UnixListener::bind(&self.path).map(drop)
    }

    pub(crate) fn names(&self) -> std::io::Result<Vec<String>> {
        let entries = fs::read_dir(self.directory.path())?;
        let name = |entry: std::io::Result<fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        entries.map(name).collect()
    }
}

/// Checks that a server and a client find each other at the path.
pub(crate) async fn check_serves(listener: &mut Box<dyn Listener>, path: &Path) -> TestResult {
    let client = UnixTransport::new(path);
    let (mut ours, mut theirs) = tokio::try_join!(client.dial(), listener.accept())?;
    ours.write_all(b"!").await?;
    assert_eq!(theirs.read_u8().await?, b'!');
    Ok(())
}
