//! The calls that make a socket file. Some file systems lack one of them, so a test can make each
//! fail.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::net::UnixSocket;

use crate::kinds::unix::sys;

/// Sets the mode that the file of a socket will have, before there is one.
///
/// On Linux bind(2) makes the file with the mode of the socket's own inode, less the umask, so a
/// file never appears with another one. Other systems refuse the call, or it has no effect.
pub(super) fn fchmod(socket: &UnixSocket, mode: u32) -> io::Result<()> {
    refuse("fchmod")?;
    let descriptor = File::from(socket.as_fd().try_clone_to_owned()?);
    descriptor.set_permissions(Permissions::from_mode(mode))
}

pub(super) fn bind(socket: &UnixSocket, path: &Path) -> io::Result<()> {
    refuse("bind")?;
    socket.bind(path)
}

/// Returns what is at the path itself, not what a link there leads to.
pub(in crate::kinds::unix) fn lstat(path: &Path) -> io::Result<fs::Metadata> {
    refuse("lstat")?;
    fs::symlink_metadata(path)
}

pub(super) fn chmod(path: &Path, mode: u32) -> io::Result<()> {
    refuse("chmod")?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(super) fn unlink(path: &Path) -> io::Result<()> {
    refuse("unlink")?;
    fs::remove_file(path)
}

/// Locks an open file, or returns `false` if another process has it locked.
pub(in crate::kinds::unix) fn flock(file: &File) -> io::Result<bool> {
    refuse("flock")?;
    sys::try_lock(file)
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests make it fail")]
fn refuse(_: &'static str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(in crate::kinds::unix) use faults::{Faults, refuse};

#[cfg(test)]
mod faults {
    use std::cell::RefCell;
    use std::io;

    thread_local! {
        static REFUSED: RefCell<Vec<(&'static str, i32)>> = const { RefCell::new(Vec::new()) };
    }

    /// Makes calls of this thread fail until it is dropped.
    pub(in crate::kinds::unix) struct Faults;

    impl Faults {
        pub(in crate::kinds::unix) fn of(refused: &[(&'static str, i32)]) -> Self {
            REFUSED.with_borrow_mut(|now| now.extend_from_slice(refused));
            Self
        }
    }

    impl Drop for Faults {
        fn drop(&mut self) {
            REFUSED.with_borrow_mut(Vec::clear);
        }
    }

    pub(in crate::kinds::unix) fn refuse(call: &'static str) -> io::Result<()> {
        REFUSED.with_borrow(|refused| match refused.iter().find(|(name, _)| *name == call) {
            Some((_, number)) => Err(io::Error::from_raw_os_error(*number)),
            None => Ok(()),
        })
    }
}
