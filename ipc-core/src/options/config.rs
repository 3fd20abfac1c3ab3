//! `ConnectionConfig`: what a connection runs with.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::{ClientOptions, ConnectionOptions, InFlight, ServerOptions};
use crate::protocol::connection::budget::Budget;
use crate::protocol::queue::{QueueOptions, Release};
use crate::runtime::server::directory::Directory;
use crate::{Allow, HandlerOrder, OnDenied, Rate, WhenDismissed};

/// What a connection runs with: its options, which it derefs to, and what its side, its driver and
/// its transport add.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionConfig {
    options: ConnectionOptions,
    /// Whether this is the side that reads on when both wait for each other.
    pub(crate) yields: bool,
    /// Whether each message waits until something was received after the one before it.
    pub(crate) sync: bool,
    /// How long a broadcast waits for a peer that takes nothing. Only async servers wait.
    pub(crate) stall_timeout: Option<Duration>,
    /// When handlers for any event run. Only the async driver has handlers.
    pub(crate) handler_order: HandlerOrder,
    /// How much the peer may send. Only servers limit it.
    pub(crate) rate: Option<Rate>,
    /// What the peer may do. Only servers limit it.
    pub(crate) allow: Allow,
    pub(crate) on_denied: OnDenied,
    /// Whether a server has checked who a peer is before its connection begins.
    pub(crate) admits_by_token: bool,
    /// What all connections of a server share.
    pub(crate) budget: Option<Arc<Budget>>,
    /// What an async server knows of its peers by their numbers.
    pub(crate) directory: Option<Arc<Directory>>,
    /// What a client does when the server sends it away for good.
    pub(crate) when_dismissed: WhenDismissed,
    /// How many bytes a datagram has at most, if that is what the transport sends.
    pub(crate) max_datagram: Option<usize>,
}

impl ConnectionConfig {
    /// Returns what a client's connections run with.
    pub(crate) fn of_client(options: &ClientOptions) -> Self {
        let sync = match options.in_flight {
            InFlight::Unlimited => false,
            InFlight::One => true,
        };
        let when_dismissed = options.when_dismissed;
        Self { yields: true, sync, when_dismissed, ..Self::of_server(options.connection.clone()) }
    }

    /// Returns the options of the connection's send queue.
    pub(crate) fn queue_options(&self) -> QueueOptions {
        let release = if self.sync { Release::OneInFlight } else { Release::Freely };
        QueueOptions::default()
            .with_limits(self.queue)
            .with_overflow(self.overflow)
            .with_release(release)
            .with_max_datagram(self.max_datagram)
    }

    /// Returns what the connections of a server with these options run with.
    pub(crate) fn of(options: &ServerOptions) -> Self {
        let ServerOptions { rate, on_denied, .. } = *options;
        let allow = options.allow.clone();
        Self { rate, allow, on_denied, ..Self::of_server(options.connection.clone()) }
    }

    /// Returns what a server's connections run with.
    pub(crate) fn of_server(options: ConnectionOptions) -> Self {
        Self {
            options,
            yields: false,
            sync: false,
            stall_timeout: Some(Duration::from_secs(10)),
            handler_order: HandlerOrder::default(),
            rate: None,
            allow: Allow::new(),
            on_denied: OnDenied::default(),
            admits_by_token: false,
            budget: None,
            directory: None,
            when_dismissed: WhenDismissed::default(),
            max_datagram: None,
        }
    }
}

impl Deref for ConnectionConfig {
    type Target = ConnectionOptions;

    fn deref(&self) -> &ConnectionOptions {
        &self.options
    }
}
