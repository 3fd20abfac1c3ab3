//! What the driver's tests share: a format, a log of what happens, and a peer that is only bytes.

mod lines;

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ipc_core::{Client, ClientEvent, DisconnectReason, Message, Server, ServerEvent};
use ipc_transport::{Listener, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use lines::Lines;

/// Waits for what has to come. With a paused clock a wait in vain ends at once.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let within = tokio::time::timeout(Duration::from_secs(120), future).await;
        within.unwrap_or_else(|_| panic!("waited in vain at {caller}"))
    }
}

/// What happened, in order, a line each.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Arc<watch::Sender<Vec<(u128, String)>>>,
    start: Instant,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { lines: Arc::new(watch::Sender::new(Vec::new())), start: Instant::now() }
    }

    /// Returns the log of a client: its messages and what happens to it.
    pub(crate) fn of_client(client: &Client<Lines>) -> Self {
        let (log, other) = (Self::new(), Self::new());
        let other = Self { lines: Arc::clone(&log.lines), ..other };
        client.on_any(move |message, _| other.note(text(message)));
        let other = log.clone();
        client.on_lifecycle(move |event| match event {
            ClientEvent::Connect => other.note("connect"),
            ClientEvent::Disconnect(reason) => other.note(format!("disconnect {}", why(reason))),
            ClientEvent::Destroy => other.note("destroy"),
            ClientEvent::Error(error) => other.note(format!("error {}", error.code())),
            _ => other.note("unknown"),
        });
        log
    }

    /// Returns the log of a server: its peers' messages and what happens to them, by number.
    pub(crate) fn of_server(server: &Server<Lines>) -> Self {
        let log = Self::new();
        let other = log.clone();
        server.on_any(move |message, peer| other.note(format!("{} {}", peer.id(), text(message))));
        let other = log.clone();
        server.on_lifecycle(move |event| match event {
            ServerEvent::Listening(_) | ServerEvent::Group(_) | ServerEvent::Topic(_) => {}
            ServerEvent::Connect(peer) => other.note(format!("{} connect", peer.id())),
            ServerEvent::Disconnect { peer, reason } => {
                other.note(format!("{} disconnect {}", peer.id(), why(reason)));
            }
            ServerEvent::Error { peer: Some(peer), error } => {
                other.note(format!("{} error {}", peer.id(), error.code()));
            }
            ServerEvent::Error { peer: None, error } => {
                other.note(format!("error {}", error.code()));
            }
            ServerEvent::Refused { why, .. } => other.note(format!("refused {}", why.code())),
            _ => other.note("unknown"),
        });
        log
    }

    pub(crate) fn note(&self, line: impl Display) {
        let at = self.start.elapsed().as_millis();
        self.lines.send_modify(|lines| lines.push((at, line.to_string())));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let untimed = |line: String| line.split_once(' ').unwrap_or_default().1.to_owned();
        self.timed().into_iter().map(untimed).collect()
    }

    /// Returns the lines with the milliseconds since the log's beginning before each.
    pub(crate) fn timed(&self) -> Vec<String> {
        self.lines.borrow().iter().map(|(at, line)| format!("{at} {line}")).collect()
    }

    /// Waits until a line is there.
    #[track_caller]
    pub(crate) fn until(&self, line: &str) -> impl Future<Output = ()> {
        self.until_all(move |lines| lines.iter().any(|(_, other)| other == line))
    }

    /// Waits until there are as many lines.
    #[track_caller]
    pub(crate) fn until_len(&self, len: usize) -> impl Future<Output = ()> {
        self.until_all(move |lines| lines.len() >= len)
    }

    #[track_caller]
    fn until_all(
        &self,
        mut done: impl FnMut(&Vec<(u128, String)>) -> bool,
    ) -> impl Future<Output = ()> {
        let mut lines = self.lines.subscribe();
        soon(async move {
            let _ = lines.wait_for(|lines| done(lines)).await;
        })
    }
}

fn text(message: &Message) -> String {
    let payload = message.payload().unwrap_or_default();
    format!("{} {}", message.event(), String::from_utf8_lossy(payload))
}

fn why(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::Local => "local".to_owned(),
        DisconnectReason::PeerClosed => "by peer".to_owned(),
        DisconnectReason::Reset => "reset".to_owned(),
        DisconnectReason::Truncated { buffered } => format!("truncated at {buffered}"),
        DisconnectReason::Error(error) => error.code().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// A peer that is only bytes: it does nothing by itself.
pub(crate) struct Raw(pub(crate) Stream);

impl Raw {
    pub(crate) async fn dial(transport: &impl Transport) -> Self {
        Self(soon(transport.dial()).await.unwrap())
    }

    pub(crate) async fn accept(listener: &mut Box<dyn Listener>) -> Self {
        Self(soon(listener.accept()).await.unwrap())
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.0.write_all(bytes.as_ref())).await.unwrap();
        // TLS may keep a part of it.
        soon(self.0.flush()).await.unwrap();
    }

    /// Returns the next line, or what is left at the end.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while let Ok(byte) = soon(self.0.read_u8()).await {
            if byte == b'\n' {
                break;
            }
            line.push(byte);
        }
        String::from_utf8(line).unwrap()
    }

    /// Returns everything up to the end.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = String::new();
        soon(self.0.read_to_string(&mut rest)).await.unwrap();
        rest
    }

    /// Ends this side; the other's answers can still be read.
    pub(crate) async fn finish(&mut self) {
        soon(self.0.shutdown()).await.unwrap();
    }
}
