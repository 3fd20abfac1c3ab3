//! Unix stream sockets: ordered, reliable, no message boundaries, with the peer's credentials.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::{Endpoint, Listener, Stream, Transport, TransportError};

#[cfg(unix)]
mod connect;
#[cfg(unix)]
mod listener;
#[cfg(unix)]
mod peer_check;
#[cfg(unix)]
mod socket_file;
#[cfg(unix)]
mod socket_path;
#[cfg(unix)]
mod start_lock;
#[cfg(unix)]
mod sys;

/// A socket file, to dial or to serve.
///
/// The socket file is ours or it is not touched. A server first looks at what is at the path:
/// anything but a socket is an error; a socket that answers is
/// [`TransportError::AlreadyRunning`]; a socket left behind by a dead server is replaced. The
/// new file appears under its name with its mode and already listening, and at the end it is
/// removed only if it is still the one this server made.
///
/// # Defaults
///
/// Mode `0600`; stale sockets are replaced; [`PeerCheck::StickyDirectory`]; a backlog of 511
/// connections.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`] if the file is missing or stale, and
/// [`TransportError::ForeignOwner`] or [`TransportError::UnknownOwner`] if the server is not
/// to be trusted.
///
/// Listening gives [`TransportError::AlreadyRunning`], [`TransportError::NotASocket`],
/// [`TransportError::ForeignOwner`] if the stale socket is another user's and we may not replace
/// it, [`TransportError::MissingDirectory`], [`TransportError::DirectoryNotWritable`],
/// [`TransportError::StartInProgress`] if others have been starting for 5 seconds, and
/// [`TransportError::AddressInUse`] if the path keeps changing under our hands.
///
/// Both give [`TransportError::InvalidPath`], [`TransportError::PathTooLong`],
/// [`TransportError::TooManyFiles`] and [`TransportError::Io`]; and, on systems without Unix
/// sockets, [`TransportError::Unsupported`] only.
#[derive(Clone, Debug)]
pub struct UnixTransport {
    path: PathBuf,
    options: Options,
}

#[derive(Clone, Copy, Debug)]
struct Options {
    mode: u32,
    unlink: bool,
    check: PeerCheck,
    backlog: u32,
}

/// Whom a client believes when it connects to a socket file.
///
/// The server's user is what the kernel says about the process that listens; nothing is sent
/// before the check has passed. A refusal is [`TransportError::ForeignOwner`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerCheck {
    /// In or below a sticky directory such as `/tmp`, where anybody can put a socket with any
    /// name first, takes only a socket file of our own user or root's, served by our own user or
    /// root; elsewhere the rights of the directory decide, and anybody's server is taken. Root
    /// takes any.
    #[default]
    StickyDirectory,
    /// Takes any server.
    Any,
    /// Takes only a server that runs as our own user.
    SameUser,
    /// Takes only a server that runs as this user id: for example 0 for a system daemon.
    Uid(u32),
}

impl UnixTransport {
    /// Returns a transport for a socket file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let options = Options {
            mode: DEFAULT_MODE,
            unlink: true,
            check: PeerCheck::default(),
            backlog: DEFAULT_BACKLOG,
        };
        Self { path: path.into(), options }
    }

    /// Returns the path of the socket file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the permission bits of the socket file, by default `0600`: our own user only.
    ///
    /// Connecting needs the write bit. The process's umask plays no part.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.options.mode = mode;
        self
    }

    /// Sets whether a stale socket at the path is replaced, by default `true`.
    ///
    /// With `false` anything at the path, whatever it is, is [`TransportError::AddressInUse`].
    #[must_use]
    pub fn with_unlink(mut self, unlink: bool) -> Self {
        self.options.unlink = unlink;
        self
    }

    /// Sets whom a client believes, by default [`PeerCheck::StickyDirectory`].
    #[must_use]
    pub fn with_peer_check(mut self, check: PeerCheck) -> Self {
        self.options.check = check;
        self
    }

    /// Sets how many connections may wait to be accepted, by default 511 as Node has it.
    ///
    /// The system caps it (Linux: `net.core.somaxconn`). A dial beyond it fails at once.
    #[must_use]
    pub fn with_backlog(mut self, backlog: u32) -> Self {
        self.options.backlog = backlog;
        self
    }
}

#[async_trait]
impl Transport for UnixTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.path.clone())
    }

    #[cfg(unix)]
    async fn dial(&self) -> Result<Stream, TransportError> {
        connect::connect(&self.path, self.options.check).await
    }

    #[cfg(not(unix))]
    async fn dial(&self) -> Result<Stream, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    #[cfg(unix)]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let (io, file) = socket_file::claim(&self.path, self.options).await?;
        Ok(Box::new(listener::UnixServer::new(self.endpoint(), io, file)))
    }

    #[cfg(not(unix))]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}

/// Read and write for the user the server runs as, nothing for anybody else.
const DEFAULT_MODE: u32 = 0o600;
/// What Node passes to listen(2).
const DEFAULT_BACKLOG: u32 = 511;
