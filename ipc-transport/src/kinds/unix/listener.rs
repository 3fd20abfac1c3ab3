//! A listening Unix socket: one with a file of ours, or one without.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use tokio::net::{UnixListener, UnixStream};

use super::connect::credentials;
use super::options::PeerCheck;
use super::socket_file::SocketFile;
use super::watch::{FileWatch, Verdict};
use super::{peer_check, sys};
use crate::kinds::common::accept::{Reserve, UnlessForked};
use crate::stream::quiet::Quiet;
use crate::{DisplacedBy, Displacements, Endpoint, Listener, PeerInfo, Stream, TransportError};

#[derive(Debug)]
pub(crate) struct UnixServer {
    endpoint: Endpoint,
    /// Dropped before `io`: while the file has its name, a probe finds us alive, so
    /// it is not replaced between our look at it and its removal. `None` if the file is not ours,
    /// or does not exist.
    file: Option<SocketFile>,
    io: UnlessForked<UnixListener>,
    check: PeerCheck,
    reserve: Reserve,
    watch: Option<FileWatch>,
    /// Connections to a file that was replaced by another one of ours.
    early: VecDeque<UnixStream>,
    stopped: Option<DisplacedBy>,
}

impl UnixServer {
    /// Returns a server whose clients `check` has to take.
    pub(crate) fn new(endpoint: Endpoint, io: UnixListener, check: PeerCheck) -> Self {
        Self {
            endpoint,
            file: None,
            io: UnlessForked::new(io),
            check,
            reserve: Reserve::new(),
            watch: None,
            early: VecDeque::new(),
            stopped: None,
        }
    }

    /// Makes the server remove this file when it closes.
    pub(crate) fn with_file(self, file: SocketFile) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Makes the server look after its file while it accepts.
    pub(super) fn with_watch(self, watch: Option<FileWatch>) -> Self {
        Self { watch, ..self }
    }

    /// Returns the next connection, or `None` when it is time to look at the file.
    async fn accept_or_look(&mut self) -> Result<Option<UnixStream>, TransportError> {
        let Self { endpoint, io, reserve, watch, .. } = self;
        let listener: &UnixListener = io;
        let mut accepting = pin!(reserve.accept(endpoint, |cx| listener.poll_accept(cx)));
        poll_fn(|cx| {
            if let Poll::Ready(accepted) = accepting.as_mut().poll(cx) {
                return Poll::Ready(accepted.map(|(io, _)| Some(io)));
            }
            match watch {
                Some(watch) => watch.poll_due(cx).map(|()| Ok(None)),
                None => Poll::Pending,
            }
        })
        .await
    }

    async fn look_at_file(&mut self) -> Result<(), TransportError> {
        let (Some(watch), Some(file)) = (&mut self.watch, &self.file) else { return Ok(()) };
        match watch.look(file.id()).await {
            Verdict::GoOn => Ok(()),
            Verdict::Remade(io, file) => {
                // A client that connected just before the file went must not be lost with the
                // socket.
                let mut cx = Context::from_waker(Waker::noop());
                while let Poll::Ready(Ok((early, _))) = self.io.poll_accept(&mut cx) {
                    self.early.push_back(early);
                }
                // The file first, as at the end: the old socket keeps its number from being reused.
                self.file = Some(file);
                self.io = UnlessForked::new(io);
                Ok(())
            }
            Verdict::Stop(error) => {
                if let TransportError::Displaced { by, .. } = error {
                    self.stopped = Some(by);
                }
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Listener for UnixServer {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        if let (Some(by), Endpoint::Unix(path)) = (self.stopped, &self.endpoint) {
            return Err(TransportError::Displaced { path: path.clone(), by });
        }
        let io = loop {
            if let Some(early) = self.early.pop_front() {
                break early;
            }
            match self.accept_or_look().await? {
                Some(io) => break io,
                None => self.look_at_file().await?,
            }
        };
        let credentials = credentials(&io).ok();
        peer_check::check_client(&self.endpoint, self.check, credentials.as_ref())?;
        let groups = sys::peer_groups(&io);
        let io = Quiet::unix(io).map_err(|source| {
            let endpoint = self.endpoint.clone();
            TransportError::Io { endpoint, op: "accept", source }
        })?;
        Ok(Stream::new(
            io,
            PeerInfo { credentials, groups, ..PeerInfo::new(self.endpoint.clone()) },
        ))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        let Self { endpoint, file, io, .. } = *self;
        let removed = file.map_or(Ok(()), |mut file| file.remove());
        drop(io);
        removed.map_err(|source| TransportError::Io { endpoint, op: "unlink", source })
    }

    fn displacements(&self) -> Option<Displacements> {
        self.watch.as_ref().map(FileWatch::displacements)
    }

    fn hand_over(self: Box<Self>) -> Result<OwnedFd, TransportError> {
        let Self { endpoint, file, io, .. } = *self;
        match io.into_inner().and_then(UnixListener::into_std) {
            Ok(io) => {
                if let Some(file) = file {
                    file.disown();
                }
                Ok(io.into())
            }
            Err(source) => Err(TransportError::Io { endpoint, op: "hand over", source }),
        }
    }
}
