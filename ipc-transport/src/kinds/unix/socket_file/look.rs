//! What is at a socket path, found out without disturbing a server there.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tokio::net::UnixStream;

use super::file::FileId;
use super::{calls, failed};
use crate::TransportError;

/// What is at a socket path.
#[derive(Debug)]
pub(in crate::kinds::unix) enum Found {
    Nothing,
    Stale(Stale),
    Live,
}

/// A socket file that no process has open.
#[derive(Debug)]
pub(in crate::kinds::unix) struct Stale {
    pub(super) id: FileId,
    /// Keeps the inode, so that no new file at the path can get its number and be taken for it.
    /// `None` where a socket cannot be opened without connecting: anywhere but on Linux.
    _kept: Option<File>,
}

impl Stale {
    fn new(path: &Path, id: FileId) -> Self {
        Self { id, _kept: keep(path) }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn keep(path: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let flags = libc::O_PATH | libc::O_NOFOLLOW;
    File::options().read(true).custom_flags(flags).open(path).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn keep(_: &Path) -> Option<File> {
    None
}

/// Returns what is at the path, or an error if that is not a socket.
///
/// A live server does not notice: a datagram socket cannot connect to a stream socket, and the
/// system says so only if a process has that one open. A stream socket in its place would be a
/// connection to the server.
pub(in crate::kinds::unix) async fn inspect(path: &Path) -> Result<Found, TransportError> {
    let found = match calls::lstat(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(source) => return Err(failed(path, "lstat", source)),
    };
    if !found.file_type().is_socket() {
        let (path, found) = (path.to_owned(), name_of(found.file_type()));
        return Err(TransportError::NotASocket { path, found });
    }
    let mut probe = UnixDatagram::unbound().and_then(|socket| socket.connect(path));
    if is_refused(&probe) {
        // Some systems that act as Linux do (gVisor) refuse a datagram socket in any case. A file
        // that may be replaced has to be stale by both.
        probe = UnixStream::connect(path).await.map(drop);
    }
    match probe {
        Ok(()) => Ok(Found::Live),
        Err(error) => match error.raw_os_error() {
            // A live socket of another type, or one with a full backlog.
            Some(libc::EPROTOTYPE | libc::EAGAIN) => Ok(Found::Live),
            Some(libc::ECONNREFUSED) => Ok(Found::Stale(Stale::new(path, FileId::of(&found)))),
            Some(libc::ENOENT) => Ok(Found::Nothing),
            _ => Err(failed(path, "probe", error)),
        },
    }
}

fn is_refused(probe: &io::Result<()>) -> bool {
    matches!(probe, Err(error) if error.raw_os_error() == Some(libc::ECONNREFUSED))
}

fn name_of(kind: fs::FileType) -> &'static str {
    if kind.is_file() {
        "regular file"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symbolic link"
    } else if kind.is_fifo() {
        "named pipe"
    } else {
        "device"
    }
}
