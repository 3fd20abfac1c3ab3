//! Why a connection is lost, which a socket tells once: to whoever reads or writes first.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use ipc_core::Client;
use ipc_core::session::ReconnectPolicy;
use ipc_transport::{
    Endpoint, Listener, MemoryTransport, PeerInfo, Stream, Transport, TransportError,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::support::{Lines, Log};

/// A socket whose peer has not answered for too long when something is written. Then its stream ends.
#[derive(Debug, Default)]
struct Lost {
    is_told: bool,
    reader: Option<Waker>,
}

impl AsyncRead for Lost {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_told {
            return Poll::Ready(Ok(()));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Lost {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        let kind = if self.is_told { ErrorKind::BrokenPipe } else { ErrorKind::TimedOut };
        self.is_told = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Err(kind.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Debug)]
struct Dials;

#[async_trait]
impl Transport for Dials {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Memory("told-once".into())
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        Ok(Stream::from_io(Lost::default(), PeerInfo::new(self.endpoint())))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        MemoryTransport::new("told-once").listen().await
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_write_was_told_is_why_the_connection_is_lost() {
    // Written by the caller, and by the connection's task.
    for queued in [false, true] {
        let client = Client::builder(Lines, Dials).reconnect(ReconnectPolicy::never()).build();
        let log = Log::of_client(&client);
        if queued {
            client.emit("n", "1").unwrap();
        }
        client.start().unwrap();
        log.until("connect").await;
        // Until the task sleeps.
        tokio::task::yield_now().await;
        if !queued {
            client.emit("n", "1").unwrap();
        }
        log.until("destroy").await;
        let end = ["connect", "error connection_lost", "disconnect connection_lost", "destroy"];
        assert_eq!(log.lines(), end, "{queued}");
        assert_eq!(client.close().await.undelivered.len(), 1);
    }
}
