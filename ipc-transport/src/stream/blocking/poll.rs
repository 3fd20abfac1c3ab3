//! poll(2), which std lacks: waiting for either direction of one socket.
#![expect(unsafe_code, reason = "poll has no safe form in std")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use super::{Interest, Ready};

/// Waits until a socket is ready for what is wanted.
pub(super) fn wait(
    socket: BorrowedFd<'_>,
    wanted: Interest,
    timeout: Option<Duration>,
) -> io::Result<Ready> {
    let events = match wanted {
        Interest::Read => libc::POLLIN,
        Interest::Write => libc::POLLOUT,
        Interest::Both => libc::POLLIN | libc::POLLOUT,
    };
    let mut entry = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
    // Rounded up: half a millisecond would otherwise spin.
    let millis = timeout.map_or(-1, |timeout| {
        i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
    });
    // SAFETY: `entry` is one valid entry for the time of the call, and the descriptor is open as
    // long as it is borrowed.
    let found = unsafe { libc::poll(&raw mut entry, 1, millis) };
    if found < 0 {
        let error = io::Error::last_os_error();
        // A signal is as good as time that is over: the caller looks and waits again.
        return match error.kind() {
            io::ErrorKind::Interrupted => Ok(Ready::default()),
            _ => Err(error),
        };
    }
    let failed = entry.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0;
    let ready = |event| entry.revents & event != 0 || (failed && events & event != 0);
    Ok(Ready { read: ready(libc::POLLIN), write: ready(libc::POLLOUT) })
}
