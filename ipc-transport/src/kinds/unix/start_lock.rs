//! One server start at a time for each socket path, across processes, leaving no file behind.
//!
//! The lock is an empty file beside the socket, `.<name>.starting`, locked by flock(2) and
//! unlinked by its holder before the lock ends. A process that is killed while it holds the
//! lock leaves the empty file, but not the lock: the next start takes and unlinks it.
//!
//! Some file systems know no locks (NFS without its daemon, say). A start goes on without one
//! there: binding is exclusive by itself, and only the replacement of a stale socket is less sure.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::socket_file::calls;
use super::socket_path;
use crate::TransportError;

/// The right to look at, replace and bind a socket path; dropping it passes the right on.
#[derive(Debug)]
pub(super) struct StartLock {
    path: PathBuf,
    /// Open, and thereby locked, until after the file is unlinked.
    _file: File,
    /// The process that took the lock: a child that is forked meanwhile unlinks nothing.
    holder: u32,
}

impl StartLock {
    /// Waits until no other process is starting a server at the same socket path.
    ///
    /// Returns `None` where the file system has no locks.
    ///
    /// Cancel safe: a dropped future holds no lock.
    ///
    /// # Errors
    ///
    /// [`TransportError::StartInProgress`] if that takes too long; what `explain` makes of the
    /// system's refusal to open the lock file.
    pub(super) async fn acquire(
        socket: &Path,
        explain: impl FnOnce(&Path, io::Error) -> TransportError,
    ) -> Result<Option<Self>, TransportError> {
        let path = lock_path(socket);
        for _ in 0..TRIES {
            match try_acquire(&path) {
                Ok(Tried::Locked(file)) => {
                    return Ok(Some(Self { path, _file: file, holder: std::process::id() }));
                }
                Ok(Tried::Lacking) => return Ok(None),
                Ok(Tried::Busy) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(explain(&path, error)),
            }
        }
        let waited_ms = u64::from(TRIES) * PAUSE.as_millis() as u64;
        Err(TransportError::StartInProgress { path: socket.to_owned(), waited_ms })
    }
}

impl Drop for StartLock {
    fn drop(&mut self) {
        if self.holder == std::process::id() {
            clear_away(&self.path);
        }
    }
}

/// Unlinks a lock file, unless it has content: then it is not one that a start made.
fn clear_away(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0) {
        // A lock file that stays is harmless: the next start takes it over.
        let _ = fs::remove_file(path);
    }
}

/// What came of a try to take the lock.
#[derive(Debug)]
enum Tried {
    Locked(File),
    /// Another process has it.
    Busy,
    /// The file system has no locks.
    Lacking,
}

fn try_acquire(path: &Path) -> io::Result<Tried> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // In a directory open to all, a link here could lead anywhere, and a fifo could block.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_lacking(&error) => return Ok(Tried::Lacking),
        Err(error) => return Err(error),
    };
    match lock(&file, path) {
        Ok(true) => Ok(Tried::Locked(file)),
        Ok(false) => Ok(Tried::Busy),
        // Why ever it is refused: a start is better than none.
        Err(_) => {
            clear_away(path);
            Ok(Tried::Lacking)
        }
    }
}

/// Returns whether the error says that the file system has no regular files.
fn is_lacking(error: &io::Error) -> bool {
    // On Linux the last two are the same number.
    let lacking = [libc::ENOSYS, libc::EINVAL, libc::EOPNOTSUPP, libc::ENOTSUP];
    error.raw_os_error().is_some_and(|number| lacking.contains(&number))
}

/// Locks the file, unless another process has it or it is not the one at the path any more.
fn lock(file: &File, path: &Path) -> io::Result<bool> {
    if !calls::flock(file)? {
        return Ok(false);
    }
    // The last holder may have unlinked the file between our open and our lock; a lock on a
    // file without a name locks nothing.
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn lock_path(socket: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(socket.file_name().unwrap_or_default());
    name.push(".starting");
    socket_path::directory(socket).join(name)
}

/// A start takes well under a millisecond; five seconds cover a machine that is very busy.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_never_given_back_is_an_error() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("app.world");
        let acquire = || StartLock::acquire(&socket, |_, error| panic!("{error}"));
        let held = acquire().await;
        assert!(matches!(held, Ok(Some(_))));
        match acquire().await {
            Err(TransportError::StartInProgress { path, waited_ms }) => {
                assert_eq!((path, waited_ms), (socket.clone(), 5000));
            }
            other => panic!("expected StartInProgress, got {other:?}"),
        }
        drop(held);
        assert!(matches!(acquire().await, Ok(Some(_))));
        assert!(fs::read_dir(directory.path())?.next().is_none());
        Ok(())
    }

    #[test]
    fn a_lock_on_a_file_that_lost_its_name_does_not_count() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("lock");
        // Two processes open the file; the first locks it, works, and unlinks it.
        let (first, second) = (File::create(&path)?, File::open(&path)?);
        assert!(lock(&first, &path)?);
        assert!(!lock(&second, &path)?);
        fs::remove_file(&path)?;
        drop(first);
        assert!(!lock(&second, &path)?);
        // Nor does it count once a third has made a new file.
        assert!(lock(&File::create(&path)?, &path)?);
        assert!(!lock(&second, &path)?);
        Ok(())
    }
}
