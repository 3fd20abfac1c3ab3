//! Every way a transport can fail, typed, with the path, host or number that is at fault.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::{Endpoint, ParseEndpointError};

/// The reason a transport could not dial, listen, accept or close.
///
/// `Display` never repeats [`Error::source`].
#[derive(Debug)]
#[non_exhaustive]
pub enum TransportError {
    /// A live server answers at the socket path; it was left alone.
    AlreadyRunning {
        /// The socket path.
        path: PathBuf,
    },
    /// The address is taken, and this transport may not or cannot take it over.
    AddressInUse {
        /// The address.
        endpoint: Endpoint,
    },
    /// Another process was starting a server at this path for the whole time we waited.
    StartInProgress {
        /// The socket path.
        path: PathBuf,
        /// How long we waited, in milliseconds.
        waited_ms: u64,
    },
    /// Something other than a socket is at the socket path; it was left alone.
    NotASocket {
        /// The socket path.
        path: PathBuf,
        /// What is there, for example `"regular file"`.
        found: &'static str,
    },
    /// The path does not fit into a socket address of this system.
    PathTooLong {
        /// The socket path.
        path: PathBuf,
        /// The longest path that fits, in bytes.
        limit: usize,
        /// The length of this path, in bytes.
        actual: usize,
    },
    /// The path can never name a socket.
    InvalidPath {
        /// The socket path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The directory the socket file should be made in is not there.
    MissingDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory the socket file should be made in does not let us make files.
    DirectoryNotWritable {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket belongs to, or is served by, another user: a client does not trust it, or a
    /// server may not replace it. A foreign lock file in a server's way is reported so, too.
    ForeignOwner {
        /// The path of the socket, or of the lock file.
        path: PathBuf,
        /// The user id that would do.
        expected: u32,
        /// The user id found.
        actual: u32,
    },
    /// The system does not say who serves the socket, and the client insists on knowing.
    UnknownOwner {
        /// The socket path.
        path: PathBuf,
        /// Why the system does not say.
        source: io::Error,
    },
    /// A client was of a user that the server does not take; its connection was closed, and the
    /// listener goes on.
    PeerRefused {
        /// The endpoint it came to.
        endpoint: Endpoint,
        /// The user id that would do.
        expected: u32,
        /// The client's user id, if the system says it.
        actual: Option<u32>,
    },
    /// The group that a socket file should be given to does not exist.
    UnknownGroup {
        /// The group's name.
        group: String,
    },
    /// The system does not let us give a socket file to the group: only its members may, and root.
    GroupRefused {
        /// The group's name or number.
        group: String,
        /// What the system said.
        source: io::Error,
    },
    /// A socket that was open already has been listened on before, and closed or still is.
    AlreadyTaken {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// No server is listening at the endpoint.
    NobodyListening {
        /// The endpoint.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// The host name has no address.
    HostNotFound {
        /// The host name.
        host: String,
        /// What the resolver said, if it said anything.
        source: Option<io::Error>,
    },
    /// The host has no address of the kind the endpoint wants: it is IPv4 only and asked for over
    /// IPv6, or the other way round.
    WrongFamily {
        /// The endpoint, whose kind says what is wanted.
        endpoint: Endpoint,
        /// The host name or address.
        host: String,
    },
    /// The process or the system has no file descriptor left for another connection.
    TooManyFiles {
        /// The endpoint that was being dialed or accepted from.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// This build or this system lacks the endpoint's kind of socket.
    Unsupported {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// A text is not an endpoint.
    InvalidEndpoint(ParseEndpointError),
    /// The operating system refused an operation for another reason.
    Io {
        /// The endpoint in question.
        endpoint: Endpoint,
        /// The operation, for example `"bind"`.
        op: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl TransportError {
    /// Returns a short name of the error that never changes: log and compare this, not the text.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRunning { .. } => "already_running",
            Self::AddressInUse { .. } => "address_in_use",
            Self::StartInProgress { .. } => "start_in_progress",
            Self::NotASocket { .. } => "not_a_socket",
            Self::PathTooLong { .. } => "path_too_long",
            Self::InvalidPath { .. } => "invalid_path",
            Self::MissingDirectory { .. } => "missing_directory",
            Self::DirectoryNotWritable { .. } => "directory_not_writable",
            Self::ForeignOwner { .. } => "foreign_owner",
            Self::UnknownOwner { .. } => "unknown_owner",
            Self::PeerRefused { .. } => "peer_refused",
            Self::UnknownGroup { .. } => "unknown_group",
            Self::GroupRefused { .. } => "group_refused",
            Self::AlreadyTaken { .. } => "already_taken",
            Self::NobodyListening { .. } => "nobody_listening",
            Self::HostNotFound { .. } => "host_not_found",
            Self::WrongFamily { .. } => "wrong_family",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::Unsupported { .. } => "unsupported",
            Self::InvalidEndpoint(_) => "invalid_endpoint",
            Self::Io { .. } => "io",
        }
    }

    /// Tells whether trying again cannot help until somebody changes the settings or the system.
    ///
    /// A server that is not up yet, a name that does not resolve yet or a shortage of file
    /// descriptors passes; a path that is too long or owned by a stranger does not.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::NotASocket { .. }
                | Self::PathTooLong { .. }
                | Self::InvalidPath { .. }
                | Self::ForeignOwner { .. }
                | Self::UnknownOwner { .. }
                | Self::UnknownGroup { .. }
                | Self::GroupRefused { .. }
                | Self::AlreadyTaken { .. }
                | Self::Unsupported { .. }
                | Self::WrongFamily { .. }
                | Self::InvalidEndpoint(_)
        )
    }

    /// Tells whether the error is about one client only: the listener can be asked for the next
    /// one at once.
    ///
    /// After any other error of [`Listener::accept`](crate::Listener::accept) wait a moment.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::PeerRefused { .. })
    }

    /// Returns the nearest kind of [`io::Error`].
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::AlreadyRunning { .. } | Self::AddressInUse { .. } => io::ErrorKind::AddrInUse,
            Self::StartInProgress { .. } => io::ErrorKind::TimedOut,
            Self::NotASocket { .. } => io::ErrorKind::AlreadyExists,
            Self::PathTooLong { .. } | Self::InvalidPath { .. } | Self::InvalidEndpoint(_) => {
                io::ErrorKind::InvalidInput
            }
            Self::MissingDirectory { .. } | Self::HostNotFound { .. } => io::ErrorKind::NotFound,
            Self::UnknownGroup { .. } => io::ErrorKind::NotFound,
            Self::AlreadyTaken { .. } => io::ErrorKind::AddrInUse,
            Self::ForeignOwner { .. } | Self::UnknownOwner { .. } | Self::PeerRefused { .. } => {
                io::ErrorKind::PermissionDenied
            }
            Self::Unsupported { .. } => io::ErrorKind::Unsupported,
            Self::WrongFamily { .. } => io::ErrorKind::AddrNotAvailable,
            Self::NobodyListening { source, .. }
            | Self::DirectoryNotWritable { source, .. }
            | Self::GroupRefused { source, .. }
            | Self::TooManyFiles { source, .. }
            | Self::Io { source, .. } => source.kind(),
        }
    }

    /// Returns the number the operating system gave, if it gave one.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match self {
            Self::NobodyListening { source, .. }
            | Self::TooManyFiles { source, .. }
            | Self::UnknownOwner { source, .. }
            | Self::DirectoryNotWritable { source, .. }
            | Self::GroupRefused { source, .. }
            | Self::HostNotFound { source: Some(source), .. }
            | Self::Io { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning { path } => {
                write!(f, "a server is already running at {}", path.display())
            }
            Self::AddressInUse { endpoint } => write!(f, "{endpoint} is in use"),
            Self::StartInProgress { path, waited_ms } => write!(
                f,
                "another process has been starting a server at {} for {waited_ms} ms",
                path.display()
            ),
            Self::NotASocket { path, found } => {
                write!(f, "{} is a {found}, not a socket; it was left alone", path.display())
            }
            Self::PathTooLong { path, limit, actual } => write!(
                f,
                "socket path {} has {actual} bytes, the system takes {limit}",
                path.display()
            ),
            Self::InvalidPath { path, reason } => {
                write!(f, "socket path {:?} cannot be used: {reason}", path)
            }
            Self::MissingDirectory { directory } => {
                write!(f, "the directory {} for the socket does not exist", directory.display())
            }
            Self::DirectoryNotWritable { directory, .. } => {
                write!(f, "the socket cannot be made in the directory {}", directory.display())
            }
            Self::ForeignOwner { path, expected, actual } => {
                write!(f, "{} belongs to user {actual}, expected user {expected}", path.display())
            }
            Self::UnknownOwner { path, .. } => {
                write!(f, "the system does not say who serves {}", path.display())
            }
            Self::PeerRefused { endpoint, expected, actual: Some(actual) } => write!(
                f,
                "a client of user {actual} was refused at {endpoint}, expected user {expected}"
            ),
            Self::PeerRefused { endpoint, expected, actual: None } => write!(
                f,
                "a client of an unknown user was refused at {endpoint}, expected user {expected}"
            ),
            Self::UnknownGroup { group } => write!(f, "there is no group {group:?}"),
            Self::GroupRefused { group, .. } => {
                write!(f, "the socket cannot be given to the group {group:?}")
            }
            Self::AlreadyTaken { endpoint } => {
                write!(f, "the open socket {endpoint} has been listened on before")
            }
            Self::NobodyListening { endpoint, .. } => {
                write!(f, "nobody is listening at {endpoint}")
            }
            Self::HostNotFound { host, .. } => write!(f, "host {host:?} has no address"),
            Self::WrongFamily { endpoint, host } => {
                let family =
                    if matches!(endpoint, Endpoint::Udp4 { .. }) { "IPv4" } else { "IPv6" };
                write!(f, "host {host:?} has no {family} address, which {endpoint} needs")
            }
            Self::TooManyFiles { endpoint, .. } => {
                write!(f, "no file descriptor left for a connection of {endpoint}")
            }
            Self::Unsupported { endpoint } => {
                write!(f, "this build has no support for {endpoint}")
            }
            Self::InvalidEndpoint(_) => f.write_str("invalid endpoint"),
            Self::Io { endpoint, op, .. } => write!(f, "{op} on {endpoint}"),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NobodyListening { source, .. }
            | Self::TooManyFiles { source, .. }
            | Self::UnknownOwner { source, .. }
            | Self::DirectoryNotWritable { source, .. }
            | Self::GroupRefused { source, .. }
            | Self::HostNotFound { source: Some(source), .. }
            | Self::Io { source, .. } => Some(source),
            Self::InvalidEndpoint(source) => Some(source),
            _ => None,
        }
    }
}

impl From<ParseEndpointError> for TransportError {
    fn from(error: ParseEndpointError) -> Self {
        Self::InvalidEndpoint(error)
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::new(error.kind(), error)
    }
}
