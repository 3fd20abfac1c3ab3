//! `IpcError`: why a server or client was not made.

use crate::ConfigError;

/// Why a server or client was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IpcError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The config asks for something that this version does not do.
    #[error("{option} is not supported yet")]
    Unsupported {
        /// The setting.
        option: &'static str,
    },
    /// A client needs an id.
    #[error("the id is empty")]
    NoId,
    /// An argument is not what can stand in its place.
    #[error("{value} is not {expected}")]
    Argument {
        /// The argument, as JSON.
        value: String,
        /// What can stand there.
        expected: &'static str,
    },
    /// The port is not between 1 and 65,535.
    #[error("port {port} is not between 1 and 65535")]
    InvalidPort {
        /// The port that was given.
        port: i64,
    },
}
