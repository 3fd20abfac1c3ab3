//! Files with tokens: one with those of all clients, for a server, and one with a client's own.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipc_core::{Token, Tokens, TokensError};
use serde_json::Value;

use crate::codes;

/// Why a file with tokens cannot be used. No token is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// It cannot be read: there is none, say.
    #[error("the token file {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: ErrorKind,
    },
    /// It is no file: a directory or a pipe.
    #[error("the token file {} is no file", path.display())]
    NotAFile {
        /// What is no file.
        path: PathBuf,
    },
    /// Others than its owner and its group may read or write it.
    #[error("the token file {} is open to every user of this machine: its mode is {actual:04o}, make it 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        actual: u32,
    },
    /// It is too long.
    #[error("the token file {} has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many bytes it may have.
        limit: u64,
    },
    /// It does not hold what it has to.
    #[error("the token file {} is not {expected}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it has to be.
        expected: &'static str,
    },
    /// Its tokens do not go together.
    #[error("in the token file {}", path.display())]
    Tokens {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: TokensError,
    },
    /// The config has a check of its own, too.
    #[error("there is a token file, {}, and `token` is set, too", path.display())]
    NotAlone {
        /// The file.
        path: PathBuf,
    },
}

impl TokenFileError {
    /// Returns a short name of the error that never changes, as [`IpcError::code`](crate::IpcError::code) does.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        codes::TOKEN_FILE
    }
}

/// Reads the tokens of all whom a server lets in: a JSON object of their names, each with its token or with a list
/// of them, such as the old and the new one:
///
/// ```json
/// {"alice": "s3cret", "bob": ["hunter2", "hunter3"]}
/// ```
///
/// The file may be read by its owner and its group only, and have up to 1 MiB.
///
/// # Errors
///
/// [`TokenFileError`].
///
/// # Examples
///
/// ```no_run
/// use ipc_compat::{Config, Ipc, read_tokens};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::v14();
/// config.token = Some(read_tokens("/etc/app/tokens.json")?.into());
/// let server = Ipc::new(config).serve(())?;
/// # drop(server);
/// # Ok(()) }
/// ```
pub fn read_tokens(path: impl AsRef<Path>) -> Result<Tokens, TokenFileError> {
    let path = path.as_ref();
    let malformed = || TokenFileError::Malformed {
        path: path.to_owned(),
        expected: "a JSON object of names, each with its token or a list of them",
    };
    // What serde says of a file may quote it.
    let table: Value = serde_json::from_str(&read(path)?).map_err(|_| malformed())?;
    let Value::Object(table) = table else { return Err(malformed()) };
    let mut known: Vec<(Arc<str>, Token)> = Vec::new();
    for (name, tokens) in table {
        let name: Arc<str> = name.into();
        let tokens = match tokens {
            Value::Array(tokens) => tokens,
            token => vec![token],
        };
        for token in tokens {
            let Value::String(token) = token else { return Err(malformed()) };
            known.push((Arc::clone(&name), token.into()));
        }
    }
    Tokens::new(known).map_err(|source| TokenFileError::Tokens { path: path.to_owned(), source })
}

/// Reads a client's own token, for [`Hello::token`](ipc_core::Hello::token): a file of one line, without the white
/// space around it.
///
/// The file may be read by its owner and its group only, and have up to 1 MiB.
///
/// # Errors
///
/// [`TokenFileError`].
pub fn read_token(path: impl AsRef<Path>) -> Result<Token, TokenFileError> {
    let path = path.as_ref();
    let text = read(path)?;
    let token = text.trim();
    if token.is_empty() || token.contains(['\n', '\r']) {
        let expected = "one line with the token";
        return Err(TokenFileError::Malformed { path: path.to_owned(), expected });
    }
    Ok(token.into())
}

fn read(path: &Path) -> Result<String, TokenFileError> {
    let here = || path.to_owned();
    let unreadable =
        |error: std::io::Error| TokenFileError::Unreadable { path: here(), why: error.kind() };
    // Before it is opened: opening a pipe waits for who writes to it.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(TokenFileError::NotAFile { path: here() });
    }
    let file = File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata().map_err(unreadable)?.mode() & 0o7777;
        if mode & 0o006 != 0 {
            return Err(TokenFileError::OpenToOthers { path: here(), actual: mode });
        }
    }
    let mut text = String::new();
    let read = file.take(MAX_FILE + 1).read_to_string(&mut text);
    let read = u64::try_from(read.map_err(unreadable)?).unwrap_or(u64::MAX);
    if read > MAX_FILE {
        return Err(TokenFileError::TooLarge { path: here(), limit: MAX_FILE });
    }
    Ok(text)
}

/// How many bytes a file may have: 1 MiB, the tokens of some ten thousand clients.
const MAX_FILE: u64 = 1 << 20;
