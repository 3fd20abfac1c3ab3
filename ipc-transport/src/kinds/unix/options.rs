//! What a socket with a file and one with an abstract name are set to alike.

use crate::kinds::common::busy::BusyTimeout;
use crate::{PeerInfo, TransportError};

/// Which users one end of a Unix socket accepts at the other.
///
/// The other's user is what the kernel says about the process that listens, or that connected;
/// nothing is sent or read before the check has passed. A client's refusal is
/// [`TransportError::ForeignOwner`]; a server's is [`TransportError::PeerRefused`], which closes
/// that connection and leaves the listener as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerCheck {
    /// In or below a sticky directory such as `/tmp`, where every user can put a socket with any
    /// name first, accepts only a socket file of our own user or root's, served by our own user or
    /// root; elsewhere the rights of the directory decide, and every server is accepted. Root
    /// accepts any. A server accepts any client that the rights of its file let in.
    #[default]
    StickyDirectory,
    /// Accepts every user.
    Any,
    /// Accepts only a process that runs as our own user.
    SameUser,
    /// Accepts only a process that runs as our own user, or as root; if we are root, only root.
    SameUserOrRoot,
    /// Accepts only a process that runs as this user id: for example 0 for a system daemon.
    Uid(u32),
}

impl PeerCheck {
    /// Checks a client as a server with this check does when it accepts: for programs that decide
    /// later, or by more than the user.
    ///
    /// # Errors
    ///
    /// [`TransportError::PeerRefused`] for a user that it does not take, and for a client whose user
    /// is unknown, as over any kind but Unix sockets; [`TransportError::Unsupported`] where users
    /// have no numbers (Windows). [`PeerCheck::Any`] and [`PeerCheck::StickyDirectory`] take everybody.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_transport::{Endpoint, PeerCheck, PeerInfo};
    ///
    /// let unknown = PeerInfo::new(Endpoint::Memory("test".into()));
    /// assert!(PeerCheck::SameUserOrRoot.check_client(&unknown).is_err());
    /// assert!(PeerCheck::Any.check_client(&unknown).is_ok());
    /// ```
    pub fn check_client(self, client: &PeerInfo) -> Result<(), TransportError> {
        #[cfg(unix)]
        return super::peer_check::check_client(
            &client.endpoint,
            self,
            client.credentials.as_ref(),
        );
        #[cfg(not(unix))]
        match self {
            Self::Any | Self::StickyDirectory => Ok(()),
            _ => Err(TransportError::Unsupported { endpoint: client.endpoint.clone() }),
        }
    }
}

/// The settings that do not depend on where the socket's name is.
#[derive(Clone, Copy, Debug)]
pub(super) struct SocketOptions {
    pub(super) dial_check: PeerCheck,
    pub(super) accept_check: PeerCheck,
    pub(super) backlog: u32,
    pub(super) busy_timeout: BusyTimeout,
}

impl SocketOptions {
    pub(super) fn new(dial_check: PeerCheck, accept_check: PeerCheck) -> Self {
        let (backlog, busy_timeout) = (DEFAULT_BACKLOG, BusyTimeout::default());
        Self { dial_check, accept_check, backlog, busy_timeout }
    }
}

/// Adds the setters that a socket with a file and one with an abstract name have alike.
macro_rules! socket_setters {
    () => {
        /// Sets how many connections may wait to be accepted, by default 511 as Node has it.
        ///
        /// The system caps it (Linux: `net.core.somaxconn`). A dial beyond it waits for a place.
        #[must_use]
        pub fn with_backlog(mut self, backlog: u32) -> Self {
            self.socket.backlog = backlog;
            self
        }

        /// Sets how long a dial waits for a place in the backlog of a server that is there and does
        /// not keep up, then [`TransportError::Busy`]; by default 5 seconds, or with
        /// [`dial_within`](Transport::dial_within) all the time there is. Zero waits for none.
        ///
        /// Only Linux says that a backlog is full; elsewhere it looks as if no server were listening.
        #[must_use]
        pub fn with_busy_timeout(mut self, busy_timeout: std::time::Duration) -> Self {
            self.socket.busy_timeout = $crate::kinds::common::busy::BusyTimeout::of(busy_timeout);
            self
        }
    };
}
pub(super) use socket_setters;

/// What Node passes to listen(2).
const DEFAULT_BACKLOG: u32 = 511;
