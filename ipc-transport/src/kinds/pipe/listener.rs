//! A named pipe that is served: claiming its name, and always an instance for the next client.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::windows::named_pipe::NamedPipeServer;

use super::instance::{self, is_busy, is_missing, is_taken};
use super::security::Access;
use super::stream::{Pipe, PipeStream};
use super::{PipeTransport, name, sys};
use crate::{Endpoint, Listener, PeerInfo, Stream, Transport, TransportError};

#[derive(Debug)]
pub(super) struct PipeServer {
    transport: PipeTransport,
    access: Access,
    /// The instances without a client, or with one that was not accepted yet, oldest first.
    ///
    /// Invariant: never empty, so the name stays ours and a client finds an instance.
    waiting: Vec<NamedPipeServer>,
}

impl PipeServer {
    /// Takes the name and makes the first instances.
    ///
    /// Cancel safe: a dropped future leaves the name free.
    pub(super) async fn claim(transport: &PipeTransport) -> Result<Self, TransportError> {
        name::check(&transport.name)?;
        let failed = |source| transport.error("listen", source);
        let access = Access::new(transport.options).map_err(failed)?;
        let first = first_instance(transport, &access).await?;
        let mut server = Self { transport: transport.clone(), access, waiting: vec![first] };
        while server.waiting.len() < INSTANCES {
            let next = server.next_instance().map_err(failed)?;
            server.waiting.push(next);
        }
        Ok(server)
    }

    fn next_instance(&self) -> io::Result<NamedPipeServer> {
        let buffer_size = self.transport.options.buffer_size;
        instance::create(&self.transport.name, buffer_size, &self.access, false)
    }

    /// Finds an instance that has a client.
    fn poll_client(&self, cx: &mut Context<'_>) -> Poll<(usize, io::Result<()>)> {
        for (at, pipe) in self.waiting.iter().enumerate() {
            if let Poll::Ready(result) = pipe.poll_write_ready(cx) {
                return Poll::Ready((at, result));
            }
        }
        Poll::Pending
    }
}

#[async_trait]
impl Listener for PipeServer {
    fn endpoint(&self) -> Endpoint {
        self.transport.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        let failed = |source| self.transport.error("accept", source);
        let (at, result) = poll_fn(|cx| self.poll_client(cx)).await;
        result.map_err(failed)?;
        // Before the client is taken, so that the next one finds an instance. Where there is no
        // room for one, the client keeps its place and what it sent, and is accepted later.
        let next = self.next_instance().map_err(failed)?;
        let pipe = self.waiting.remove(at);
        self.waiting.push(next);
        let process_id = sys::client_process(&pipe);
        let info = PeerInfo { process_id, ..PeerInfo::new(self.endpoint()) };
        Ok(Stream::new(PipeStream::new(Pipe::Server(pipe)), info))
    }

    /// Cancel safe: the name becomes free all the same, a moment later.
    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        let name = self.transport.name.clone();
        drop(self);
        // The handles close when the event loop has seen that the waiting for clients has ended,
        // and until then a client would find them. Another server that took the name meanwhile
        // looks the same, so this wait is bounded.
        for _ in 0..TRIES {
            if sys::look(&name).is_err() {
                break;
            }
            tokio::time::sleep(TURN).await;
        }
        Ok(())
    }
}

impl Drop for PipeServer {
    fn drop(&mut self) {
        for pipe in &self.waiting {
            // The handle outlives this by a turn of the event loop, and no client may connect to it
            // meanwhile. It fails without a client, which is as good.
            let _ = pipe.disconnect();
        }
    }
}

/// Makes the instance that the name belongs to, unless the name is taken.
///
/// Looking first tells a live server from other obstacles; that of two who look at once only one
/// gets the name, the system sees to.
async fn first_instance(
    transport: &PipeTransport,
    access: &Access,
) -> Result<NamedPipeServer, TransportError> {
    let (name, endpoint) = (&transport.name, transport.endpoint());
    let mut refusal = None;
    let mut seen = false;
    for _ in 0..TRIES {
        match sys::look(name) {
            Ok(()) if seen => return Err(TransportError::AlreadyRunning { path: name.into() }),
            // A listener of this process that was just dropped can be seen until the event loop
            // has turned, which it has before the next look.
            Ok(()) => seen = true,
            Err(probe) if is_missing(&probe) => {
                match instance::create(name, transport.options.buffer_size, access, true) {
                    Ok(first) => return Ok(first),
                    // Another server was faster, or we may not serve at all: the next look shows
                    // which.
                    Err(error) if is_taken(&error) => refusal = Some(error),
                    Err(error) => return Err(transport.error("listen", error)),
                }
            }
            // Connections of a server that is gone keep its name until their clients have noticed.
            Err(probe) if is_busy(&probe) => refusal = None,
            // It lets others in.
            Err(_) => return Err(TransportError::AddressInUse { endpoint }),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(match refusal {
        Some(source) => transport.error("listen", source),
        None => TransportError::AddressInUse { endpoint },
    })
}

/// So many clients may come between two accepts and find no pipe busy. Node keeps four.
const INSTANCES: usize = 16;
/// A client notices the end of its server at once, if it is not very busy: one second.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);
/// How often to look whether the event loop has turned, which takes microseconds if it is not busy.
const TURN: Duration = Duration::from_millis(1);
