//! From a config to the core's builders and the transports.

use std::sync::Arc;

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, OnPermanent, ReconnectPolicy};
use ipc_core::{Client, HandlerOrder, InFlight, OnMalformed, Server, blocking};
use ipc_transport::{IpVersion, Keepalive, TcpTransport, Transport, UdpTransport};

use super::call::Call;
use super::log::Logged;
use super::{IpcError, UdpType, assured, local, tls};
use crate::{Config, Dialect, Family, Interface, NodeFormat, Profile, Retries};

/// Returns the transport of a server on a local socket, if the profile takes it.
pub(super) fn serve(config: &Config, call: &Call) -> Result<Arc<dyn Transport>, IpcError> {
    let path = call.path(config);
    assured::local_server(config, &path)?;
    Ok(local::server(config, path))
}

/// Returns the transport of a server on the network, if the profile takes it, which may add to the
/// config.
pub(super) fn serve_net(config: &mut Config, call: &Call) -> Result<Arc<dyn Transport>, IpcError> {
    assured::net_server(config, call.udp())?;
    let (host, port) = (call.host(config), call.port(config));
    match call.udp() {
        None => tcp_server(config, host, port),
        Some(kind) => udp(config, kind, host, port),
    }
}

/// Returns the transport of a client on the network, if the profile takes it.
pub(super) fn connect_to_net(config: &Config, call: &Call) -> Result<Arc<dyn Transport>, IpcError> {
    assured::net_client(config)?;
    tcp_client(config, call.host(config), call.port(config))
}

/// Returns the transport of a server on TCP, or on TLS if the config has it.
// Wire rule W42: small segments leave at once, the transport's default.
pub(super) fn tcp_server(
    config: &Config,
    host: String,
    port: u16,
) -> Result<Arc<dyn Transport>, IpcError> {
    let tcp = tcp(config, host, port);
    match &config.tls {
        Some(tls) => tls::server(config, tls, tcp),
        None => Ok(Arc::new(tcp)),
    }
}

/// Returns the transport of a client on TCP, or on TLS if the config has it. Its own end may be
/// bound.
// Wire rule W48
pub(super) fn tcp_client(
    config: &Config,
    host: String,
    port: u16,
) -> Result<Arc<dyn Transport>, IpcError> {
    let Interface { local_address, local_port, family } = config.interface;
    let mut tcp = tcp(config, host, port).with_local_port(local_port.unwrap_or(0));
    if let Some(address) = local_address {
        tcp = tcp.with_local_address((address, local_port.unwrap_or(0)).into());
    }
    let tcp = match family {
        Some(Family::V4) => tcp.with_ip_version(IpVersion::V4),
        Some(Family::V6) => tcp.with_ip_version(IpVersion::V6),
        None => tcp,
    };
    match &config.tls {
        Some(tls) => tls::client(config, tls, tcp),
        None => Ok(Arc::new(tcp)),
    }
}

/// Returns a port with what both sides set.
fn tcp(config: &Config, host: String, port: u16) -> TcpTransport {
    let keepalive = config.keepalive.map(|idle| Keepalive::default().with_idle(idle));
    TcpTransport::new(host, port).with_keepalive(keepalive)
}

/// Returns the transport of a UDP socket.
pub(super) fn udp(
    config: &Config,
    udp: UdpType,
    host: String,
    port: u16,
) -> Result<Arc<dyn Transport>, IpcError> {
    if config.tls.is_some() {
        return Err(IpcError::UdpWithTls);
    }
    let transport = match udp {
        UdpType::Udp4 => UdpTransport::udp4(host, port),
        UdpType::Udp6 => UdpTransport::udp6(host, port),
    };
    Ok(Arc::new(transport.with_limits(config.udp_limits).with_broadcast(config.udp_broadcast)))
}

/// Applies the settings of every connection to a builder of the core, whichever driver's it is: the
/// only place where a setting is handed on, so that no driver can lack one.
macro_rules! with_settings {
    ($builder:expr, $config:expr, $log:expr) => {{
        let config: &Config = $config;
        let builder = $builder
            .limits(config.limits())
            .frame_timeout(config.message_timeout)
            .linger(config.linger)
            .on_malformed(on_malformed(config))
            .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes))
            .high_water_mark(config.high_water_mark);
        match Logged::sent($log) {
            Some(write) => builder.watch_sent(write),
            None => builder,
        }
    }};
}

/// Applies these and those that only a server has.
macro_rules! with_server_settings {
    ($builder:expr, $config:expr, $log:expr) => {
        // Wire rule W24
        with_settings!($builder, $config, $log).max_connections($config.max_connections)
    };
}

/// Applies these and those that only a client has.
macro_rules! with_client_settings {
    ($builder:expr, $config:expr, $log:expr) => {
        with_settings!($builder, $config, $log)
            .reconnect(reconnect($config))
            // Wire rule W60
            .in_flight(if $config.sync { InFlight::One } else { InFlight::Unlimited })
    };
}

/// Returns a server with the config's settings.
pub(super) fn server(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<Server<NodeFormat>, IpcError> {
    let builder = Server::builder(checked(config)?, transport);
    // Wire rule W27
    let builder = builder.handler_order(HandlerOrder::AnyFirst);
    Ok(with_server_settings!(builder, config, log).build())
}

/// Returns a client with the config's settings.
pub(super) fn client(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<Client<NodeFormat>, IpcError> {
    let builder = Client::builder(checked(config)?, transport);
    // Wire rule W27
    let builder = builder.handler_order(HandlerOrder::AnyFirst);
    Ok(with_client_settings!(builder, config, log).build())
}

/// Returns what makes a server without a runtime, with the config's settings.
pub(super) fn blocking_server(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<blocking::ServerBuilder<NodeFormat>, IpcError> {
    let builder = blocking::Server::builder(checked(config)?, transport)?;
    Ok(with_server_settings!(builder, config, log))
}

/// Returns a client without a runtime, with the config's settings.
pub(super) fn blocking_client(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<blocking::Client<NodeFormat>, IpcError> {
    let builder = blocking::Client::builder(checked(config)?, transport)?;
    Ok(with_client_settings!(builder, config, log).build())
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

/// Returns whether `data.id` names a socket: classic versions always take it. Raw bytes have none.
// Wire rule W22
pub(super) fn identify(config: &Config) -> bool {
    !config.raw_buffer && (config.identify_peer || config.dialect == Dialect::Classic)
}

/// Returns what a frame that is no message does to its connection; the profiles that check more are
/// 14's in either dialect.
// Wire rule W13 and W14
fn on_malformed(config: &Config) -> OnMalformed {
    match (config.dialect, config.parser) {
        (Dialect::Classic, Profile::Fast) => OnMalformed::Report,
        _ => OnMalformed::Close,
    }
}

fn checked(config: &Config) -> Result<NodeFormat, IpcError> {
    config.validate()?;
    if config.peer_user.is_some() && !cfg!(unix) {
        return Err(IpcError::Unsupported { option: "peer_user" });
    }
    Ok(config.format()?)
}
