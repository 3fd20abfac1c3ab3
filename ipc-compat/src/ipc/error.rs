//! `IpcError`: why a server or client was not made.

use ipc_core::blocking::NotBlocking;
use ipc_transport::RuntimeError;

use crate::{ConfigError, TokenFileError, codes};

/// Why a server or client was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IpcError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The config asks for something that this build or system does not do: `tls` needs the feature
    /// `tls`.
    #[error("{option} is not supported by this build")]
    Unsupported {
        /// The setting.
        option: &'static str,
    },
    /// The blocking driver takes no such transport: TLS, UDP and Windows pipes need a runtime.
    #[error(transparent)]
    NotBlocking(#[from] NotBlocking),
    /// The profile `assured` takes no such transport.
    #[error("the profile `assured` refuses it: {reason}")]
    AssuredTransport {
        /// What is wrong with the transport.
        reason: &'static str,
    },
    /// The profile `assured` asks for TLS that identifies both sides.
    #[error("TLS in the profile `assured` needs {missing}")]
    AssuredTls {
        /// The setting that is missing.
        missing: &'static str,
    },
    /// `tls` lacks what it takes to encrypt: there is no default key, and whom to trust is known only
    /// with the feature `tls-native-roots`.
    #[error("`tls` needs {missing}")]
    TlsIncomplete {
        /// The setting that is missing.
        missing: &'static str,
    },
    /// The certificates or keys of `tls` cannot be used.
    #[cfg(feature = "tls-base")]
    #[error("TLS cannot be used")]
    Tls(#[source] super::TlsProblem),
    /// The config has `tls`, and UDP cannot be encrypted.
    #[error("UDP cannot be encrypted, and `tls` is set")]
    UdpWithTls,
    /// The file with the tokens of those whom a server lets in cannot be used.
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
    /// A client needs an id.
    #[error("the id is empty")]
    NoId,
    /// An argument has a value that its position does not allow.
    #[error("{value} is not {expected}")]
    Argument {
        /// The argument, as JSON.
        value: String,
        /// What is allowed there.
        expected: &'static str,
    },
    /// The client cannot be started on the tokio runtime at hand: there is none, or it was built
    /// without timers or without sockets.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The port is not between 1 and 65,535.
    #[error("port {port} is not between 1 and 65535")]
    InvalidPort {
        /// The port that was given.
        port: i64,
    },
}

impl IpcError {
    /// Returns a short name of the error that never changes: node-ipc 14's where it has one, and
    /// else one in the same style.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AssuredTransport { .. } => codes::ASSURED_TRANSPORT,
            Self::AssuredTls { .. } => codes::ASSURED_TLS,
            Self::TlsIncomplete { .. } | Self::UdpWithTls => codes::TLS_CONFIGURATION,
            #[cfg(feature = "tls-base")]
            Self::Tls(_) => codes::TLS_CONFIGURATION,
            Self::Config(error) => error.code(),
            Self::TokenFile(error) => error.code(),
            Self::Unsupported { .. } => codes::UNSUPPORTED,
            Self::NotBlocking(_) => codes::NOT_BLOCKING,
            Self::Runtime(error) => codes::of_runtime(*error),
            Self::NoId => codes::NO_ID,
            Self::Argument { .. } | Self::InvalidPort { .. } => codes::ARGUMENT,
        }
    }
}
