//! A listening socket file.

use std::task::Context;

use async_trait::async_trait;
use tokio::net::UnixListener;

use super::connect::credentials;
use super::socket_file::SocketFile;
use crate::accept::Reserve;
use crate::{Endpoint, Listener, PeerInfo, Stream, TransportError};

#[derive(Debug)]
pub(super) struct UnixServer {
    endpoint: Endpoint,
    /// Dropped before `io`: while the file has its name, whoever probes it finds us alive, so
    /// nobody replaces it between our look at it and its removal.
    file: SocketFile,
    io: UnixListener,
    reserve: Reserve,
}

impl UnixServer {
    pub(super) fn new(endpoint: Endpoint, io: UnixListener, file: SocketFile) -> Self {
        Self { endpoint, file, io, reserve: Reserve::new() }
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
        Ok(Stream::unix(io, PeerInfo { credentials, ..PeerInfo::new(self.endpoint.clone()) }))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        let Self { endpoint, mut file, io, .. } = *self;
        let removed = file.remove();
        drop(io);
        removed.map_err(|source| TransportError::Io { endpoint, op: "remove", source })
    }
}
