//! From a config to the core's options: the only place where one becomes the other.

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, OnPermanent, ReconnectPolicy};
use ipc_core::{
    ClientOptions, ConnectionOptions, HandlerOrder, InFlight, OnMalformed, ServerOptions,
    TokenCheck,
};

use super::log::{Log, Logged};
use crate::{Config, ConfigError, Dialect, Profile, Retries, TokenFileError, read_tokens};

/// # Without `Ipc`
///
/// The clients and servers of [`ipc_core`], of either driver, take a config as a format and options.
/// The transport is the config's too ([`Ipc::transport_to`](crate::Ipc::transport_to)), or any other.
///
/// ```
/// use ipc_compat::{Config, Ipc};
/// use ipc_core::Client;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::classic();
/// let transport = Ipc::new(config.clone()).transport_to("world")?;
/// let client = Client::builder(config.format()?, transport)
///     .options(config.client_options()?)
///     .handler_order(Config::HANDLER_ORDER)
///     .build();
/// # drop(client);
/// # Ok(()) }
/// ```
///
/// [`Ipc`](crate::Ipc) and [`blocking`](crate::blocking) also check a transport against the profile
/// `assured`, log what happens to connections and, for servers, note the ids that clients give
/// themselves.
impl Config {
    /// When handlers for any event run: before the named ones, as in node-ipc. For
    /// [`ClientBuilder::handler_order`](ipc_core::ClientBuilder::handler_order) and
    /// [`ServerBuilder::handler_order`](ipc_core::ServerBuilder::handler_order); the blocking driver
    /// has no handlers.
    // Wire rule W27
    pub const HANDLER_ORDER: HandlerOrder = HandlerOrder::AnyFirst;

    /// Returns the options of a client: limits, timeouts, the reconnect policy, `sync`, what follows
    /// a malformed frame, and with `log_payloads` the log of what is sent.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a setting cannot be used. The delimiter is [`format`](Self::format)'s.
    pub fn client_options(&self) -> Result<ClientOptions, ConfigError> {
        self.check()?;
        Ok(of_client(self, &Logged::new(Log::new(self), self)))
    }

    /// Returns the options of a server: limits, timeouts, `max_connections`, `access`, `rate`,
    /// `allow`, the [check of tokens](Self::token_check) and what goes with it, `same_identity`, what
    /// follows a malformed frame, and with `log_payloads` the log of what is sent. Reads `token_file`.
    ///
    /// # Errors
    ///
    /// As [`client_options`](Self::client_options), and [`ConfigError::TokenFile`].
    pub fn server_options(&self) -> Result<ServerOptions, ConfigError> {
        self.check()?;
        Ok(of_server(self, &Logged::new(Log::new(self), self))?)
    }

    /// Returns what a server asks about a client that has said hello: `token`, or a table of what is in
    /// `token_file`, which is read now. It is among the [`server_options`](Self::server_options); for a
    /// server whose options are others,
    /// [`ServerBuilder::token_check`](ipc_core::ServerBuilder::token_check) takes it.
    ///
    /// # Errors
    ///
    /// [`TokenFileError`] if the file cannot be used, or both are set.
    pub fn token_check(&self) -> Result<Option<TokenCheck>, TokenFileError> {
        match (&self.token, &self.token_file) {
            (check, None) => Ok(check.clone()),
            (None, Some(path)) => Ok(Some(read_tokens(path)?.into())),
            (Some(_), Some(path)) => Err(TokenFileError::NotAlone { path: path.clone() }),
        }
    }
}

/// Returns the options of a client that logs to `log`.
pub(super) fn of_client(config: &Config, log: &Logged) -> ClientOptions {
    // Wire rule W60
    let in_flight = if config.sync { InFlight::One } else { InFlight::Unlimited };
    ClientOptions::default()
        .connection(of_connection(config, log))
        .reconnect(reconnect(config))
        .in_flight(in_flight)
        .hello(config.hello.clone())
        .when_dismissed(config.when_dismissed)
}

/// Returns the options of a server that logs to `log`.
///
/// # Errors
///
/// [`TokenFileError`] of [`Config::token_check`].
pub(super) fn of_server(config: &Config, log: &Logged) -> Result<ServerOptions, TokenFileError> {
    let options = ServerOptions::default()
        .connection(of_connection(config, log))
        // Wire rule W24
        .max_connections(config.max_connections)
        .access(config.access.clone())
        .rate(config.rate)
        .allow(config.allow.clone())
        .on_denied(config.on_denied)
        .same_identity(config.same_identity)
        .token_check(config.token_check()?)
        .waiting_limits(config.waiting_limits)
        .plain_peers(config.plain_peers);
    Ok(options)
}

fn of_connection(config: &Config, log: &Logged) -> ConnectionOptions {
    let options = ConnectionOptions::default()
        .limits(config.limits())
        .frame_timeout(config.message_timeout)
        .heartbeat(config.heartbeat)
        .linger(config.linger)
        .spin(config.spin)
        .on_malformed(on_malformed(config))
        .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes))
        .high_water_mark(config.high_water_mark)
        .calls(config.calls)
        .name(Some(config.id.as_str().into()));
    match log.sent() {
        Some(write) => options.watch_sent(write),
        None => options,
    }
}

/// Returns the reconnect policy: a fixed pause, as node-ipc has it.
// Wire rule W50, W51 and W52
pub(super) fn reconnect(config: &Config) -> ReconnectPolicy {
    let backoff = Backoff::fixed(config.retry);
    let policy = match config.max_retries {
        _ if config.stop_retrying => ReconnectPolicy::never(),
        Retries::Forever => ReconnectPolicy::forever(backoff),
        Retries::Times(times) => ReconnectPolicy::times(times, backoff),
    };
    let again = if config.retry_permanent { OnPermanent::Retry } else { OnPermanent::End };
    policy.with_on_permanent(again)
}

/// Returns what a frame that is no message does to its connection; the profiles that check more do
/// what 14 does, in either dialect.
// Wire rule W13 and W14
fn on_malformed(config: &Config) -> OnMalformed {
    match (config.dialect, config.parser) {
        (Dialect::Classic, Profile::Fast) => OnMalformed::Report,
        _ => OnMalformed::Close,
    }
}
