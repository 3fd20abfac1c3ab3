//! `RuntimeError`: what the tokio runtime at hand lacks for sockets and deadlines.

use std::panic::catch_unwind;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::Endpoint;

/// What the runtime lacks that a socket or a deadline needs: nothing can be dialed or served here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// There is no tokio runtime on this thread.
    #[error("there is no tokio runtime on this thread")]
    Missing,
    /// The runtime was built without `enable_io`.
    #[error("the tokio runtime was built without `enable_io`")]
    NoIo,
    /// The runtime was built without `enable_time`.
    #[error("the tokio runtime was built without `enable_time`")]
    NoTime,
}

impl RuntimeError {
    /// Returns a short name of the error that never changes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "no_runtime",
            Self::NoIo => "runtime_without_io",
            Self::NoTime => "runtime_without_time",
        }
    }

    /// Checks that the runtime at hand can dial or serve this endpoint: that it is there, has
    /// timers and, unless the endpoint is in memory, handles input and output.
    ///
    /// tokio does not tell what a runtime was built with and panics where something is missing. So
    /// this tries both and catches the panic, which the panic hook reports on its way. With
    /// `panic = "abort"` the process ends here rather than in a task.
    ///
    /// # Errors
    ///
    /// The first thing that is missing.
    pub fn check(endpoint: &Endpoint) -> Result<(), Self> {
        if Handle::try_current().is_err() {
            return Err(Self::Missing);
        }
        if catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_err() {
            return Err(Self::NoTime);
        }
        if matches!(endpoint, Endpoint::Memory(_)) || catch_unwind(register).is_ok() {
            return Ok(());
        }
        Err(Self::NoIo)
    }
}

/// Registers a socket with the runtime, which needs its driver. That there is no socket to be had
/// is for the attempt itself to report.
fn register() {
    #[cfg(unix)]
    drop(tokio::net::UnixDatagram::unbound());
    #[cfg(not(unix))]
    if let Ok(socket) = std::net::UdpSocket::bind("127.0.0.1:0") {
        drop(socket.set_nonblocking(true).and_then(|()| tokio::net::UdpSocket::from_std(socket)));
    }
}
