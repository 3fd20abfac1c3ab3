//! Making a socket file in its place: mode, bind, rights, and only then listen.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tokio::net::{UnixListener, UnixSocket};

use super::file::SocketFile;
use super::look::Stale;
use super::{calls, failed};
use crate::TransportError;
use crate::kinds::unix::{file_group, socket_path, sys};

/// What a socket file is given before a client can connect to it.
#[derive(Debug)]
pub(super) struct Rights {
    pub(super) mode: u32,
    pub(super) group: Option<file_group::Found>,
    pub(super) backlog: u32,
}

/// Makes a listening socket at the path, in place of `stale` if given.
///
/// Until the socket listens every connect is refused, so whatever rights the file has for a
/// moment open it to no one. Returns `None` if what is at the path is no longer what the caller
/// saw.
pub(super) fn make(
    path: &Path,
    rights: &Rights,
    stale: Option<&Stale>,
) -> Result<Option<(UnixListener, SocketFile)>, TransportError> {
    let socket = UnixSocket::new_stream().map_err(|error| failed(path, "socket", error))?;
    // Where this is refused, or does nothing, the mode is set on the file below.
    let _ = calls::fchmod(&socket, rights.mode);
    if let Some(stale) = stale {
        if !stale.id.is_at(path) {
            return Ok(None);
        }
        match calls::unlink(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(path, "unlink", error));
            }
            _ => {}
        }
    }
    match bind(&socket, path) {
        // A server that takes no lock, such as one in Node, was faster.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(None),
        other => other.map_err(|error| failed(path, "bind", error))?,
    }
    let file = SocketFile::new(path).map_err(|error| {
        // It is ours, and no value is there that would remove it.
        let _ = calls::unlink(path);
        failed(path, "lstat", error)
    })?;
    give_rights(path, rights)?;
    let io = socket.listen(rights.backlog).map_err(|error| failed(path, "listen", error))?;
    Ok(Some((io, file)))
}

/// Binds the socket, to the absolute path if that fits: the kernel then knows the file by the name
/// that cleaners of temporary directories look for.
fn bind(socket: &UnixSocket, path: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(path)?;
    if absolute != path && socket_path::fits(&absolute) {
        match calls::bind(socket, &absolute) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {}
            other => return other,
        }
    }
    calls::bind(socket, path)
}

/// Sets group and mode, as far as the file system has them.
///
/// The group comes first: the mode is never in force for another one.
fn give_rights(path: &Path, rights: &Rights) -> Result<(), TransportError> {
    if let Some(group) = &rights.group {
        group.own(path)?;
    }
    let mode = || calls::lstat(path).map(|found| found.mode() & 0o7777);
    let is_exact = |mode: &io::Result<u32>| mode.as_ref().is_ok_and(|mode| *mode == rights.mode);
    // On Linux the file has the mode already, unless the umask took something away.
    if is_exact(&mode()) {
        return Ok(());
    }
    let set = calls::chmod(path, rights.mode);
    let actual = mode().map_err(|error| failed(path, "lstat", error))?;
    let is_wider = actual & !rights.mode & OTHERS != 0;
    if !is_wider || is_ours_alone(path) {
        return Ok(());
    }
    let source = set.err().unwrap_or_else(|| io::ErrorKind::Unsupported.into());
    Err(TransportError::ModeRefused { path: path.to_owned(), mode: rights.mode, actual, source })
}

/// Returns whether only our own user can enter the directory of the socket.
fn is_ours_alone(path: &Path) -> bool {
    fs::metadata(socket_path::directory(path)).is_ok_and(|found| {
        found.uid() == sys::effective_uid() && found.permissions().mode() & OTHERS == 0
    })
}

/// The permission bits of all users but the owner.
const OTHERS: u32 = 0o077;
