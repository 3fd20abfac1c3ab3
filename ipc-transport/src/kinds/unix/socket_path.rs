//! Which paths can name a socket, checked before the system truncates or misreads one.

use std::mem::{offset_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::TransportError;

/// The longest path a socket address holds, in bytes: 107 on Linux, 103 on macOS.
///
/// One byte of `sun_path` is left for the NUL that some systems insist on.
pub(super) const LIMIT: usize =
    size_of::<libc::sockaddr_un>() - offset_of!(libc::sockaddr_un, sun_path) - 1;

/// Refuses a path that can never name a socket.
pub(super) fn check(path: &Path) -> Result<(), TransportError> {
    let bytes = path.as_os_str().as_bytes();
    let invalid = |reason| Err(TransportError::InvalidName { name: path.to_owned(), reason });
    if bytes.is_empty() {
        return invalid("it is empty");
    }
    // A leading NUL would be a name outside the file system, without owner and rights.
    if bytes.contains(&0) {
        return invalid("it has a NUL byte");
    }
    if bytes.ends_with(b"/") || path.file_name().is_none() {
        return invalid("it names a directory");
    }
    if !fits(path) {
        let (name, limit, actual) = (path.to_owned(), LIMIT, bytes.len());
        return Err(TransportError::NameTooLong { name, limit, actual, unit: "bytes" });
    }
    Ok(())
}

/// Returns whether a path fits into a socket address.
pub(super) fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= LIMIT
}

/// Returns the directory a path is in; a bare name is in the current one.
pub(super) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
