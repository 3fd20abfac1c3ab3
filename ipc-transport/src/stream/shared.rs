//! Streams that cannot be split by themselves: their halves share one under a lock.

use std::pin::Pin;
use std::task::{Context, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};

use super::forward::{forward_read, forward_write};

/// Whatever reads and writes: the stream of a transport from outside this crate.
pub(crate) struct Boxed(Box<dyn AnyIo>);

trait AnyIo: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> AnyIo for T {}

impl Boxed {
    pub(super) fn new(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self(Box::new(io))
    }

    pub(super) fn into_split(self) -> (ReadHalf<Self>, SharedWriter<Self>) {
        split(self)
    }
}

forward_read!(Boxed, this => this.0);
forward_write!(Boxed, this => this.0);

/// Returns halves that share the stream; dropping the one that writes shuts the stream down.
pub(crate) fn split<S: AsyncRead + AsyncWrite>(io: S) -> (ReadHalf<S>, SharedWriter<S>) {
    let (read, write) = tokio::io::split(io);
    (read, SharedWriter(write))
}

/// The half that writes. The stream itself lives as long as the other half does, so dropping this
/// one has to say that nothing more comes, so that the other side can tell an end from a cut.
pub(crate) struct SharedWriter<S: AsyncWrite>(WriteHalf<S>);

forward_write!(SharedWriter<S> where [S: AsyncWrite], this => this.0);

impl<S: AsyncWrite> Drop for SharedWriter<S> {
    fn drop(&mut self) {
        // Whether this completes at once is up to the stream; a wrapped socket does.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}
