//! The life of a socket file: look, lock, bind aside, publish, remove.
//!
//! A socket is bound under a temporary name in the same directory, given its mode and set to
//! listen before it gets its real name, so no client ever sees it with other rights or refusing
//! connections. Where the temporary name does not fit into a socket address, or the file system
//! has no hard links, it is bound in place instead: still with its mode before it listens, but
//! a client that comes in between is refused once.

use std::collections::hash_map::RandomState;
use std::fs::{self, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::start_lock::StartLock;
use super::{Group, group, socket_path, sys};
use crate::accept::is_too_many_files;
use crate::{Endpoint, TransportError};

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
        Some(group) => Some(group::Found::look_up(group, &Endpoint::Unix(path.to_owned())).await?),
        None => None,
    };
    let rights = Rights { mode: plan.mode, group, backlog: plan.backlog };
    if !plan.unlink {
        return match publish(path, &rights, None)? {
            Some(server) => Ok(server),
            None => Err(TransportError::AddressInUse { endpoint: Endpoint::Unix(path.to_owned()) }),
        };
    }
    // The first look needs no rights in the directory, so that a running server is reported as
    // such to whoever asks; the second, under the lock, is the one that counts.
    look(path).await?;
    let _lock = StartLock::acquire(path, |lock, error| failed(lock, "lock", error)).await?;
    for _ in 0..PUBLISH_TRIES {
        let stale = look(path).await?;
        if let Some(server) = publish(path, &rights, stale)? {
            return Ok(server);
        }
    }
    Err(TransportError::AddressInUse { endpoint: Endpoint::Unix(path.to_owned()) })
}

/// A socket file this process made, removed on drop if it is still that one.
#[derive(Debug)]
pub(super) struct SocketFile {
    /// `None` once removed. Absolute, so a change of directory does not mislead the removal.
    path: Option<PathBuf>,
    id: FileId,
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        let id = FileId::of(&fs::symlink_metadata(path)?);
        Ok(Self { path: Some(std::path::absolute(path)?), id })
    }

    /// Gives the file another name in place of its own, replacing what has that name.
    fn rename(mut self, to: &Path) -> io::Result<Self> {
        let to = std::path::absolute(to)?;
        if let Some(from) = &self.path {
            fs::rename(from, &to)?;
        }
        self.path = Some(to);
        Ok(self)
    }

    /// Gives the file another name beside its own, or fails if something has that name.
    fn link(&self, to: &Path) -> io::Result<Self> {
        let to = std::path::absolute(to)?;
        if let Some(from) = &self.path {
            fs::hard_link(from, &to)?;
        }
        Ok(Self { path: Some(to), id: self.id })
    }

    /// Removes the file unless something else has taken its place.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        let Some(path) = self.path.take() else { return Ok(()) };
        // The socket is still open, so its inode number cannot have been given to another file.
        let removed = match fs::symlink_metadata(&path) {
            Ok(found) if FileId::of(&found) == self.id => fs::remove_file(&path),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Nobody is left to tell; close() is the way to learn of an error.
        let _ = self.remove();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}

fn check_directory(path: &Path) -> Result<(), TransportError> {
    let directory = socket_path::directory(path);
    match fs::metadata(&directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(TransportError::MissingDirectory { directory }),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => {
            Err(TransportError::MissingDirectory { directory })
        }
        Err(source) => Err(failed(path, "inspect", source)),
    }
}

/// What is at a socket path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Nothing,
    Stale(FileId),
    Live,
}

/// Returns what is at the path, or an error if that is no socket.
///
/// A live server does not notice: a datagram socket cannot connect to a stream socket, and the
/// system says so only if a process has that one open. A stream socket in its place would be a
/// connection to the server.
pub(super) async fn inspect(path: &Path) -> Result<Found, TransportError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(source) => return Err(failed(path, "inspect", source)),
    };
    if !found.file_type().is_socket() {
        let (path, found) = (path.to_owned(), name_of(found.file_type()));
        return Err(TransportError::NotASocket { path, found });
    }
    let mut probe = UnixDatagram::unbound().and_then(|socket| socket.connect(path));
    if is_refused(&probe) {
        // Some systems that act as Linux do (gVisor) refuse a datagram socket in any case. A file
        // that is to be replaced has to be stale by both.
        probe = UnixStream::connect(path).await.map(drop);
    }
    match probe {
        Ok(()) => Ok(Found::Live),
        Err(error) => match error.raw_os_error() {
            // A live socket of another type, or one with a full backlog.
            Some(libc::EPROTOTYPE | libc::EAGAIN) => Ok(Found::Live),
            Some(libc::ECONNREFUSED) => Ok(Found::Stale(FileId::of(&found))),
            Some(libc::ENOENT) => Ok(Found::Nothing),
            _ => Err(failed(path, "probe", error)),
        },
    }
}

fn is_refused(probe: &io::Result<()>) -> bool {
    matches!(probe, Err(error) if error.raw_os_error() == Some(libc::ECONNREFUSED))
}

/// Returns the stale socket at the path, `None` if there is nothing, or an error for the rest.
async fn look(path: &Path) -> Result<Option<FileId>, TransportError> {
    match inspect(path).await? {
        Found::Nothing => Ok(None),
        Found::Stale(id) => Ok(Some(id)),
        Found::Live => Err(TransportError::AlreadyRunning { path: path.to_owned() }),
    }
}

/// What a socket file is given before it is published.
#[derive(Debug)]
struct Rights {
    mode: u32,
    group: Option<group::Found>,
    backlog: u32,
}

/// Makes a listening socket at the path, over `stale` if given.
///
/// Returns `None` if what is at the path is no longer what the caller saw.
fn publish(
    path: &Path,
    rights: &Rights,
    stale: Option<FileId>,
) -> Result<Option<(UnixListener, SocketFile)>, TransportError> {
    let Some((io, aside)) = bind_aside(path, rights)? else {
        return bind_in_place(path, rights, stale);
    };
    match stale {
        Some(stale) if is_still(path, stale) => match aside.rename(path) {
            Ok(file) => Ok(Some((io, file))),
            Err(source) => Err(failed(path, "replace", source)),
        },
        Some(_) => Ok(None),
        // A link, unlike a rename, never replaces anything; dropping `aside` then removes the
        // temporary name.
        None => match aside.link(path) {
            Ok(file) => Ok(Some((io, file))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(_) => bind_in_place(path, rights, None),
        },
    }
}

/// Returns a socket listening under a temporary name, or `None` if no such name fits.
fn bind_aside(
    path: &Path,
    rights: &Rights,
) -> Result<Option<(UnixListener, SocketFile)>, TransportError> {
    for _ in 0..NAME_TRIES {
        let random = RandomState::new().build_hasher().finish() as u32;
        let temporary = socket_path::directory(path).join(format!(".ipc-{random:08x}"));
        if !socket_path::fits(&temporary) {
            return Ok(None);
        }
        if let Some(server) = bind(&temporary, path, rights)? {
            return Ok(Some(server));
        }
    }
    Ok(None)
}

fn bind_in_place(
    path: &Path,
    rights: &Rights,
    stale: Option<FileId>,
) -> Result<Option<(UnixListener, SocketFile)>, TransportError> {
    if let Some(stale) = stale {
        if !is_still(path, stale) {
            return Ok(None);
        }
        fs::remove_file(path).map_err(|error| failed(path, "replace", error))?;
    }
    bind(path, path, rights)
}

/// Binds, sets the group and the mode, then listens: before that last step every connect is
/// refused, so the rights the umask gave the new file for a moment open it to nobody.
///
/// The group comes first: the mode is never in force for another one. Returns `None` if the name
/// is taken; errors are told of `path`.
fn bind(
    name: &Path,
    path: &Path,
    rights: &Rights,
) -> Result<Option<(UnixListener, SocketFile)>, TransportError> {
    let failed = |source| failed(path, "bind", source);
    let socket = UnixSocket::new_stream().map_err(failed)?;
    match socket.bind(name) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(None),
        other => other.map_err(failed)?,
    }
    let file = SocketFile::new(name).map_err(failed)?;
    if let Some(group) = &rights.group {
        group.own(name)?;
    }
    fs::set_permissions(name, Permissions::from_mode(rights.mode)).map_err(failed)?;
    Ok(Some((socket.listen(rights.backlog).map_err(failed)?, file)))
}

fn is_still(path: &Path, id: FileId) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.file_type().is_socket() && FileId::of(&found) == id)
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

/// Each further try means that somebody took the path between our look and our bind.
const PUBLISH_TRIES: u32 = 8;
/// Each further try means that a temporary name of 32 random bits was taken.
const NAME_TRIES: u32 = 8;
