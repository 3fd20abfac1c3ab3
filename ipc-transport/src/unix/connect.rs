//! Dialing a socket file.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;

use super::{PeerCheck, peer_check, socket_path};
use crate::accept::is_too_many_files;
use crate::{Credentials, Endpoint, PeerInfo, Stream, TransportError};

pub(super) async fn connect(path: &Path, check: PeerCheck) -> Result<Stream, TransportError> {
    socket_path::check(path)?;
    let endpoint = Endpoint::Unix(path.to_owned());
    let io = UnixStream::connect(path).await.map_err(|error| explain(&endpoint, error))?;
    let (credentials, server) = credentials_and_user(&io);
    peer_check::check_server(path, check, server)?;
    Ok(Stream::unix(io, PeerInfo { credentials, ..PeerInfo::new(endpoint) }))
}

/// Connects to a name of the abstract namespace.
pub(super) async fn connect_abstract(
    name: &super::abstract_name::Name,
    check: PeerCheck,
) -> Result<Stream, TransportError> {
    let endpoint = name.endpoint();
    let io =
        UnixStream::connect(name.address()).await.map_err(|error| explain(&endpoint, error))?;
    let (credentials, server) = credentials_and_user(&io);
    peer_check::check_nameless(&name.shown(), check, server)?;
    Ok(Stream::unix(io, PeerInfo { credentials, ..PeerInfo::new(endpoint) }))
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
