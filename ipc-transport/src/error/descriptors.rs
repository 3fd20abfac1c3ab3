//! Telling whether an error means that file descriptors ran out.

use std::io;

/// Returns whether a process or system has no file descriptor left.
pub(crate) fn is_too_many_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [libc::EMFILE, libc::ENFILE];
    #[cfg(not(unix))]
    let codes = [WSAEMFILE];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(not(unix))]
const WSAEMFILE: i32 = 10024;
