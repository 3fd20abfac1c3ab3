//! Unix stream sockets with a name in Linux's abstract namespace: no file, no rights, no leftovers.

use std::time::Duration;

use async_trait::async_trait;

use super::PeerCheck;
use crate::kinds::busy::BusyTimeout;
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

/// A name of Linux's abstract namespace, to dial or to serve.
///
/// Such a socket has no file: nothing is left behind by a server that is killed, and nothing has
/// to be replaced or removed. It has no rights either: **every user of the machine (of the network
/// namespace, to be exact) can connect, and can take the name first**. So both sides look at the
/// other's user before a byte is exchanged, and by default take only their own and root.
///
/// # Defaults
///
/// [`PeerCheck::SameUserOrRoot`] on both sides; a backlog of 511 connections.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`], and [`TransportError::ForeignOwner`] or
/// [`TransportError::UnknownOwner`] if the server is not to be trusted, and [`TransportError::Busy`]
/// if its backlog was full for as long as we waited; paths in errors are the
/// name behind an `@`, as other tools show it. Listening gives [`TransportError::AddressInUse`].
/// Accepting gives [`TransportError::PeerRefused`] for a client that is not taken.
///
/// Both give [`TransportError::InvalidPath`] for an empty name, [`TransportError::PathTooLong`] for
/// one of more than 107 bytes, [`TransportError::TooManyFiles`] and [`TransportError::Io`]; and,
/// anywhere but on Linux, [`TransportError::Unsupported`] only.
///
/// # Examples
///
/// ```
/// use ipc_transport::{AbstractTransport, PeerCheck};
///
/// let ours = AbstractTransport::new("app.world");
/// let for_everybody = AbstractTransport::new("app.world").with_accept_check(PeerCheck::Any);
/// ```
#[derive(Clone, Debug)]
pub struct AbstractTransport {
    name: String,
    options: Options,
}

#[derive(Clone, Copy, Debug)]
struct Options {
    dial_check: PeerCheck,
    accept_check: PeerCheck,
    backlog: u32,
    busy_timeout: BusyTimeout,
}

impl AbstractTransport {
    /// Returns a transport for a name, without the NUL byte the system puts before it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let options = Options {
            dial_check: PeerCheck::SameUserOrRoot,
            accept_check: PeerCheck::SameUserOrRoot,
            backlog: super::DEFAULT_BACKLOG,
            busy_timeout: BusyTimeout::default(),
        };
        Self { name: name.into(), options }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets whom a client believes, by default [`PeerCheck::SameUserOrRoot`].
    ///
    /// [`PeerCheck::StickyDirectory`] is taken as if the name were a file in such a directory.
    #[must_use]
    pub fn with_peer_check(mut self, check: PeerCheck) -> Self {
        self.options.dial_check = check;
        self
    }

    /// Sets whom a server takes, by default [`PeerCheck::SameUserOrRoot`].
    ///
    /// [`PeerCheck::StickyDirectory`] is taken for [`PeerCheck::SameUserOrRoot`].
    #[must_use]
    pub fn with_accept_check(mut self, check: PeerCheck) -> Self {
        self.options.accept_check = match check {
            PeerCheck::StickyDirectory => PeerCheck::SameUserOrRoot,
            other => other,
        };
        self
    }

    /// Sets how many connections may wait to be accepted, by default 511 as Node has it.
    ///
    /// The system caps it (`net.core.somaxconn`).
    #[must_use]
    pub fn with_backlog(mut self, backlog: u32) -> Self {
        self.options.backlog = backlog;
        self
    }

    /// Sets how long a dial waits for a place in the backlog of a server that is there and does not
    /// keep up, then [`TransportError::Busy`]; by default 5 seconds, or with
    /// [`dial_within`](Transport::dial_within) all the time there is. Zero waits for none.
    #[must_use]
    pub fn with_busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.options.busy_timeout = BusyTimeout::of(busy_timeout);
        self
    }
}

#[cfg(unix)]
impl AbstractTransport {
    async fn connect(&self, busy: Duration) -> Result<Stream, TransportError> {
        let name = Name::new(&self.name)?;
        super::connect::connect_abstract(&name, self.options.dial_check, busy).await
    }
}

#[async_trait]
impl Transport for AbstractTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Abstract(self.name.clone())
    }

    fn supports_blocking(&self) -> bool {
        cfg!(unix)
    }

    #[cfg(unix)]
    async fn dial(&self) -> Result<Stream, TransportError> {
        self.connect(self.options.busy_timeout.alone()).await
    }

    #[cfg(unix)]
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.connect(self.options.busy_timeout.within(limit)).await
    }

    #[cfg(not(unix))]
    async fn dial(&self) -> Result<Stream, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    #[cfg(unix)]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let io = Name::new(&self.name)?.listen(self.options.backlog)?;
        let check = self.options.accept_check;
        Ok(Box::new(super::listener::UnixServer::new(self.endpoint(), io, check)))
    }

    #[cfg(not(unix))]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}

#[cfg(unix)]
pub(super) use checked::Name;

#[cfg(unix)]
mod checked {
    use std::io;
    use std::path::PathBuf;

    use tokio::net::{UnixListener, UnixSocket};

    use crate::kinds::accept::is_too_many_files;
    use crate::kinds::unix::socket_path::LIMIT;
    use crate::{Endpoint, TransportError};

    /// A name that this system takes, and that fits into a socket address.
    #[derive(Debug)]
    pub(in crate::kinds::unix) struct Name(String);

    impl Name {
        pub(super) fn new(name: &str) -> Result<Self, TransportError> {
            let name = Self(name.to_owned());
            if !cfg!(any(target_os = "linux", target_os = "android")) {
                return Err(TransportError::Unsupported { endpoint: name.endpoint() });
            }
            // The system makes up a name of its own in place of an empty one.
            if name.0.is_empty() {
                let reason = "the name is empty";
                return Err(TransportError::InvalidPath { path: name.shown(), reason });
            }
            // The byte that a path leaves for its NUL at the end, a name takes for that before it.
            let (limit, actual) = (LIMIT, name.0.len());
            if actual > limit {
                return Err(TransportError::PathTooLong { path: name.shown(), limit, actual });
            }
            Ok(name)
        }

        pub(in crate::kinds::unix) fn endpoint(&self) -> Endpoint {
            Endpoint::Abstract(self.0.clone())
        }

        /// Returns the name as the socket calls take it.
        pub(in crate::kinds::unix) fn address(&self) -> PathBuf {
            format!("\0{}", self.0).into()
        }

        /// Returns the name as people are shown it.
        pub(in crate::kinds::unix) fn shown(&self) -> PathBuf {
            format!("@{}", self.0).into()
        }

        pub(super) fn listen(&self, backlog: u32) -> Result<UnixListener, TransportError> {
            let bind = || {
                let socket = UnixSocket::new_stream()?;
                socket.bind(self.address())?;
                socket.listen(backlog)
            };
            let endpoint = self.endpoint();
            bind().map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => TransportError::AddressInUse { endpoint },
                _ if is_too_many_files(&source) => {
                    TransportError::TooManyFiles { endpoint, source }
                }
                _ => TransportError::Io { endpoint, op: "listen", source },
            })
        }
    }
}
