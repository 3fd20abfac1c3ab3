//! A listening TLS port: handshakes run side by side, and connections come out when they are done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::failed;
use super::first::First;
use super::{HandshakeFailure, TlsIo, TlsServer, at};
use crate::kinds::tcp::{Addresses, TcpServer};
use crate::stream::quiet::Quiet;
use crate::{Endpoint, Listener, Stream, TransportError};

#[derive(Debug)]
pub(super) struct TlsListener {
    tcp: TcpServer,
    server: Arc<TlsServer>,
    timeout: Duration,
    max_handshakes: usize,
    /// Dropped, and thereby ended, with the listener.
    handshakes: JoinSet<Result<Stream, TransportError>>,
    /// When each began and what cuts it short, oldest first; some may be done.
    cutters: VecDeque<(Instant, oneshot::Sender<()>)>,
    /// The connection for whose handshake there is no room yet; those after it wait in the
    /// system's queue.
    waiting: Option<(Quiet<TcpStream>, Addresses)>,
}

impl TlsListener {
    pub(super) fn new(
        tcp: TcpServer,
        server: Arc<TlsServer>,
        (timeout, max_handshakes): (Duration, usize),
    ) -> Self {
        Self {
            tcp,
            server,
            timeout,
            max_handshakes,
            handshakes: JoinSet::new(),
            cutters: VecDeque::new(),
            waiting: None,
        }
    }

    /// Returns when there is room for another handshake: at once if `None`.
    fn room_at(&mut self) -> Option<Instant> {
        self.cutters.retain(|(_, cutter)| !cutter.is_closed());
        if self.cutters.len() < self.max_handshakes {
            return None;
        }
        self.cutters.front().map(|(began, _)| *began + A_FAIR_CHANCE)
    }

    fn cut_oldest(&mut self) {
        if let Some((_, oldest)) = self.cutters.pop_front() {
            let _ = oldest.send(());
        }
    }

    fn start(&mut self, io: Quiet<TcpStream>, addresses: Addresses) {
        let (cutter, cut) = oneshot::channel();
        self.cutters.push_back((Instant::now(), cutter));
        let (server, endpoint) = (Arc::clone(&self.server), self.endpoint());
        let (timeout, max_handshakes) = (self.timeout, self.max_handshakes);
        self.handshakes.spawn(async move {
            let accepting = server.acceptor().accept(First::of(io)).into_fallible();
            let shaking = tokio::time::timeout(timeout, accepting);
            let (failure, source) = tokio::select! {
                biased;
                done = shaking => match done {
                    Ok(Ok(stream)) => {
                        let tls = server.info(stream.get_ref().1);
                        let peer = addresses.describe(endpoint).with_tls(tls);
                        return Ok(Stream::new(TlsIo::new(stream), peer));
                    }
                    Ok(Err((source, io))) => {
                        let (failure, source) = HandshakeFailure::explain(source, io.bytes());
                        (failure, Some(source))
                    }
                    Err(_) => (HandshakeFailure::Timeout { limit: timeout }, None),
                },
                Ok(()) = cut => (HandshakeFailure::CrowdedOut { limit: max_handshakes }, None),
            };
            Err(failed(endpoint, addresses.remote, failure, source))
        });
    }
}

#[async_trait]
impl Listener for TlsListener {
    fn endpoint(&self) -> Endpoint {
        at(self.tcp.endpoint())
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        loop {
            let room_at = self.room_at();
            if room_at.is_none() {
                if let Some((io, addresses)) = self.waiting.take() {
                    self.start(io, addresses);
                    continue;
                }
            }
            tokio::select! {
                biased;
                Some(done) = self.handshakes.join_next() => {
                    // A handshake that panicked has nothing to tell.
                    if let Ok(done) = done {
                        return done;
                    }
                }
                accepted = self.tcp.accept_io(), if self.waiting.is_none() => {
                    self.waiting = Some(accepted.map_err(super::over_tls)?);
                }
                () = tokio::time::sleep_until(room_at.unwrap_or_else(Instant::now)),
                    if self.waiting.is_some() => self.cut_oldest(),
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }
}

/// How long a handshake may take before it is cut for another: on one machine it takes some
/// milliseconds, so that an honest crowd is not cut.
const A_FAIR_CHANCE: Duration = Duration::from_secs(1);
