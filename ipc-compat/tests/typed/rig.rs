//! A server, a client of it or a peer that is only bytes, and notes of what happens.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipc_compat::{Config, Ipc, IpcClient, IpcServer};
use ipc_transport::{MemoryTransport, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

/// Lines of what has happened.
#[derive(Clone)]
pub(crate) struct Notes(Arc<watch::Sender<Vec<String>>>);

impl Notes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    pub(crate) fn note(&self, line: impl Display) {
        self.0.send_modify(|lines| lines.push(line.to_string()));
    }

    /// Waits until there are as many lines, and returns all.
    pub(crate) async fn until(&self, len: usize) -> Vec<String> {
        let mut lines = self.0.subscribe();
        soon(lines.wait_for(|lines| lines.len() >= len)).await.unwrap().clone()
    }
}

pub(crate) async fn soon<F: IntoFuture>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(120), future).await.unwrap()
}

pub(crate) fn place() -> MemoryTransport {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    MemoryTransport::new(format!("typed-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Returns a server, and notes of its errors.
pub(crate) fn server(place: &MemoryTransport) -> (IpcServer, Notes) {
    let server = Ipc::new(Config::classic()).serve_on(place.clone()).unwrap();
    let notes = Notes::new();
    let errors = notes.clone();
    server.on_error(move |error, _| errors.note(format!("{}: {error}", error.code())));
    (server, notes)
}

/// Returns a server that listens and a client of it.
pub(crate) async fn pair() -> (IpcServer, IpcClient, Notes) {
    let place = place();
    let (server, notes) = server(&place);
    server.start().await.unwrap();
    let client = Ipc::new(Config::classic()).connect_on("world", place).unwrap();
    (server, client, notes)
}

/// A peer that is only bytes.
pub(crate) struct Raw(pub(crate) Stream);

impl Raw {
    pub(crate) async fn dial(place: &MemoryTransport) -> Self {
        Self(place.dial().await.unwrap())
    }

    pub(crate) async fn write(&mut self, frames: &[&str]) {
        let bytes: String = frames.iter().map(|frame| format!("{frame}\u{c}")).collect();
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    pub(crate) async fn frame(&mut self) -> String {
        let mut frame = Vec::new();
        loop {
            match soon(self.0.read_u8()).await.unwrap() {
                0x0c => return String::from_utf8(frame).unwrap(),
                byte => frame.push(byte),
            }
        }
    }
}
