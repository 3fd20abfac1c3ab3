//! `Log`: writes what happens to an `Ipc` to its logger and to `tracing`.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipc_core::{Client, ClientEvent, Handlers, Message, Server, ServerEvent};

use crate::{Config, Logger, NodeFormat};

/// The settings of a config that are about logging, read anew for each line.
#[derive(Debug, Clone)]
pub(super) struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    silent: AtomicBool,
    /// Whether there is a logger, so that the lock is not taken in vain.
    has_logger: AtomicBool,
    logger: Mutex<Option<Logger>>,
}

/// A log, and whether payloads go there: what a client or server was made with.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    pub(super) log: Log,
    pub(super) payloads: bool,
}

impl Logged {
    /// Returns what writes to this log what the config wants logged.
    pub(super) fn new(log: Log, config: &Config) -> Self {
        Self { log, payloads: config.log_payloads }
    }

    /// Returns a function that writes the messages that are sent, if payloads are logged.
    pub(super) fn sent(&self) -> Option<impl Fn(&Message) + Send + Sync + 'static> {
        let log = self.log.clone();
        let write = move |message: &Message| {
            log.line(format_args!("dispatching event {}", Payload(message)));
        };
        self.payloads.then_some(write)
    }

    /// Writes a line; see [`Log::line`].
    pub(super) fn line(&self, line: impl fmt::Display) {
        self.log.line(line);
    }

    /// Writes the messages that these handlers are called for, if payloads are logged.
    pub(super) fn watch_messages<L>(&self, handlers: &Handlers<NodeFormat, L>) {
        if self.payloads {
            let log = self.log.clone();
            handlers.watch(move |message, _| log.received(message));
        }
    }

    /// Writes a message that was received, if payloads are logged.
    pub(super) fn received(&self, message: &Message) {
        if self.payloads {
            self.log.received(message);
        }
    }
}

impl Log {
    pub(super) fn new(config: &Config) -> Self {
        let log = Self(Arc::new(Shared {
            silent: AtomicBool::new(true),
            has_logger: AtomicBool::new(false),
            logger: Mutex::default(),
        }));
        log.configure(config);
        log
    }

    pub(super) fn configure(&self, config: &Config) {
        let logger = config.logger.clone();
        self.0.has_logger.store(logger.is_some(), Ordering::Relaxed);
        let mut slot = self.0.logger.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, logger);
        drop(slot);
        drop(old);
        self.0.silent.store(config.silent, Ordering::Relaxed);
    }

    /// Writes a line to the logger, and to `tracing` with the feature. It is formatted only if one of
    /// them takes it.
    pub(super) fn line(&self, line: impl fmt::Display) {
        if self.0.silent.load(Ordering::Relaxed) {
            return;
        }
        #[cfg(feature = "tracing")]
        tracing::info!("{line}");
        self.to_logger(line);
    }

    /// Writes a line to the logger alone, about an event that `ipc-core` traces itself.
    pub(super) fn untraced(&self, line: impl fmt::Display) {
        if !self.0.silent.load(Ordering::Relaxed) {
            self.to_logger(line);
        }
    }

    fn to_logger(&self, line: impl fmt::Display) {
        if !self.0.has_logger.load(Ordering::Relaxed) {
            return;
        }
        let logger = self.0.logger.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The lock is free again: a logger may log.
        if let Some(logger) = logger {
            logger.log(&line.to_string());
        }
    }

    /// Writes the lifecycle events of a client.
    pub(super) fn watch_client(&self, id: &Arc<str>, client: &Client<NodeFormat>) {
        let (log, id) = (self.clone(), Arc::clone(id));
        client.on_lifecycle(move |event| log.untraced(OfClient(&id, event)));
    }

    /// Writes the lifecycle events of a server and its clients.
    pub(super) fn watch_server(&self, server: &Server<NodeFormat>) {
        let log = self.clone();
        server.on_lifecycle(move |event| match event {
            ServerEvent::Listening(endpoint) => {
                log.line(format_args!("server listens at {endpoint}"));
            }
            ServerEvent::Connect(peer) => {
                log.untraced(format_args!("client {} connected", peer.id()))
            }
            ServerEvent::Disconnect { peer, reason } => {
                log.untraced(format_args!("client {} disconnected: {reason}", peer.id()));
            }
            ServerEvent::Error { peer: Some(peer), error } => {
                log.untraced(format_args!("client {}: {error}", peer.id()));
            }
            ServerEvent::Error { peer: None, error } => {
                log.untraced(format_args!("server: {error}"))
            }
            ServerEvent::Identified { peer, identity } => {
                log.untraced(format_args!("client {} says it is {:?}", peer.id(), identity.name));
            }
            ServerEvent::Refused { why, .. } => {
                log.untraced(format_args!("client refused: {why}"));
            }
            ServerEvent::Displaced(displaced) => log.untraced(format_args!("server: {displaced}")),
            _ => {}
        });
    }

    /// Writes a message with its payload, which may be secret: only for `log_payloads`.
    fn received(&self, message: &Message) {
        self.line(format_args!("received event {}", Payload(message)));
    }
}

/// A lifecycle event of the client of the server with this id.
pub(super) struct OfClient<'a>(pub(super) &'a str, pub(super) &'a ClientEvent);

impl fmt::Display for OfClient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(id, event) = self;
        match event {
            ClientEvent::Connect => write!(f, "connected to {id}"),
            ClientEvent::Disconnect(reason) => write!(f, "connection to {id} closed: {reason}"),
            ClientEvent::Destroy => write!(f, "client of {id} is closed"),
            ClientEvent::Error(error) => write!(f, "client of {id}: {error}"),
            ClientEvent::Greeted(_) => write!(f, "{id} answers the hello"),
            ClientEvent::Dismissed(bye) => {
                write!(f, "{id} sends this client away: {:?} ({})", bye.message, bye.code)
            }
            other => write!(f, "client of {id}: {other:?}"),
        }
    }
}

/// A message with its payload, shortened.
struct Payload<'a>(&'a Message);

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = String::from_utf8_lossy(self.0.payload().unwrap_or_default());
        let shown = payload
            .char_indices()
            .nth(MAX_PAYLOAD)
            .map_or(&*payload, |(end, _)| payload.get(..end).unwrap_or_default());
        let more = if shown.len() < payload.len() { "..." } else { "" };
        write!(f, "{} {}{more}", OneLine(self.0.event()), OneLine(shown))
    }
}

/// A peer's text without line ends and other control characters, with which it could forge a line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            char if char.is_control() => write!(f, "{}", char.escape_default()),
            char => f.write_char(char),
        })
    }
}

/// How many characters of a payload a line shows: enough to know it by.
const MAX_PAYLOAD: usize = 1000;
