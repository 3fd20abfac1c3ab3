//! A name of the abstract namespace, checked: one that this system takes.

use std::io;
use std::path::PathBuf;

use tokio::net::{UnixListener, UnixSocket};

use super::socket_path::LIMIT;
use crate::kinds::common::accept::is_too_many_files;
use crate::{Endpoint, TransportError};

/// A name that this system takes, and that fits into a socket address.
#[derive(Debug)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn new(name: &str) -> Result<Self, TransportError> {
        let name = Self(name.to_owned());
        if !cfg!(any(target_os = "linux", target_os = "android")) {
            return Err(TransportError::Unsupported { endpoint: name.endpoint() });
        }
        // The system makes up a name of its own in place of an empty one.
        if name.0.is_empty() {
            let reason = "the name is empty";
            return Err(TransportError::InvalidName { name: name.shown(), reason });
        }
        // The byte that a path leaves for its NUL at the end, a name takes for that before it.
        let (limit, actual) = (LIMIT, name.0.len());
        if actual > limit {
            let (name, unit) = (name.shown(), "bytes");
            return Err(TransportError::NameTooLong { name, limit, actual, unit });
        }
        Ok(name)
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::Abstract(self.0.clone())
    }

    /// Returns the name as the socket calls take it.
    pub(super) fn address(&self) -> PathBuf {
        format!("\0{}", self.0).into()
    }

    /// Returns the name as people are shown it.
    pub(super) fn shown(&self) -> PathBuf {
        format!("@{}", self.0).into()
    }

    pub(super) fn listen(&self, backlog: u32) -> Result<UnixListener, TransportError> {
        let bind = || {
            let socket = UnixSocket::new_stream()?;
            socket.bind(self.address())?;
            socket.listen(backlog)
        };
        let endpoint = self.endpoint();
        bind().map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => TransportError::AddressInUse { endpoint },
            _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
            _ => TransportError::Io { endpoint, op: "listen", source },
        })
    }
}
