//! Windows named pipes in byte mode: ordered, reliable, no message boundaries, no half-close.

#[cfg(windows)]
use std::io;
use std::time::Duration;

use async_trait::async_trait;

use crate::kinds::common::busy::BusyTimeout;
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

#[cfg(windows)]
mod connect;
#[cfg(windows)]
mod instance;
#[cfg(windows)]
mod listener;
#[cfg(any(windows, test))]
mod name;
#[cfg(windows)]
mod security;
#[cfg(windows)]
mod stream;
#[cfg(windows)]
mod sys;

#[cfg(windows)]
pub(crate) use stream::{PipeReader, PipeStream, PipeWriter};

/// A named pipe of this machine, to dial or to serve, by its full name.
///
/// A pipe has no half-close. Shutting down writes what was written, closes the pipe in both
/// directions, and what the peer has not read yet it can still read; what it sent and we have not
/// read is gone, and so is its answer.
///
/// A name is free again when every connection made through it is closed at both ends.
///
/// # Defaults
///
/// For our own user only; buffers of 64 KiB; a client waits 5 seconds for a busy pipe. Clients from
/// other machines are always refused.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`] if there is no such pipe, and
/// [`TransportError::Busy`] if every instance of it had a client for as long as we waited.
///
/// Listening gives [`TransportError::AlreadyRunning`] if a server waits for clients there,
/// and [`TransportError::AddressInUse`] if the name
/// is taken otherwise, by another server or by connections that outlived theirs.
///
/// Both give [`TransportError::InvalidName`], [`TransportError::NameTooLong`],
/// [`TransportError::TooManyFiles`] and [`TransportError::Io`]; and, on other systems than Windows,
/// [`TransportError::Unsupported`] only.
#[derive(Clone, Debug)]
pub struct PipeTransport {
    name: String,
    options: Options,
}

#[derive(Clone, Copy, Debug)]
struct Options {
    readable_all: bool,
    writable_all: bool,
    buffer_size: u32,
    busy_timeout: BusyTimeout,
}

impl PipeTransport {
    /// Returns a transport for a pipe's full name, such as `\\.\pipe\tmp-app.world`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let options = Options {
            readable_all: false,
            writable_all: false,
            buffer_size: DEFAULT_BUFFER_SIZE,
            busy_timeout: BusyTimeout::default(),
        };
        Self { name: name.into(), options }
    }

    /// Returns the pipe's full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets whether every user may read from the pipe, by default `false`: our own user only.
    #[must_use]
    pub fn with_readable_all(mut self, readable_all: bool) -> Self {
        self.options.readable_all = readable_all;
        self
    }

    /// Sets whether every user may write to the pipe, by default `false`: our own user only.
    ///
    /// A client that does both needs both. Windows counts the making of further instances as
    /// writing, so every user may then also serve some of the clients of this name.
    #[must_use]
    pub fn with_writable_all(mut self, writable_all: bool) -> Self {
        self.options.writable_all = writable_all;
        self
    }

    /// Sets how many bytes the system holds in each direction before a writer waits.
    ///
    /// By default 65,536, as Node has it. The serving side decides.
    #[must_use]
    pub fn with_buffer_size(mut self, buffer_size: u32) -> Self {
        self.options.buffer_size = buffer_size;
        self
    }

    /// Sets how long a client waits for a pipe whose instances all have a client, by default 5
    /// seconds, or with [`dial_within`](Transport::dial_within) all the time there is. A server of
    /// this crate makes the next instance before it takes a client, so this lasts a moment; with
    /// another server it may last until a client leaves.
    #[must_use]
    pub fn with_busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.options.busy_timeout = BusyTimeout::of(busy_timeout);
        self
    }

    #[cfg(windows)]
    fn error(&self, op: &'static str, source: io::Error) -> TransportError {
        let endpoint = self.endpoint();
        if instance::is_exhausted(&source) {
            return TransportError::TooManyFiles { endpoint, source };
        }
        TransportError::Io { endpoint, op, source }
    }
}

#[async_trait]
impl Transport for PipeTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Pipe(self.name.clone())
    }

    #[cfg(windows)]
    async fn dial(&self) -> Result<Stream, TransportError> {
        connect::connect(self, self.options.busy_timeout.alone()).await
    }

    #[cfg(windows)]
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        connect::connect(self, self.options.busy_timeout.within(limit)).await
    }

    #[cfg(not(windows))]
    async fn dial(&self) -> Result<Stream, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    #[cfg(windows)]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Ok(Box::new(listener::PipeServer::claim(self).await?))
    }

    #[cfg(not(windows))]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}

/// What Node's pipes have.
const DEFAULT_BUFFER_SIZE: u32 = 64 * 1024;
