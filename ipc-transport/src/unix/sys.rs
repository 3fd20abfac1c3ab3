//! The two system calls std lacks at our MSRV; the only unsafe code of the crate.
#![expect(unsafe_code, reason = "flock and geteuid have no safe form in std before 1.89")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes an exclusive lock on an open file, or returns `false` if somebody else has it.
///
/// The lock ends when the file is closed, or when its process dies.
pub(super) fn try_lock(file: &File) -> io::Result<bool> {
    // SAFETY: flock takes no pointers, and the descriptor is open as long as `file` is borrowed.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::WouldBlock { Ok(false) } else { Err(error) }
}

/// Returns the user id this process acts as.
pub(super) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory of ours and cannot fail.
    unsafe { libc::geteuid() }
}
