//! Dialing a socket file.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;

use super::{PeerCheck, peer_check, socket_path};
use crate::accept::is_too_many_files;
use crate::{Credentials, Endpoint, PeerInfo, Stream, TransportError};

pub(super) async fn connect(path: &Path, check: PeerCheck) -> Result<Stream, TransportError> {
    socket_path::check(path)?;
    let io = UnixStream::connect(path).await.map_err(|error| explain(path, error))?;
    let credentials = credentials(&io);
    let server = match &credentials {
        Ok(found) => Ok(found.uid),
        Err(error) => Err(io::Error::from(error.kind())),
    };
    peer_check::check(path, check, server)?;
    let endpoint = Endpoint::Unix(path.to_owned());
    Ok(Stream::unix(io, PeerInfo { credentials: credentials.ok(), ..PeerInfo::new(endpoint) }))
}

/// Returns who is at the other end, as far as the system says.
pub(super) fn credentials(io: &UnixStream) -> io::Result<Credentials> {
    let found = io.peer_cred()?;
    Ok(Credentials::new(found.uid(), found.gid(), found.pid()))
}

fn explain(path: &Path, source: io::Error) -> TransportError {
    let endpoint = Endpoint::Unix(path.to_owned());
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            TransportError::NobodyListening { endpoint, source }
        }
        _ if is_too_many_files(&source) => TransportError::TooManyFiles { endpoint, source },
        _ => TransportError::Io { endpoint, op: "connect", source },
    }
}
