//! What a program asks of an error: its code, its kind, the system's number.

use std::error::Error;
use std::io;

use super::TransportError;

impl TransportError {
    /// Returns a short name of the error that never changes: log and compare this, not the text.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRunning { .. } => "already_running",
            Self::AddressInUse { .. } => "address_in_use",
            Self::StartInProgress { .. } => "start_in_progress",
            Self::NotASocket { .. } => "not_a_socket",
            Self::NameTooLong { .. } => "name_too_long",
            Self::InvalidName { .. } => "invalid_name",
            Self::Busy { .. } => "busy",
            Self::MissingDirectory { .. } => "missing_directory",
            Self::DirectoryNotWritable { .. } => "directory_not_writable",
            Self::ForeignOwner { .. } => "foreign_owner",
            Self::UnknownOwner { .. } => "unknown_owner",
            Self::PeerRefused { .. } => "peer_refused",
            Self::UnknownGroup { .. } => "unknown_group",
            Self::GroupRefused { .. } => "group_refused",
            Self::ModeRefused { .. } => "mode_refused",
            Self::Displaced { .. } => "displaced",
            Self::AlreadyTaken { .. } => "already_taken",
            Self::NobodyListening { .. } => "nobody_listening",
            Self::HostNotFound { .. } => "host_not_found",
            Self::WrongFamily { .. } => "wrong_family",
            Self::BroadcastOff { .. } => "broadcast_off",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::Unreachable { .. } => "unreachable",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::Unsupported { .. } => "unsupported",
            #[cfg(feature = "tls-base")]
            Self::Tls(error) => error.code(),
            #[cfg(feature = "tls-base")]
            Self::Handshake { failure, .. } => failure.code(),
            Self::InvalidEndpoint(_) => "invalid_endpoint",
            Self::Io { .. } => "io",
        }
    }

    /// Returns whether the error is about one client only: the listener can be asked for the next
    /// one at once.
    ///
    /// After any other error of [`Listener::accept`](crate::Listener::accept) wait a moment.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        #[cfg(feature = "tls-base")]
        if matches!(self, Self::Handshake { .. }) {
            return true;
        }
        matches!(self, Self::PeerRefused { .. })
    }

    /// Names what a peer speaks that does not speak TLS. `name` is given the first bytes of the
    /// peer, if this is `HandshakeFailure::NotTls`, and what it returns becomes the source of the
    /// error.
    ///
    /// The transports know no protocol but TLS itself, so this is for a layer above that does.
    #[must_use]
    pub fn with_foreign_name(self, name: impl FnOnce(&[u8]) -> Option<String>) -> Self {
        #[cfg(feature = "tls-base")]
        if let Self::Handshake { endpoint, remote, failure, source } = self {
            let named = match &failure {
                crate::HandshakeFailure::NotTls { first } => name(first.expose()),
                _ => None,
            };
            let named = named.map(|text| io::Error::new(io::ErrorKind::InvalidData, text));
            return Self::Handshake { endpoint, remote, failure, source: named.or(source) };
        }
        #[cfg(not(feature = "tls-base"))]
        let _ = name;
        self
    }

    /// Returns the nearest kind of [`io::Error`].
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::AlreadyRunning { .. } | Self::AddressInUse { .. } | Self::AlreadyTaken { .. } => {
                io::ErrorKind::AddrInUse
            }
            Self::StartInProgress { .. } | Self::Busy { .. } | Self::ConnectTimeout { .. } => {
                io::ErrorKind::TimedOut
            }
            Self::Unreachable { attempts, .. } => attempts.kind(),
            Self::NotASocket { .. } => io::ErrorKind::AlreadyExists,
            Self::NameTooLong { .. } | Self::InvalidName { .. } | Self::InvalidEndpoint(_) => {
                io::ErrorKind::InvalidInput
            }
            Self::MissingDirectory { .. }
            | Self::HostNotFound { .. }
            | Self::UnknownGroup { .. }
            | Self::Displaced { .. } => io::ErrorKind::NotFound,
            Self::ForeignOwner { .. } | Self::UnknownOwner { .. } | Self::PeerRefused { .. } => {
                io::ErrorKind::PermissionDenied
            }
            #[cfg(feature = "tls-base")]
            Self::Tls(_) => io::ErrorKind::InvalidInput,
            #[cfg(feature = "tls-base")]
            Self::Handshake { failure: crate::HandshakeFailure::Timeout { .. }, .. } => {
                io::ErrorKind::TimedOut
            }
            #[cfg(feature = "tls-base")]
            Self::Handshake { .. } => io::ErrorKind::ConnectionAborted,
            Self::Unsupported { .. } => io::ErrorKind::Unsupported,
            Self::WrongFamily { .. } => io::ErrorKind::AddrNotAvailable,
            Self::NobodyListening { source, .. }
            | Self::BroadcastOff { source, .. }
            | Self::DirectoryNotWritable { source, .. }
            | Self::GroupRefused { source, .. }
            | Self::ModeRefused { source, .. }
            | Self::TooManyFiles { source, .. }
            | Self::Io { source, .. } => source.kind(),
        }
    }

    /// Returns the number the operating system gave, if it gave one.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.source()?.downcast_ref::<io::Error>()?.raw_os_error()
    }
}
