//! What a transport's error says to people; the codes are for programs.

use std::fmt;

use super::TransportError;
use crate::Endpoint;

#[cfg(feature = "unix")]
use crate::kinds::unix::users::shown;

#[cfg(not(feature = "unix"))]
fn shown(uid: u32) -> String {
    uid.to_string()
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
            Self::InvalidPipeName { name, reason } => {
                write!(f, "pipe name {name:?} cannot be used: {reason}")
            }
            Self::PipeNameTooLong { name, limit, actual } => {
                write!(f, "pipe name {name} has {actual} characters, the system takes {limit}")
            }
            Self::Busy { endpoint, waited_ms } => {
                write!(f, "{endpoint} had no place for another client for {waited_ms} ms")
            }
            Self::MissingDirectory { directory } => {
                write!(f, "the directory {} for the socket does not exist", directory.display())
            }
            Self::DirectoryNotWritable { directory, .. } => {
                write!(f, "the socket cannot be made in the directory {}", directory.display())
            }
            Self::ForeignOwner { path, expected, actual } => {
                let (actual, path) = (shown(*actual), path.display());
                write!(
                    f,
                    "{path} belongs to user {actual}, expected user {expected}; another user is \
                     believed only if the settings name it (`PeerCheck::Uid`)"
                )
            }
            Self::UnknownOwner { path, .. } => {
                write!(f, "the system does not say who serves {}", path.display())
            }
            Self::PeerRefused { endpoint, expected, actual: Some(actual) } => write!(
                f,
                "a client of user {} was refused at {endpoint}, expected user {expected}",
                shown(*actual)
            ),
            Self::PeerRefused { endpoint, expected, actual: None } => write!(
                f,
                "a client of an unknown user was refused at {endpoint}, expected user {expected}"
            ),
            Self::UnknownGroup { group } => write!(f, "there is no group {group:?}"),
            Self::GroupRefused { group, .. } => {
                write!(f, "the socket cannot be given to the group {group:?}")
            }
            Self::ModeRefused { path, mode, actual, .. } => write!(
                f,
                "{} has the mode {actual:04o}, and chmod to {mode:04o} is refused; take a directory \
                 that only its owner can enter",
                path.display()
            ),
            Self::Displaced { path, by } => {
                write!(f, "the socket file {} was {by}, and the server stops", path.display())
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
            Self::BroadcastOff { remote, .. } => write!(f, "{remote} {BROADCAST_OFF}"),
            Self::ConnectTimeout { endpoint, limit, attempts } => {
                write!(f, "no connection to {endpoint} within {limit:?}")?;
                if attempts.is_empty() { Ok(()) } else { write!(f, ": tried {attempts}") }
            }
            Self::Unreachable { endpoint, attempts } => {
                write!(f, "no address of {endpoint} can be used: tried {attempts}")
            }
            Self::TooManyFiles { endpoint, .. } => {
                write!(f, "no file descriptor left for a connection of {endpoint}")
            }
            Self::Unsupported { endpoint } => {
                write!(f, "this build has no support for {endpoint}")
            }
            #[cfg(feature = "tls-base")]
            Self::Tls(_) => f.write_str("TLS cannot be used"),
            #[cfg(feature = "tls-base")]
            Self::Handshake { endpoint, remote, failure, .. } => {
                write!(f, "the TLS handshake of {endpoint} with {remote} failed: {failure}")
            }
            Self::InvalidEndpoint(_) => f.write_str("invalid endpoint"),
            Self::Io { endpoint, op, .. } => write!(f, "{op} on {endpoint}"),
        }
    }
}

/// What an error says of an address that the system does not let us send to.
pub(crate) const BROADCAST_OFF: &str =
    "may not be sent to: a broadcast address needs the broadcast option";
