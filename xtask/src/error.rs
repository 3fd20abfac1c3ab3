//! `Error`: why a command of this program did not do its work.

use std::fmt;

/// The result of every function that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command did not do its work.
#[derive(Debug, Clone)]
pub enum Error {
    /// Something went wrong; the text says what.
    Failed(String),
    /// Something needed is not available on this machine, so nothing was tried.
    Unavailable(String),
}

impl Error {
    /// Returns the error of a command that was called in a wrong way.
    pub fn usage(text: impl fmt::Display) -> Self {
        Self::Failed(text.to_string())
    }

    /// Returns an error that says what was being done when `source` happened.
    pub fn while_doing(what: impl fmt::Display, source: impl fmt::Display) -> Self {
        Self::Failed(format!("{what}: {source}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) | Self::Unavailable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self::Failed(text.to_owned())
    }
}

impl From<lexopt::Error> for Error {
    fn from(error: lexopt::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The exit status of a command that cannot run on this machine at all.
pub const UNAVAILABLE: u8 = 77;
