//! The options of connections, clients and servers: one value for both drivers.

mod config;
mod connection;
mod setters;
mod spin;

use std::time::Duration;

pub(crate) use config::ConnectionConfig;
pub use connection::{ConnectionOptions, FlushPolicy, OnMalformed};
pub(crate) use setters::setters;
pub use spin::{Spin, SpinTooLong};

use crate::protocol::session::ReconnectPolicy;
use crate::{
    Access, Allow, Hello, OnDenied, PlainPeers, Rate, SameIdentity, TokenCheck, WaitingLimits,
    WhenDismissed,
};

/// The options of a client, the same for [`Client`](crate::Client) and
/// [`blocking::Client`](crate::blocking::Client).
///
/// [`ClientBuilder::options`](crate::ClientBuilder::options) takes one; the builders also have each
/// setter. What only the async client has, such as
/// [`handler_order`](crate::ClientBuilder::handler_order), is set on its builder.
///
/// # Defaults
///
/// ```
/// let defaults = ipc_core::ClientOptions::default();
/// assert_eq!(defaults.connect_timeout.as_secs(), 30);
/// assert_eq!(
///     format!("{:?}", defaults.reconnect),
///     "ReconnectPolicy { attempts: Forever, backoff: Backoff { base: 100ms, cap: 10s, jitter: Full }, \
///      on_permanent: End }",
/// );
/// assert_eq!(format!("{:?}", defaults.in_flight), "Unlimited");
/// ```
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::{ClientOptions, ConnectionOptions, InFlight};
///
/// let connection = ConnectionOptions::default().linger(Duration::from_millis(200));
/// let options = ClientOptions::default().connection(connection).in_flight(InFlight::One);
/// assert_eq!(options.connection.linger, Duration::from_millis(200));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientOptions {
    /// The options of each of its connections.
    pub connection: ConnectionOptions,
    /// When the client connects again. Default: for ever, after pauses that grow from 100 ms to
    /// 10 s, with full jitter; a permanent failure
    /// ([`Error::is_permanent`](crate::Error::is_permanent)) ends it.
    ///
    /// A client that should fail when its server is gone limits the attempts. A fixed, short pause
    /// makes many clients dial a restarted server at the same moment.
    pub reconnect: ReconnectPolicy,
    /// How long one attempt to connect may take. Default: 30 s.
    ///
    /// After that it fails with [`Error::ConnectTimeout`](crate::Error::ConnectTimeout), or with the
    /// transport's error if that says more: the server was there and busy, or a host has several
    /// addresses.
    pub connect_timeout: Duration,
    /// How many messages may be sent before something is received. Default: any number.
    pub in_flight: InFlight,
    /// What the client says of itself at the beginning of each connection. Default: `None`, nothing.
    pub hello: Option<Hello>,
    /// What the client does when the server sends it away for good. Default: it ends.
    pub when_dismissed: WhenDismissed,
}

impl ClientOptions {
    setters!(client at []);
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connection: ConnectionOptions::default(),
            reconnect: ReconnectPolicy::default(),
            connect_timeout: Duration::from_secs(30),
            in_flight: InFlight::default(),
            hello: None,
            when_dismissed: WhenDismissed::default(),
        }
    }
}

/// The options of a server, the same for [`Server`](crate::Server) and
/// [`blocking::Server`](crate::blocking::Server).
///
/// [`ServerBuilder::options`](crate::ServerBuilder::options) takes one; the builders also have each
/// setter. What only the async server does is set on its builder: limits on what all peers together
/// cost, and how long a broadcast waits.
///
/// # Defaults
///
/// ```
/// assert_eq!(ipc_core::ServerOptions::default().max_connections, 100);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The options of each connection.
    pub connection: ConnectionOptions,
    /// How many peers may be connected; one more is closed at once. Default: 100.
    ///
    /// Each costs a file descriptor and up to what its [queue](ConnectionOptions::queue) and its
    /// unfinished frame hold. In the blocking driver a connection counts until it ends or is
    /// dropped. Peers over UDP, where there are no connections, do not count: the transport bounds those.
    pub max_connections: usize,
    /// Which peers are let in, of those that the transport lets in. Default: [`Access::any`], all of
    /// them; a socket file has the mode `0600` unless the transport is told otherwise.
    pub access: Access,
    /// How much each peer may send, and what happens to one that sends more. Default: `None`, not
    /// limited.
    pub rate: Option<Rate>,
    /// What each peer may send and call, by name. Default: everything. [`Server::allow_by`](crate::Server::allow_by) has a list for each peer, and so has
    /// [`blocking::Connection::restrict`](crate::blocking::Connection::restrict).
    pub allow: Allow,
    /// What happens when a peer does what it may not. Default: [`OnDenied::Report`].
    pub on_denied: OnDenied,
    /// What happens when a peer says hello with the name of another that is connected. Default: both
    /// have it. With [`SameIdentity::ReplaceOld`] the thread of a blocking server that serves the older
    /// one sends it away when it waits the next time, or within a quarter of a second if it does.
    pub same_identity: SameIdentity,
    /// The check of those who say hello, as [`ServerBuilder::token`](crate::ServerBuilder::token) has it. A
    /// blocking server runs its future on the thread that accepts, beside those of other peers. Default:
    /// `None`, no peer has to say hello.
    pub token_check: Option<TokenCheck>,
    /// How long, and how many, peers may wait to be let in. Without a [`token_check`](#structfield.token_check)
    /// none has to. Default: 64, for 5 s, with 64 KiB each.
    pub waiting_limits: WaitingLimits,
    /// What becomes of a peer that does not say hello although there is a
    /// [`token_check`](#structfield.token_check). Default: it is refused.
    pub plain_peers: PlainPeers,
}

impl ServerOptions {
    setters!(server at []);

    /// Returns these options in place of earlier ones. A check of tokens stays unless these have one, so that
    /// no order of a builder's setters opens a server.
    pub(crate) fn in_place_of(self, earlier: Self) -> Self {
        Self { token_check: self.token_check.or(earlier.token_check), ..self }
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connection: ConnectionOptions::default(),
            max_connections: 100,
            access: Access::any(),
            rate: None,
            allow: Allow::new(),
            on_denied: OnDenied::default(),
            same_identity: SameIdentity::default(),
            token_check: None,
            waiting_limits: WaitingLimits::default(),
            plain_peers: PlainPeers::default(),
        }
    }
}

/// How many messages a client sends before something is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum InFlight {
    /// Any number. The default.
    #[default]
    Unlimited,
    /// One: each message is held until something was received after the one before it, which is
    /// node-ipc's `sync`. For servers that answer every message; with one that does not, the
    /// messages after the first are never sent.
    One,
}
