//! `InheritError`: why a socket that is open already cannot be served.

use std::error::Error;
use std::fmt;
use std::io;

/// The reason a socket that is open already cannot be served.
///
/// `Display` never repeats [`Error::source`].
#[derive(Debug)]
#[non_exhaustive]
pub enum InheritError {
    /// A variable of the environment does not say what it should.
    InvalidVariable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The sockets of this process were taken before.
    AlreadyTaken,
    /// A descriptor that should have been passed is not open.
    NotOpen {
        /// Its number.
        descriptor: i32,
        /// What the system said.
        source: io::Error,
    },
    /// The descriptor is not that of a listening stream socket of a kind this build knows.
    NotAListener {
        /// What it is instead, for example `"a datagram socket"`.
        found: &'static str,
    },
    /// The operating system refused an operation on the descriptor.
    Io {
        /// The operation.
        op: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for InheritError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidVariable { name, value, expected } => {
                write!(f, "{name} is {value:?}, which is not {expected}")
            }
            Self::AlreadyTaken => f.write_str("the sockets were taken before"),
            Self::NotOpen { descriptor, .. } => write!(f, "descriptor {descriptor} is not open"),
            Self::NotAListener { found } => write!(f, "expected a listening socket, found {found}"),
            Self::Io { op, .. } => write!(f, "{op} of an open socket"),
        }
    }
}

impl Error for InheritError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotOpen { source, .. } | Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
