//! `ConfigError`: why a config cannot be used.

use crate::{TokenFileError, UnsafeDelimiter, codes};

/// Why a [`Config`](crate::Config) cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The setting does not exist.
    #[error("there is no setting {key}")]
    UnknownKey {
        /// The name, in node-ipc's spelling.
        key: String,
    },
    /// A setting cannot have this value.
    #[error("{key} is {value}, not {allowed}")]
    Value {
        /// The setting, in node-ipc's spelling.
        key: String,
        /// The value as JSON, shortened; a secret is not shown.
        value: String,
        /// The values that are allowed.
        allowed: &'static str,
    },
    /// A number that must be at least 1 is 0.
    #[error("{option} is zero")]
    Zero {
        /// The setting.
        option: &'static str,
    },
    /// A text or a list that must not be empty is empty.
    #[error("{option} is empty")]
    Empty {
        /// The setting.
        option: &'static str,
    },
    /// A text that becomes a part of a path or an address contains a NUL character.
    #[error("{option} contains a NUL character")]
    ContainsNul {
        /// The setting.
        option: &'static str,
    },
    /// Frames may contain the delimiter.
    #[error(transparent)]
    UnsafeDelimiter(#[from] UnsafeDelimiter),
    /// The file with the tokens of those whom a server lets in cannot be used. Only of
    /// [`Config::server_options`](crate::Config::server_options), which reads it.
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
}

impl ConfigError {
    /// Returns a short name of the error that never changes, as [`IpcError::code`](crate::IpcError::code) does.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenFile(error) => error.code(),
            _ => codes::CONFIG,
        }
    }
}
