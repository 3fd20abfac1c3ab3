//! The life of a socket file: look, lock, bind in place, watch, remove.
//!
//! The socket is bound at its own path, so that the kernel and every tool that asks it know the
//! file by the name that is served. What a moment without the right mode or without a listener
//! could do is kept away by order: the mode is set before the file appears (Linux) or before the
//! socket listens (elsewhere), and until it listens no client can connect.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixListener;

use super::file_group::{self, Group};
use super::start_lock::StartLock;
use super::{socket_path, sys};
use crate::kinds::common::accept::is_too_many_files;
use crate::{Endpoint, TransportError};

pub(super) mod calls;
mod file;
mod look;
mod make;
#[cfg(test)]
mod tests;

pub(super) use file::FileId;
pub(crate) use file::SocketFile;
use look::Stale;
pub(super) use look::{Found, inspect};
use make::Rights;

/// How a socket file is made.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) mode: u32,
    pub(super) unlink: bool,
    pub(super) backlog: u32,
    /// The group to look up and give the file to.
    pub(super) group: Option<Group>,
}

/// Takes the path for a new server and returns its listening socket and its file.
///
/// Cancel safe: a dropped future leaves nothing behind, or the path free.
pub(super) async fn claim(
    path: &Path,
    plan: &Plan,
) -> Result<(UnixListener, SocketFile), TransportError> {
    socket_path::check(path)?;
    check_directory(path)?;
    let group = match &plan.group {
        Some(group) => {
            Some(file_group::Found::look_up(group, &Endpoint::Unix(path.to_owned())).await?)
        }
        None => None,
    };
    let rights = Rights { mode: plan.mode, group, backlog: plan.backlog };
    // The first look needs no rights in the directory, so that a running server is reported as
    // such to whoever asks; the second, under the lock, is the one that counts.
    look(path, plan).await?;
    let lock = StartLock::acquire(path, |lock, error| failed(lock, "lock", error)).await?;
    for _ in 0..TRIES {
        let stale = look(path, plan).await?;
        if let (Some(seen), None) = (&stale, &lock) {
            // A rival that is between its bind and its listen looks just as stale, and no lock
            // keeps us apart.
            tokio::time::sleep(UNLOCKED_PAUSE).await;
            if look(path, plan).await?.is_none_or(|now| now.id != seen.id) {
                continue;
            }
        }
        if let Some(server) = make::make(path, &rights, stale.as_ref())? {
            return Ok(server);
        }
    }
    Err(TransportError::AddressInUse { endpoint: Endpoint::Unix(path.to_owned()) })
}

fn check_directory(path: &Path) -> Result<(), TransportError> {
    let directory = socket_path::directory(path);
    match fs::metadata(&directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(TransportError::MissingDirectory { directory }),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => {
            Err(TransportError::MissingDirectory { directory })
        }
        Err(source) => Err(failed(path, "stat", source)),
    }
}

/// Returns the stale socket at the path, `None` if there is nothing, or an error for the rest.
async fn look(path: &Path, plan: &Plan) -> Result<Option<Stale>, TransportError> {
    if !plan.unlink {
        return match calls::lstat(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, "lstat", error)),
            Ok(_) => {
                Err(TransportError::AddressInUse { endpoint: Endpoint::Unix(path.to_owned()) })
            }
        };
    }
    match inspect(path).await? {
        Found::Nothing => Ok(None),
        Found::Stale(stale) => Ok(Some(stale)),
        Found::Live => Err(TransportError::AlreadyRunning { path: path.to_owned() }),
    }
}

fn failed(path: &Path, op: &'static str, source: io::Error) -> TransportError {
    let endpoint = Endpoint::Unix(path.to_owned());
    if is_too_many_files(&source) {
        return TransportError::TooManyFiles { endpoint, source };
    }
    if !is_denied(&source) {
        return TransportError::Io { endpoint, op, source };
    }
    // Another user's file is why we may neither probe nor replace it; if there is none, it is
    // the directory that keeps us from making ours.
    let expected = sys::effective_uid();
    match fs::symlink_metadata(path).map(|found| found.uid()) {
        Ok(actual) if actual != expected => {
            TransportError::ForeignOwner { path: path.to_owned(), expected, actual }
        }
        Ok(_) if op == "probe" => TransportError::Io { endpoint, op, source },
        _ => {
            let directory = socket_path::directory(path);
            TransportError::DirectoryNotWritable { directory, source }
        }
    }
}

fn is_denied(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Each further try means that another server took the path between our look and our bind.
const TRIES: u32 = 8;
/// Between bind and listen a server that is starting needs microseconds.
const UNLOCKED_PAUSE: Duration = Duration::from_millis(50);
