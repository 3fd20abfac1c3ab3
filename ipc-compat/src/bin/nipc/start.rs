//! Starts the runtime, after checking that the process has the descriptors and threads it needs.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::io::streams;

/// Returns the runtime.
///
/// # Errors
///
/// If the system does not give the descriptors and threads that a command needs. tokio would panic
/// for some of them.
pub(crate) fn runtime() -> io::Result<Runtime> {
    streams::keep_running_in_background();
    spare_descriptors()?;
    // For stdin, stdout and the look-up of names.
    let spare: Vec<_> = (0..SPARE_THREADS)
        .map(|_| thread::Builder::new().spawn(thread::park))
        .collect::<io::Result<_>>()?;
    for thread in spare {
        thread.thread().unpark();
        // It cannot panic.
        let _ = thread.join();
    }
    // One thread for all sockets: a message costs no wake-up of another.
    Builder::new_current_thread().enable_all().build()
}

/// Takes as many descriptors as a command needs, and gives them back.
#[cfg(unix)]
fn spare_descriptors() -> io::Result<()> {
    let one = |_| rustix::io::dup(io::stderr());
    let _spare: Vec<_> = (0..SPARE_DESCRIPTORS).map(one).collect::<Result<_, _>>()?;
    Ok(())
}

#[cfg(not(unix))]
fn spare_descriptors() -> io::Result<()> {
    Ok(())
}

/// What a command has open at a time beside its standard streams, at least: five of tokio's (for
/// events, wake-ups and signals), a socket, and one for a moment, such as a file's.
#[cfg(unix)]
const SPARE_DESCRIPTORS: usize = 7;

/// Threads beside the first.
const SPARE_THREADS: usize = 3;
