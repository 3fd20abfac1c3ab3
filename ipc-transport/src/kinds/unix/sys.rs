//! The system calls std lacks at our MSRV; the only unsafe code for Unix.
#![expect(unsafe_code, reason = "they have no safe form in std before 1.89, or none at all")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes an exclusive lock on an open file, or returns `false` if another process has it.
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
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory of ours and cannot fail.
    unsafe { libc::geteuid() }
}

/// Returns the supplementary groups that the process at the other end had when it connected; none if
/// the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn peer_groups(socket: &impl AsRawFd) -> Vec<u32> {
    let mut groups = [0_u32; GROUPS];
    let mut room = size_of_val(&groups);
    let ask = |place: *mut u32, bytes: &mut usize| {
        let Ok(mut length) = libc::socklen_t::try_from(*bytes) else { return false };
        // SAFETY: the system writes at most `length` bytes, which is how many there are at `place`, and
        // the length itself; both live through the call.
        let failed = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                place.cast(),
                &raw mut length,
            )
        };
        *bytes = length as usize;
        failed == 0
    };
    if ask(groups.as_mut_ptr(), &mut room) {
        return groups.get(..room / size_of::<u32>()).unwrap_or_default().to_vec();
    }
    // It says how many bytes it would take. They cannot become more meanwhile.
    if io::Error::last_os_error().raw_os_error() != Some(libc::ERANGE) || room > MAX_GROUPS {
        return Vec::new();
    }
    let mut groups = vec![0_u32; room / size_of::<u32>()];
    let known = ask(groups.as_mut_ptr(), &mut room);
    groups.truncate(if known { room / size_of::<u32>() } else { 0 });
    groups
}

#[cfg(not(target_os = "linux"))]
pub(super) fn peer_groups(_: &impl AsRawFd) -> Vec<u32> {
    Vec::new()
}

/// Returns the number of the group with this name, or `None` if it does not exist.
///
/// Blocks while the system looks, perhaps on another machine.
pub(super) fn group_id(name: &str) -> io::Result<Option<u32>> {
    look_up(name, |name, entry: *mut libc::group, room, length, found| {
        // SAFETY: `look_up` passes a text with its NUL, and memory that lives through the call.
        let error = unsafe { libc::getgrnam_r(name, entry, room, length, found) };
        // SAFETY: a pointer that is not null leads to the entry, which has been filled in.
        (error, unsafe { found.read().as_ref() }.map(|found| found.gr_gid))
    })
}

/// Returns the number of the user with this name, or `None` if it does not exist.
///
/// Blocks while the system looks, perhaps on another machine.
pub(super) fn user_id(name: &str) -> io::Result<Option<u32>> {
    look_up(name, |name, entry: *mut libc::passwd, room, length, found| {
        // SAFETY: as for a group.
        let error = unsafe { libc::getpwnam_r(name, entry, room, length, found) };
        // SAFETY: as for a group.
        (error, unsafe { found.read().as_ref() }.map(|found| found.pw_uid))
    })
}

/// Looks a name up with one of the calls that fill in an `E`, and gives it more room until that is
/// enough. The call returns its error number and what it found.
fn look_up<E>(
    name: &str,
    call: impl Fn(
        *const libc::c_char,
        *mut E,
        *mut libc::c_char,
        usize,
        *mut *mut E,
    ) -> (libc::c_int, Option<u32>),
) -> io::Result<Option<u32>> {
    let Ok(name) = CString::new(name) else { return Ok(None) };
    let mut room = vec![0; ENTRY_ROOM];
    loop {
        let mut entry = MaybeUninit::<E>::uninit();
        let mut found = ptr::null_mut();
        let place = (room.as_mut_ptr(), room.len());
        let (error, id) = call(name.as_ptr(), entry.as_mut_ptr(), place.0, place.1, &raw mut found);
        return match error {
            0 => Ok(id),
            // These mean, by getgrnam_r(3), that there is no such entry.
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => Ok(None),
            libc::ERANGE if room.len() < MAX_ENTRY_ROOM => {
                room.resize(room.len() * 2, 0);
                continue;
            }
            libc::EINTR => continue,
            other => Err(io::Error::from_raw_os_error(other)),
        };
    }
}

/// Returns whether this process ignores a signal.
pub(crate) fn ignores(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: nothing is set; `action` is memory of ours that lives through the call.
    let known = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) } == 0;
    // SAFETY: the call has succeeded, so `action` has been filled in.
    known && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Takes over the descriptors that this process was started with, from `first` on, and keeps them
/// from its children; `None` if that was done before, or the number of one that is not open.
pub(crate) fn adopt(
    first: RawFd,
    count: usize,
) -> Option<Result<Vec<OwnedFd>, (RawFd, io::Error)>> {
    static ADOPTED: AtomicBool = AtomicBool::new(false);
    if ADOPTED.swap(true, Ordering::Relaxed) {
        return None;
    }
    let numbers = || (first..).take(count);
    // All are looked at before one is taken over, which would close it if a later one is bad.
    for fd in numbers() {
        // SAFETY: fcntl with these takes no pointers; on what is not open it fails.
        if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
            return Some(Err((fd, io::Error::last_os_error())));
        }
    }
    // SAFETY: each is open, as was just seen. By its variables the service manager gave them to this
    // very process, and `ADOPTED` makes sure that they are handed out once.
    Some(Ok(numbers().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect()))
}

/// How many groups are asked for at first: more than nearly every process has.
#[cfg(target_os = "linux")]
const GROUPS: usize = 64;
/// The most groups that Linux lets a process have, in bytes.
#[cfg(target_os = "linux")]
const MAX_GROUPS: usize = 65_536 * size_of::<u32>();
/// Enough for a group of some dozen members; it doubles as far as [`MAX_ENTRY_ROOM`].
const ENTRY_ROOM: usize = 1 << 10;
/// Room for the largest group that is looked up: 1 MiB is some 50,000 members.
const MAX_ENTRY_ROOM: usize = 1 << 20;
