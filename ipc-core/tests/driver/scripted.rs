//! A transport whose attempts and listener do what a test wants.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ipc_transport::{Endpoint, Listener, MemoryTransport, Stream, Transport, TransportError};

/// What an attempt to connect, or to accept, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It fails for want of file descriptors.
    Fails,
    /// It is refused, for being of another user.
    Refuses,
    /// It never comes to an end.
    Hangs,
}

/// A memory transport that does other things first, for each dial and each accept.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    inner: MemoryTransport,
    dials: Arc<Mutex<VecDeque<Step>>>,
    accepts: Arc<Mutex<VecDeque<Step>>>,
}

impl Scripted {
    pub(crate) fn new(inner: MemoryTransport, dials: &[Step], accepts: &[Step]) -> Self {
        let script = |steps: &[Step]| Arc::new(Mutex::new(steps.iter().copied().collect()));
        Self { inner, dials: script(dials), accepts: script(accepts) }
    }

    pub(crate) fn fail_next_accepts(&self, count: usize) {
        self.accepts.lock().unwrap().extend(vec![Step::Fails; count]);
    }

    async fn play(&self, script: &Mutex<VecDeque<Step>>) -> Result<(), TransportError> {
        let step = script.lock().unwrap().pop_front();
        match step {
            None => Ok(()),
            Some(Step::Hangs) => pending().await,
            Some(Step::Refuses) => {
                let (expected, actual) = (0, Some(65534));
                Err(TransportError::PeerRefused { endpoint: self.endpoint(), expected, actual })
            }
            Some(Step::Fails) => {
                let source = io::Error::other("no file descriptor left");
                Err(TransportError::TooManyFiles { endpoint: self.endpoint(), source })
            }
        }
    }
}

#[async_trait]
impl Transport for Scripted {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.play(&self.dials).await?;
        self.inner.dial().await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let inner = self.inner.listen().await?;
        Ok(Box::new(ScriptedListener { inner, transport: self.clone() }))
    }
}

#[derive(Debug)]
struct ScriptedListener {
    inner: Box<dyn Listener>,
    transport: Scripted,
}

#[async_trait]
impl Listener for ScriptedListener {
    fn endpoint(&self) -> Endpoint {
        self.inner.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        self.transport.play(&self.transport.accepts).await?;
        self.inner.accept().await
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        self.inner.close().await
    }
}
