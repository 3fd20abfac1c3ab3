//! Every way a transport can fail, typed, with the path, host or number that is at fault.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Endpoint, ParseEndpointError};

mod attempts;
mod code;
#[cfg(any(feature = "tcp", feature = "udp", all(unix, feature = "unix")))]
pub(crate) mod descriptors;
mod permanent;
mod text;

pub use attempts::Attempts;
pub(crate) use text::BROADCAST_OFF;

/// The reason a transport could not dial, listen, accept or close.
///
/// `Display` never repeats [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A live server answers at the socket path; it was left alone.
    #[error("a server is already running at {path}")]
    AlreadyRunning {
        /// The socket path.
        path: PathBuf,
    },
    /// The address is taken, and this transport may not or cannot take it over.
    #[error("{endpoint} is in use")]
    AddressInUse {
        /// The address.
        endpoint: Endpoint,
    },
    /// Another process was starting a server at this path for the whole time we waited.
    #[error("another process has been starting a server at {path} for {waited_ms} ms")]
    StartInProgress {
        /// The socket path.
        path: PathBuf,
        /// How long we waited, in milliseconds.
        waited_ms: u64,
    },
    /// Something other than a socket is at the socket path; it was left alone.
    #[error("{path} is a {found}, not a socket; it was left alone")]
    NotASocket {
        /// The socket path.
        path: PathBuf,
        /// What is there, for example `"regular file"`.
        found: &'static str,
    },
    /// The path, the abstract name or the pipe's name is longer than this system takes.
    #[error("socket name {name} has {actual} {unit}, the system takes {limit}")]
    NameTooLong {
        /// The path or name; an abstract one has an `@` before it.
        name: PathBuf,
        /// The longest one, in `unit`.
        limit: usize,
        /// The length of this one, in `unit`.
        actual: usize,
        /// What is counted: `"bytes"`, or for a pipe `"UTF-16 code units"`.
        unit: &'static str,
    },
    /// The path or name can never be that of a socket or of a pipe of this machine.
    #[error("socket name {name:?} cannot be used: {reason}")]
    InvalidName {
        /// The path or name.
        name: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A server is there, but had no place for another client for as long as we waited.
    #[error("{endpoint} had no place for another client for {waited_ms} ms")]
    Busy {
        /// The endpoint.
        endpoint: Endpoint,
        /// How long we waited, in milliseconds.
        waited_ms: u64,
    },
    /// The directory the socket file should be made in is not there.
    #[error("the directory {directory} for the socket does not exist")]
    MissingDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory the socket file should be made in does not let us make files.
    #[error("the socket cannot be made in the directory {directory}")]
    DirectoryNotWritable {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket belongs to, or is served by, another user: a client does not trust it, or a
    /// server may not replace it. A foreign lock file in a server's way is reported so, too.
    #[error(
        "{path} belongs to user {}, expected user {expected}; another user is accepted only if the \
         settings name it (`PeerCheck::Uid`)",
        text::user(*actual)
    )]
    ForeignOwner {
        /// The path of the socket, or of the lock file.
        path: PathBuf,
        /// The user id that would do.
        expected: u32,
        /// The user id found.
        actual: u32,
    },
    /// The system does not say who serves the socket, and the client insists on knowing.
    #[error("the system does not say who serves {path}")]
    UnknownOwner {
        /// The socket path.
        path: PathBuf,
        /// Why the system does not say.
        source: io::Error,
    },
    /// A client was of a user that the server does not take; its connection was closed, and the
    /// listener goes on.
    #[error(
        "a client of {} was refused at {endpoint}, expected user {expected}",
        text::client(*actual)
    )]
    PeerRefused {
        /// The endpoint it came to.
        endpoint: Endpoint,
        /// The user id that would do.
        expected: u32,
        /// The client's user id, if the system says it.
        actual: Option<u32>,
    },
    /// The group that a socket file should be given to does not exist.
    #[error("there is no group {group:?}")]
    UnknownGroup {
        /// The group's name.
        group: String,
    },
    /// The system does not let us give a socket file to the group: only its members may, and root.
    #[error("the socket cannot be given to the group {group:?}")]
    GroupRefused {
        /// The group's name or number.
        group: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file system gives the socket file wider rights than were asked for, does not let us
    /// change them, and others than our own user can enter the directory.
    #[error(
        "{path} has the mode {actual:04o}, and chmod to {mode:04o} is refused; take a directory that \
         only its owner can enter"
    )]
    ModeRefused {
        /// The socket path.
        path: PathBuf,
        /// The mode that was asked for.
        mode: u32,
        /// The mode that the file got.
        actual: u32,
        /// What the system said to chmod(2).
        source: io::Error,
    },
    /// The socket file is gone, or something else is in its place, and the server is set to stop
    /// then ([`WhenDisplaced::Stop`](crate::WhenDisplaced::Stop)).
    #[error("the socket file {path} was {by}, and the server stops")]
    Displaced {
        /// The socket path.
        path: PathBuf,
        /// What happened to the file.
        by: crate::DisplacedBy,
    },
    /// A socket that was open already has been listened on before, and closed or still is.
    #[error("the open socket {endpoint} has been listened on before")]
    AlreadyTaken {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// No server is listening at the endpoint.
    #[error("no server is listening at {endpoint}")]
    NobodyListening {
        /// The endpoint.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// The host name has no address.
    #[error("host {host:?} has no address")]
    HostNotFound {
        /// The host name.
        host: String,
        /// What the resolver said, if it said anything.
        source: Option<io::Error>,
    },
    /// The host has no address of the kind the endpoint wants: it is IPv4 only and asked for over
    /// IPv6, or the other way round.
    #[error("host {host:?} has no {} address, which {endpoint} needs", text::family(endpoint))]
    WrongFamily {
        /// The endpoint, whose kind says what is wanted.
        endpoint: Endpoint,
        /// The host name or address.
        host: String,
    },
    /// The system does not let us send to the address. It is a broadcast address, most likely, and
    /// those need `UdpTransport::with_broadcast`.
    #[error("{remote} {BROADCAST_OFF}")]
    BroadcastOff {
        /// The endpoint.
        endpoint: Endpoint,
        /// The address.
        remote: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No connection came about in the time there was for it.
    #[error("no connection to {endpoint} within {limit:?}{}", text::tried(attempts))]
    ConnectTimeout {
        /// The endpoint.
        endpoint: Endpoint,
        /// The time there was.
        limit: Duration,
        /// What came of each address that was tried; none for endpoints without addresses.
        attempts: Attempts,
    },
    /// The host has several addresses and none of them can be connected to, or bound, for reasons
    /// that differ.
    #[error("no address of {endpoint} can be used{}", text::tried(attempts))]
    Unreachable {
        /// The endpoint.
        endpoint: Endpoint,
        /// What came of each address.
        attempts: Attempts,
    },
    /// The process or the system has no file descriptor left for another connection.
    #[error("no file descriptor left for a connection of {endpoint}")]
    TooManyFiles {
        /// The endpoint that was being dialed or accepted from.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// This build or this system lacks the endpoint's kind of socket.
    #[error("this build has no support for {endpoint}")]
    Unsupported {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// Certificates, keys or other settings of TLS cannot be used.
    #[cfg(feature = "tls-base")]
    #[error("TLS cannot be used")]
    Tls(#[from] crate::TlsError),
    /// A TLS handshake failed; a listener goes on.
    #[cfg(feature = "tls-base")]
    #[error("the TLS handshake of {endpoint} with {remote} failed: {failure}")]
    Handshake {
        /// The endpoint that was dialed or accepted from.
        endpoint: Endpoint,
        /// The other end's address.
        remote: std::net::SocketAddr,
        /// Why.
        failure: crate::HandshakeFailure,
        /// What the TLS library or the system said, if they said anything.
        source: Option<io::Error>,
    },
    /// A text is not an endpoint.
    #[error("invalid endpoint")]
    InvalidEndpoint(#[from] ParseEndpointError),
    /// The operating system refused an operation for another reason.
    #[error("{op} on {endpoint}")]
    Io {
        /// The endpoint in question.
        endpoint: Endpoint,
        /// The operation, for example `"bind"`.
        op: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::new(error.kind(), error)
    }
}
