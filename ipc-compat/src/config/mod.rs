//! `Config`: node-ipc's settings under their own names.

mod check;
mod error;
mod format;
mod json;
mod resolve;
mod token_file;
mod values;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipc_codec::{Delimiter, Limits};
use ipc_core::{
    Access, Allow, CallOptions, Heartbeat, Hello, OnDenied, PlainPeers, Rate, SameIdentity, Spin,
    TokenCheck, WaitingLimits, WhenDismissed,
};
use ipc_transport::{UdpLimits, WhenDisplaced};

pub use error::ConfigError;
pub use resolve::Resolve;
pub use token_file::{TokenFileError, read_token, read_tokens};
pub use values::{Family, Interface, Logger, Profile, Retries, Tls, UnknownName};

use crate::layouts::Layout;
use crate::paths::{classic_socket_root, local_names, socket_path, v14_socket_root};
use crate::{Dialect, Encoding, Environment, NodeFormat, Platform};

/// The settings of node-ipc, under its names in snake case.
///
/// Set the fields directly; [`Config::validate`] checks them. A server or client copies the
/// settings when it is created; [`Ipc::configure`](crate::Ipc::configure) says which changes reach it
/// later.
///
/// # Defaults
///
/// As in node-ipc, with two differences: no log line is printed unless `logger` is set, and every
/// profile has limits.
///
/// | field | classic | v14 |
/// |---|---|---|
/// | `appspace` | `app.` | the same |
/// | `socket_root` | `/tmp/` | [`v14_socket_root`] |
/// | `resolve` | [`Resolve::Own`] | [`Resolve::temporary`] |
/// | `id` | the machine's name | the same |
/// | `network_host`, `network_port` | `127.0.0.1`, 8000 | the same |
/// | `encoding`, `raw_buffer` | UTF-8, false | the same |
/// | `delimiter` | the form feed, `0x0C` | the same |
/// | `sync` | false | the same |
/// | `max_connections` | 100 | the same |
/// | `retry`, `max_retries`, `stop_retrying` | 500 ms, for ever, false | the same |
/// | `retry_permanent` | false | the same |
/// | `unlink`, `readable_all`, `writable_all` | true, false, false | the same |
/// | `secure_socket_root` | false | true |
/// | `peer_user` | none | the same |
/// | `file_watch`, `when_displaced` | 2 s, [`WhenDisplaced::ServeOn`] | the same |
/// | `tls`, `interface` | none, unbound | the same |
/// | `keepalive`, `user_timeout`, `heartbeat` | 60 s, none, none | the same |
/// | `udp_limits`, `udp_broadcast` | [`UdpLimits::default`], false | the same |
/// | `layout` | none | the same |
/// | `calls` | [`CallOptions::default`] | the same |
/// | `access`, `rate` | [`Access::any`], none | the same |
/// | `hello`, `when_dismissed` | none, [`WhenDismissed::End`] | the same |
/// | `same_identity` | [`SameIdentity::Allow`] | the same |
/// | `token`, `token_file` | none, none | the same |
/// | `waiting_limits`, `plain_peers` | [`WaitingLimits::default`], [`PlainPeers::Refuse`] | the same |
/// | `allow`, `on_denied` | everything, [`OnDenied::Report`] | the same |
/// | `parser` | `fast` | the same |
/// | `identify_peer` | false | the same |
/// | `max_message_size` | 16 MiB | `fast` 16 MiB, else 1 MiB |
/// | `max_pending_bytes` | 8 MiB | the same |
/// | `high_water_mark` | 1 MiB | the same |
/// | `max_event_name_length` | 4,096 | `fast` 4,096, else 256 |
/// | `message_timeout` | 30 s | the same |
/// | `linger` | 1 s | the same |
/// | `spin` | none | the same |
/// | `allow_reserved_events`, `allowed_events` | false, empty | the same |
/// | `silent`, `log_payloads`, `logger` | false, false, none | the same |
/// | `log_in_color`, `log_depth` | true, 5 | the same |
///
/// # Examples
///
/// ```
/// use ipc_compat::Config;
///
/// let mut config = Config::classic();
/// config.id = "world".to_owned();
/// assert_eq!(config.socket_path("hello").to_str(), Some("/tmp/app.hello"));
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The family of versions to behave like.
    pub dialect: Dialect,
    /// The text between socket root and id in the path of a local socket.
    pub appspace: String,
    /// The beginning of the path of a local socket. A directory needs its `/` at the end: no
    /// separator is added.
    pub socket_root: PathBuf,
    /// Where a client looks for a server whose path is not given: in `socket_root` only, in the
    /// roots of both families of versions ([`Resolve::auto`]), or where a server without a session is
    /// ([`Resolve::temporary`]). A server is at one place.
    pub resolve: Resolve,
    /// The name of this program's server.
    pub id: String,
    /// The host to serve on and to connect to when none is given.
    pub network_host: String,
    /// The port to serve on and to connect to when none is given; for a server, 0 is a free one.
    pub network_port: u16,
    /// How text becomes bytes in raw mode. Frames are always UTF-8.
    pub encoding: Encoding,
    /// Whether raw bytes are sent and received instead of events.
    pub raw_buffer: bool,
    /// What ends a frame.
    pub delimiter: Delimiter,
    /// Whether a client waits for a message from its server after each one that it sends.
    pub sync: bool,
    /// The number of clients that a server serves at a time; further ones are refused.
    pub max_connections: usize,
    /// The pause before a client tries to connect again.
    pub retry: Duration,
    /// How often a client tries to connect again.
    pub max_retries: Retries,
    /// Whether clients stop retrying at once when a connection is lost.
    pub stop_retrying: bool,
    /// Whether clients also retry, by `max_retries`, after a permanent failure, such as a path that is
    /// too long. node-ipc does; by default such a client ends.
    pub retry_permanent: bool,
    /// Whether a server may remove a stale socket file. It never removes anything else, whatever
    /// this says.
    pub unlink: bool,
    /// Whether every user may read from a local socket.
    pub readable_all: bool,
    /// Whether every user may connect and write to a local socket.
    pub writable_all: bool,
    /// Whether `socket_root` must be a directory of this user that no other user may enter.
    pub secure_socket_root: bool,
    /// The id of the user that the other side of a local socket must run as, whoever owns the file:
    /// a server of another user on purpose, or the only clients that a server accepts.
    /// `None`: a client decides by the directory, a server by the mode. Not on Windows.
    /// [`user_id`](ipc_transport::user_id) finds the number of a name.
    pub peer_user: Option<u32>,
    /// How often a server on a local socket checks that its file still exists; `None` is never.
    pub file_watch: Option<Duration>,
    /// What a server does after its file was removed or replaced.
    pub when_displaced: WhenDisplaced,
    /// Certificates and keys, if network connections are to be encrypted. Needs the feature `tls`; local
    /// sockets stay plain.
    pub tls: Option<Tls>,
    /// What a client's own end of a network connection is bound to.
    pub interface: Interface,
    /// How long a TCP connection, with or without TLS, is idle before the peer is probed, 3 times every
    /// 10 seconds, so that one that vanished is detected. `None` is never, as in node-ipc.
    pub keepalive: Option<Duration>,
    /// How long bytes sent over TCP may go without being taken, on Linux: see
    /// [`with_user_timeout`](ipc_transport::TcpTransport::with_user_timeout). `None`: as the system does.
    pub user_timeout: Option<Duration>,
    /// When a silent peer that answers calls is asked for a sign of life, and when it is given up: see
    /// [the core's setting](ipc_core::ConnectionOptions::heartbeat). `None` is never, as in node-ipc.
    pub heartbeat: Option<Heartbeat>,
    /// The limits for the addresses that send to a UDP server; node-ipc has no such setting.
    pub udp_limits: UdpLimits,
    /// Whether datagrams may go to a broadcast address, such as `192.0.2.255`; node-ipc cannot.
    pub udp_broadcast: bool,
    /// The form of calls, if it is not that of docs/calls.md; see [`layouts`](crate::layouts).
    pub layout: Option<Arc<dyn Layout>>,
    /// The limits of calls: deadlines, how many are open and run. Not in JSON.
    pub calls: CallOptions,
    /// Which clients a server lets in, of those that its socket lets in: by default all, since a socket
    /// file is for this user alone unless `writable_all` opens it.
    pub access: Access,
    /// How much each client of a server may send, and what happens to one that sends more; `None` is
    /// any amount, as in node-ipc.
    pub rate: Option<Rate>,
    /// What a client says of itself with its first frame; see docs/hello.md. `None`: nothing, as in
    /// node-ipc. Not in JSON.
    pub hello: Option<Hello>,
    /// What a client does when a server of this library sends it away for good. Not in JSON.
    pub when_dismissed: WhenDismissed,
    /// What a server does when a client says hello with the name of another. Not in JSON.
    pub same_identity: SameIdentity,
    /// What a server asks about a client that has said hello, before it lets the client in; see docs/access.md.
    /// `None`: nothing, and `token_file` may do so. Not in JSON.
    pub token: Option<TokenCheck>,
    /// A file with the tokens of those whom a server lets in, read when the server is made: see
    /// [`read_tokens`](crate::read_tokens) for what is in it. `None`: there is none.
    pub token_file: Option<PathBuf>,
    /// How long, and how many, clients may wait to be let in, with `token` or `token_file`. Not in JSON.
    pub waiting_limits: WaitingLimits,
    /// What becomes of clients that do not say hello, such as those of node-ipc, with `token` or `token_file`.
    /// Not in JSON.
    pub plain_peers: PlainPeers,
    /// Which events each client of a server may send, and which methods it may call; for a list for each
    /// client see [`IpcServer::allow_by`](crate::IpcServer::allow_by). Unlike `allowed_events`, which is
    /// the profile's, it has patterns, and what is not allowed does not end the connection.
    pub allow: Allow,
    /// What happens when a client does what it may not.
    pub on_denied: OnDenied,
    /// How much is checked.
    pub parser: Profile,
    /// Whether a member `id` of a payload names the peer it came from, in the dialect v14; classic
    /// versions always do it. Any peer can claim any name, so it proves nothing.
    pub identify_peer: bool,
    /// The greatest length of a frame in bytes, its delimiter not counted; `None` is the profile's.
    pub max_message_size: Option<usize>,
    /// The number of unsent bytes that a connection may hold.
    pub max_pending_bytes: usize,
    /// The number of unsent bytes of replies from which a connection's peer is not read from, until
    /// half of them are written; `None` is any number. At most half of `max_pending_bytes`. A reply
    /// is what a handler sends to the socket whose message it handles, so a peer slows down only itself;
    /// [the core's setting](ipc_core::ServerBuilder::high_water_mark) says more. node-ipc has none.
    pub high_water_mark: Option<usize>,
    /// The greatest length of an event's name in UTF-16 code units; `None` is the profile's.
    pub max_event_name_length: Option<usize>,
    /// How long an unfinished frame may go without a byte; `None` is for ever.
    pub message_timeout: Option<Duration>,
    /// How long a connection that is closed waits, after the last write, for the peer to close its
    /// side, which shows that it has read everything. node-ipc has no such setting.
    pub linger: Duration,
    /// How long a thread of [`blocking`](crate::blocking) that waits looks for bytes before it sleeps; `None`
    /// is not at all. For the lowest delay where a core is spare on each side: [`Spin`] says more. Without
    /// effect elsewhere, since no other thread of this library waits for a socket. node-ipc has none.
    pub spin: Option<Spin>,
    /// Whether events may have the names of lifecycle events in the profile `guarded`.
    pub allow_reserved_events: bool,
    /// The events of the profile `assured`.
    pub allowed_events: BTreeSet<String>,
    /// Whether logging is off.
    pub silent: bool,
    /// Whether payloads, which may be secret, are logged: received and sent ones, a broadcast once.
    pub log_payloads: bool,
    /// Where log lines go; nowhere by default. node-ipc prints them.
    pub logger: Option<Logger>,
    /// Whether values in log lines are coloured; see [`Ipc::inspect`](crate::Ipc::inspect).
    pub log_in_color: bool,
    /// How deep values in log lines are shown; see [`Ipc::inspect`](crate::Ipc::inspect).
    pub log_depth: u32,
}

impl Config {
    /// The limit of a frame under [`Profile::Fast`], in bytes: 16 MiB, three times the longest
    /// messages known to be sent.
    pub const FAST_MAX_MESSAGE_SIZE: usize = 16 << 20;
    /// The limit of a frame under the other profiles, in bytes: 1 MiB, as in node-ipc 14.
    pub const GUARDED_MAX_MESSAGE_SIZE: usize = 1 << 20;

    /// Returns the defaults of node-ipc 8 to 12. Reads the machine's name.
    #[must_use]
    pub fn classic() -> Self {
        Self::classic_in(&Environment::read())
    }

    /// Returns the defaults of node-ipc 14. Reads the machine's name, the user and the environment
    /// variables that [`v14_socket_root`] needs.
    #[must_use]
    pub fn v14() -> Self {
        Self::v14_in(&Environment::read())
    }

    /// Returns the defaults that node-ipc 8 to 12 would have in `environment`.
    #[must_use]
    pub fn classic_in(environment: &Environment) -> Self {
        Self {
            dialect: Dialect::Classic,
            appspace: "app.".to_owned(),
            socket_root: classic_socket_root(),
            resolve: Resolve::Own,
            id: environment.host_name.clone(),
            // Wire rule W41
            network_host: "127.0.0.1".to_owned(),
            network_port: 8000,
            encoding: Encoding::Utf8,
            raw_buffer: false,
            delimiter: Delimiter::FORM_FEED,
            sync: false,
            max_connections: 100,
            retry: Duration::from_millis(500),
            max_retries: Retries::Forever,
            stop_retrying: false,
            retry_permanent: false,
            unlink: true,
            readable_all: false,
            writable_all: false,
            secure_socket_root: false,
            peer_user: None,
            file_watch: Some(Duration::from_secs(2)),
            when_displaced: WhenDisplaced::ServeOn,
            tls: None,
            interface: Interface::default(),
            keepalive: Some(Duration::from_secs(60)),
            user_timeout: None,
            heartbeat: None,
            udp_limits: UdpLimits::default(),
            udp_broadcast: false,
            layout: None,
            calls: CallOptions::default(),
            access: Access::any(),
            rate: None,
            hello: None,
            when_dismissed: WhenDismissed::End,
            same_identity: SameIdentity::Allow,
            token: None,
            token_file: None,
            waiting_limits: WaitingLimits::default(),
            plain_peers: PlainPeers::Refuse,
            allow: Allow::new(),
            on_denied: OnDenied::Report,
            parser: Profile::Fast,
            identify_peer: false,
            max_message_size: None,
            max_pending_bytes: 8 << 20,
            high_water_mark: Some(1 << 20),
            max_event_name_length: None,
            message_timeout: Some(Duration::from_secs(30)),
            linger: Duration::from_secs(1),
            spin: None,
            allow_reserved_events: false,
            allowed_events: BTreeSet::new(),
            silent: false,
            log_payloads: false,
            logger: None,
            log_in_color: true,
            log_depth: 5,
        }
    }

    /// Returns the defaults that node-ipc 14 would have in `environment`.
    #[must_use]
    pub fn v14_in(environment: &Environment) -> Self {
        Self {
            dialect: Dialect::V14,
            socket_root: v14_socket_root(environment),
            resolve: Resolve::temporary_in(environment),
            secure_socket_root: true,
            ..Self::classic_in(environment)
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], for the first setting that cannot be used.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::{Config, ConfigError};
    ///
    /// let mut config = Config::classic();
    /// config.max_connections = 0;
    /// assert_eq!(config.validate(), Err(ConfigError::Zero { option: "max_connections" }));
    /// ```
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.checked_format().map(drop)
    }

    /// Checks the settings and returns the message format.
    pub(crate) fn checked_format(&self) -> Result<NodeFormat, ConfigError> {
        self.check()?;
        self.format()
    }

    // Wire rule W17
    /// Returns the limits of a frame.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let max_frame = self.max_message_size.unwrap_or(match self.parser {
            Profile::Fast => Self::FAST_MAX_MESSAGE_SIZE,
            Profile::Guarded | Profile::Assured => Self::GUARDED_MAX_MESSAGE_SIZE,
        });
        Limits::default().with_max_frame(max_frame)
    }

    /// Returns the path of the local socket of the server with this id.
    #[must_use]
    pub fn socket_path(&self, id: &str) -> PathBuf {
        socket_path(&self.socket_root, &self.appspace, id)
    }

    /// Returns the paths where a client looks for the server with this id, in their order, each
    /// once.
    #[must_use]
    pub fn socket_paths(&self, id: &str) -> Vec<PathBuf> {
        let roots = std::iter::once(&self.socket_root).chain(self.resolve.others());
        // Paths for now; on Windows they become the names of pipes later.
        local_names(roots.map(|root| socket_path(root, &self.appspace, id)), Platform::Unix)
    }
}
