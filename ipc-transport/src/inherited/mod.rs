//! What this process was started with: listening sockets (systemd's socket activation), and whether
//! it is to outlive its terminal.

use std::os::fd::OwnedFd;

use crate::kinds::unix::sys;

mod environment;
mod error;
mod open;

pub use error::InheritError;
pub use open::OpenTransport;

/// Returns the sockets that this process was started with, in their order.
///
/// systemd (`man sd_listen_fds`, `systemd-socket-activate`) binds the sockets of a service, starts
/// it with the first client, and keeps them while it is restarted. The variables `LISTEN_PID`,
/// `LISTEN_FDS` and `LISTEN_FDNAMES` say what there is; this function is the only place of the
/// crate that reads the environment. There are none, and no error, if the variables are not set or
/// name another process.
///
/// From here on the sockets are closed in children that this process starts. Nothing is removed at
/// the end: a socket's file is its maker's.
///
/// Call it once, early in `main`: what else the process opens before that has other numbers, but
/// nothing proves that the variables tell the truth.
///
/// # Errors
///
/// [`InheritError::InvalidVariable`] if a variable is not a number, or there are not as many names
/// as sockets; [`InheritError::NotOpen`] if there are fewer descriptors than the variables say;
/// [`InheritError::AlreadyTaken`] if the sockets were taken before.
///
/// # Examples
///
/// ```no_run
/// use ipc_transport::{Transport, inherited};
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// for socket in inherited::take()? {
///     let name = socket.name().unwrap_or("no name").to_owned();
///     let mut listener = socket.into_transport()?.listen().await?;
///     eprintln!("{name}: {}", listener.endpoint());
/// }
/// # Ok(()) }
/// ```
pub fn take() -> Result<Vec<InheritedSocket>, InheritError> {
    let Some(told) = environment::read()? else { return Ok(Vec::new()) };
    match sys::adopt(FIRST, told.names.len()) {
        None => Err(InheritError::AlreadyTaken),
        Some(Err((descriptor, source))) => Err(InheritError::NotOpen { descriptor, source }),
        Some(Ok(found)) => {
            let named = found.into_iter().zip(told.names);
            Ok(named.map(|(socket, name)| InheritedSocket { socket, name }).collect())
        }
    }
}

/// Returns whether this process ignores SIGHUP, as one that `nohup` has started does.
///
/// A server that ends in order on SIGHUP asks this first, before it sets a handler: whoever started
/// it with `nohup` wants it to go on when the terminal is closed.
#[must_use]
pub fn ignores_hangup() -> bool {
    sys::ignores(libc::SIGHUP)
}

/// A socket that this process was started with.
#[derive(Debug)]
pub struct InheritedSocket {
    socket: OwnedFd,
    name: Option<String>,
}

impl InheritedSocket {
    /// Returns the name that the service's settings give it, if names were passed.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns a transport that serves it.
    ///
    /// # Errors
    ///
    /// See [`OpenTransport::new`].
    pub fn into_transport(self) -> Result<OpenTransport, InheritError> {
        OpenTransport::new(self.socket)
    }
}

/// Gives up the descriptor, whatever it is: a datagram socket or a fifo, say.
impl From<InheritedSocket> for OwnedFd {
    fn from(inherited: InheritedSocket) -> Self {
        inherited.socket
    }
}

/// The first descriptor that is passed, after stdin, stdout and stderr: `SD_LISTEN_FDS_START`.
const FIRST: i32 = 3;
