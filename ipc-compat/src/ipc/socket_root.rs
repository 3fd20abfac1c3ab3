//! The socket root of node-ipc 14: a directory that only this user can enter.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipc_transport::{Endpoint, Listener, Stream, Transport, TransportError};

/// A local socket whose directory is made, and checked, before it is listened on.
#[derive(Debug)]
pub(super) struct InSocketRoot<T> {
    pub(super) socket: T,
    pub(super) root: PathBuf,
    /// Whether the directory has to be this user's, with no access for others.
    pub(super) secure: bool,
}

#[async_trait]
impl<T: Transport> Transport for InSocketRoot<T> {
    fn endpoint(&self) -> Endpoint {
        self.socket.endpoint()
    }

    fn supports_blocking(&self) -> bool {
        self.socket.supports_blocking()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.socket.dial().await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.socket.dial_within(limit).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        prepare(&self.root, self.secure, &self.endpoint())?;
        self.socket.listen().await
    }
}

/// A client's socket in a directory that any user could have made in this user's name. Unless it is
/// this user's, dialing fails as if there were no server.
#[derive(Debug)]
pub(super) struct OwnedRoot {
    pub(super) socket: Arc<dyn Transport>,
    pub(super) root: PathBuf,
}

impl OwnedRoot {
    fn check(&self) -> Result<(), TransportError> {
        check(self.root.components().as_path()).map_err(|why| {
            // Not an error of its own: a stranger could stop every client by making the directory.
            let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, why);
            TransportError::NobodyListening { endpoint: self.endpoint(), source }
        })
    }
}

#[async_trait]
impl Transport for OwnedRoot {
    fn endpoint(&self) -> Endpoint {
        self.socket.endpoint()
    }

    fn supports_blocking(&self) -> bool {
        self.socket.supports_blocking()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.check()?;
        self.socket.dial().await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.check()?;
        self.socket.dial_within(limit).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        self.socket.listen().await
    }
}

/// Returns whether the directory is one that node-ipc 14 makes for this user in a directory of
/// everybody's.
pub(super) fn is_private(root: &Path) -> bool {
    let user = rustix::process::getuid().as_raw();
    root.file_name().is_some_and(|name| *name == *format!("node-ipc-{user}"))
}

/// Returns what is wrong with the directory as a socket root, if it is there.
fn check(root: &Path) -> Result<(), &'static str> {
    use std::os::unix::fs::MetadataExt;

    match std::fs::symlink_metadata(root) {
        Ok(metadata) if !metadata.is_dir() => Err(LINKED),
        Ok(metadata) if metadata.uid() != rustix::process::getuid().as_raw() => Err(FOREIGN),
        _ => Ok(()),
    }
}

/// Returns whether the path lies in the directory, by its text. Only then is the directory made.
pub(super) fn holds(root: &Path, path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.starts_with(root)) && !has_dots(path)
}

/// Returns whether the path climbs: what it then lies in its text does not say.
fn has_dots(path: &Path) -> bool {
    path.components().any(|component| component == std::path::Component::ParentDir)
}

// Wire rule W32
fn prepare(root: &Path, secure: bool, endpoint: &Endpoint) -> Result<(), TransportError> {
    use std::fs::{self, DirBuilder, Permissions};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    let failed = |op| {
        let endpoint = endpoint.clone();
        move |source| TransportError::Io { endpoint, op, source }
    };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(root);
    made.map_err(failed("make the socket root"))?;
    if !secure {
        return Ok(());
    }
    // Without a separator after it, a link is seen as the link that it is.
    let root = root.components().as_path();
    let metadata = fs::symlink_metadata(root).map_err(failed("look at the socket root"))?;
    check(root).map_err(|reason| TransportError::InvalidName { name: root.to_owned(), reason })?;
    if metadata.mode() & 0o1000 != 0 {
        // /tmp, say: closing it to others would break the machine, and root may.
        return Err(TransportError::InvalidName { name: root.to_owned(), reason: SHARED });
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(root, Permissions::from_mode(0o700))
            .map_err(failed("close the socket root to others"))?;
    }
    Ok(())
}

/// Why a socket root is refused: `codes::of` has a code of its own for these.
pub(crate) const REASONS: [&str; 3] = [LINKED, FOREIGN, SHARED];
const LINKED: &str = "the socket root has to be a directory, not a link to one";
const FOREIGN: &str = "the socket root belongs to another user";
const SHARED: &str =
    "the socket root is a directory of everybody's; secure_socket_root forbids that";
