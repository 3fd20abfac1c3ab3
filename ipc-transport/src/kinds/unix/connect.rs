//! Dialing a socket file.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;

use super::name::Name;
use super::options::PeerCheck;
use super::{peer_check, socket_path};
use crate::kinds::common::accept::is_too_many_files;
use crate::kinds::common::busy::open_when_free;
use crate::stream::quiet::Quiet;
use crate::{Credentials, Endpoint, PeerInfo, Stream, TransportError};

/// Connects to the socket file; a full backlog is waited for.
pub(super) async fn connect(
    path: &Path,
    check: PeerCheck,
    busy: Duration,
) -> Result<Stream, TransportError> {
    socket_path::check(path)?;
    let endpoint = Endpoint::Unix(path.to_owned());
    let io = open(&endpoint, path, busy).await?;
    let (credentials, server) = credentials_and_user(&io);
    peer_check::check_server(path, check, server)?;
    let io = Quiet::unix(io).map_err(|error| explain(&endpoint, error))?;
    Ok(Stream::new(io, PeerInfo { credentials, ..PeerInfo::new(endpoint) }))
}

/// Connects to a name of the abstract namespace.
pub(super) async fn connect_abstract(
    name: &Name,
    check: PeerCheck,
    busy: Duration,
) -> Result<Stream, TransportError> {
    let endpoint = name.endpoint();
    let io = open(&endpoint, &name.address(), busy).await?;
    let (credentials, server) = credentials_and_user(&io);
    peer_check::check_nameless(&name.shown(), check, server)?;
    let io = Quiet::unix(io).map_err(|error| explain(&endpoint, error))?;
    Ok(Stream::new(io, PeerInfo { credentials, ..PeerInfo::new(endpoint) }))
}

async fn open(
    endpoint: &Endpoint,
    address: &Path,
    busy: Duration,
) -> Result<UnixStream, TransportError> {
    let opened = open_when_free(endpoint, busy, is_busy, || UnixStream::connect(address)).await?;
    opened.map_err(|error| explain(endpoint, error))
}

/// Returns whether the server's backlog is full. Linux says so; other systems refuse as if there
/// were no server.
fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EAGAIN)
}

/// Returns who is at the other end, and its user or why the system does not say.
fn credentials_and_user(io: &UnixStream) -> (Option<Credentials>, io::Result<u32>) {
    match credentials(io) {
        Ok(found) => (Some(found), Ok(found.uid)),
        Err(error) => (None, Err(error)),
    }
}

/// Returns who is at the other end, as far as the system says.
pub(super) fn credentials(io: &UnixStream) -> io::Result<Credentials> {
    let found = io.peer_cred()?;
    Ok(Credentials::new(found.uid(), found.gid(), found.pid()))
}

fn explain(endpoint: &Endpoint, source: io::Error) -> TransportError {
    let endpoint = endpoint.clone();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            TransportError::NobodyListening { endpoint, source }
        }
        _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
        _ => TransportError::Io { endpoint, op: "connect", source },
    }
}
