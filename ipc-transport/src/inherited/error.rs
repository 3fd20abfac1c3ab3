//! `InheritError`: why a socket that is open already cannot be served.

use std::io;

/// The reason a socket that is open already cannot be served.
///
/// `Display` never repeats [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InheritError {
    /// A variable of the environment does not say what it should.
    #[error("{name} is {value:?}, which is not {expected}")]
    InvalidVariable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The sockets of this process were taken before.
    #[error("the sockets were taken before")]
    AlreadyTaken,
    /// A descriptor that should have been passed is not open.
    #[error("descriptor {descriptor} is not open")]
    NotOpen {
        /// Its number.
        descriptor: i32,
        /// What the system said.
        source: io::Error,
    },
    /// The descriptor is not that of a listening stream socket of a kind this build knows.
    #[error("expected a listening socket, found {found}")]
    NotAListener {
        /// What it is instead, for example `"a datagram socket"`.
        found: &'static str,
    },
    /// The operating system refused an operation on the descriptor.
    #[error("{op} of an open socket")]
    Io {
        /// The operation.
        op: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl InheritError {
    /// Returns a short name of the error that never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidVariable { .. } => "invalid_variable",
            Self::AlreadyTaken => "already_taken",
            Self::NotOpen { .. } => "not_open",
            Self::NotAListener { .. } => "not_a_listener",
            Self::Io { .. } => "io",
        }
    }
}
