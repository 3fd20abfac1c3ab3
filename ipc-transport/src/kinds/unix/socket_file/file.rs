//! `SocketFile`: a file this process made, and who removes it.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::calls;

/// A socket file that is removed at the end, if it is still the same file and this is still the
/// process that made it, or took it over.
#[derive(Debug)]
pub(crate) struct SocketFile {
    /// `None` once removed or given up. Absolute, so a change of directory does not mislead the
    /// removal.
    path: Option<PathBuf>,
    id: FileId,
    /// The process that made it: a forked child has a copy of this value, but not the file.
    maker: u32,
}

impl SocketFile {
    /// Returns the file at the path, which this process has just made or takes over.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let id = FileId::of(&calls::lstat(path)?);
        Ok(Self { path: Some(std::path::absolute(path)?), id, maker: std::process::id() })
    }

    pub(in crate::kinds::unix) const fn id(&self) -> FileId {
        self.id
    }

    /// Leaves the file to another process.
    pub(in crate::kinds::unix) fn disown(mut self) {
        self.path = None;
    }

    /// Removes the file, unless something else has taken its place or another process made it.
    pub(in crate::kinds::unix) fn remove(&mut self) -> io::Result<()> {
        let Some(path) = self.path.take() else { return Ok(()) };
        if self.maker != std::process::id() {
            return Ok(());
        }
        // The socket is still open, so its inode number cannot have been given to another file.
        let removed = match calls::lstat(&path) {
            Ok(found) if FileId::of(&found) == self.id => calls::unlink(&path),
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
        // An error has no reader here; `close` returns it.
        let _ = self.remove();
    }
}

/// A file's device and inode, which no other file has while its socket is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kinds::unix) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(in crate::kinds::unix) fn of(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }

    /// Returns whether the path is still this socket.
    pub(super) fn is_at(self, path: &Path) -> bool {
        calls::lstat(path)
            .is_ok_and(|found| found.file_type().is_socket() && Self::of(&found) == self)
    }
}
