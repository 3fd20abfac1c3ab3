//! One instance of a pipe that waits for its client, and what the system's refusals mean.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation as win;

use super::security::Access;
use super::sys;

/// Makes an instance that clients can connect to from now on.
pub(super) fn create(
    name: &str,
    buffer_size: u32,
    access: &Access,
    first: bool,
) -> io::Result<NamedPipeServer> {
    let mut options = ServerOptions::new();
    options.first_pipe_instance(first).reject_remote_clients(true);
    options.in_buffer_size(buffer_size).out_buffer_size(buffer_size);
    let pipe = sys::create(&options, name, access.descriptor())?;
    wait_for_client(&pipe)?;
    Ok(pipe)
}

/// Begins to wait for a client: when there is one, the pipe becomes writable.
///
/// It is asked once only, and never again after the client has come: each time that is asked of a
/// connected pipe makes it writable once more, and [`super::stream`] takes that for the end of a
/// write.
fn wait_for_client(pipe: &NamedPipeServer) -> io::Result<()> {
    match pin!(pipe.connect()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => Err(error),
        Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
    }
}

/// Returns whether every instance of the pipe has a client.
pub(super) fn is_busy(error: &io::Error) -> bool {
    is_one_of(error, &[win::ERROR_PIPE_BUSY, win::ERROR_SEM_TIMEOUT])
}

/// Returns whether there is no such pipe.
pub(super) fn is_missing(error: &io::Error) -> bool {
    is_one_of(error, &[win::ERROR_FILE_NOT_FOUND, win::ERROR_PATH_NOT_FOUND])
}

/// Returns whether a name is taken, which is what a first instance is refused for.
pub(super) fn is_taken(error: &io::Error) -> bool {
    is_one_of(error, &[win::ERROR_ACCESS_DENIED, win::ERROR_PIPE_BUSY, win::ERROR_ALREADY_EXISTS])
}

/// Returns whether the process or the system has no room for another handle.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    let codes = [
        win::ERROR_TOO_MANY_OPEN_FILES,
        win::ERROR_NOT_ENOUGH_MEMORY,
        win::ERROR_NO_SYSTEM_RESOURCES,
        win::ERROR_NOT_ENOUGH_QUOTA,
    ];
    is_one_of(error, &codes)
}

/// Returns whether the server has cut us off with what we had not read.
pub(super) fn is_cut_off(error: &io::Error) -> bool {
    is_one_of(error, &[win::ERROR_PIPE_NOT_CONNECTED])
}

fn is_one_of(error: &io::Error, codes: &[u32]) -> bool {
    let code = error.raw_os_error().and_then(|code| u32::try_from(code).ok());
    code.is_some_and(|code| codes.contains(&code))
}
