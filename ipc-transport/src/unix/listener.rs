//! A listening Unix socket: one with a file of ours, or one without.

use std::task::Context;

use async_trait::async_trait;
use tokio::net::UnixListener;

use super::connect::credentials;
use super::socket_file::SocketFile;
use super::{PeerCheck, peer_check};
use crate::accept::Reserve;
use crate::quiet::Quiet;
use crate::{Endpoint, Listener, PeerInfo, Stream, TransportError};

#[derive(Debug)]
pub(crate) struct UnixServer {
    endpoint: Endpoint,
    /// Dropped before `io`: while the file has its name, whoever probes it finds us alive, so
    /// nobody replaces it between our look at it and its removal. `None` if the file is somebody
    /// else's, or there is none.
    file: Option<SocketFile>,
    io: UnixListener,
    check: PeerCheck,
    reserve: Reserve,
}

impl UnixServer {
    /// Returns a server whose clients `check` has to take.
    pub(crate) fn new(endpoint: Endpoint, io: UnixListener, check: PeerCheck) -> Self {
        Self { endpoint, file: None, io, check, reserve: Reserve::new() }
    }

    /// Makes the server remove this file at its end.
    pub(super) fn with_file(self, file: SocketFile) -> Self {
        Self { file: Some(file), ..self }
    }
}

#[async_trait]
impl Listener for UnixServer {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        let listener = &self.io;
        let poll_accept = |cx: &mut Context<'_>| listener.poll_accept(cx);
        let (io, _) = self.reserve.accept(&self.endpoint, poll_accept).await?;
        let credentials = credentials(&io).ok();
        peer_check::check_client(&self.endpoint, self.check, credentials.as_ref())?;
        let io = Quiet::unix(io).map_err(|source| {
            let endpoint = self.endpoint.clone();
            TransportError::Io { endpoint, op: "accept", source }
        })?;
        Ok(Stream::unix(io, PeerInfo { credentials, ..PeerInfo::new(self.endpoint.clone()) }))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        let Self { endpoint, file, io, .. } = *self;
        let removed = file.map_or(Ok(()), |mut file| file.remove());
        drop(io);
        removed.map_err(|source| TransportError::Io { endpoint, op: "remove", source })
    }
}
