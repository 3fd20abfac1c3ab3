//! From a config to the core's builders and the transports.

use std::sync::Arc;

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, OnPermanent, ReconnectPolicy};
use ipc_core::{Client, HandlerOrder, OnMalformed, Server};
use ipc_transport::{IpVersion, TcpTransport, Transport, UdpTransport};

use super::log::Logged;
use super::{IpcError, UdpType, tls};
use crate::{Config, Dialect, Family, Interface, NodeFormat, Profile, Retries};

/// Returns the transport of a server on TCP, or on TLS if the config has it.
// Wire rule W42: small segments leave at once, the transport's default.
pub(super) fn tcp_server(
    config: &Config,
    host: String,
    port: u16,
) -> Result<Arc<dyn Transport>, IpcError> {
    let tcp = TcpTransport::new(host, port);
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
    let mut tcp = TcpTransport::new(host, port).with_local_port(local_port.unwrap_or(0));
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
    Ok(Arc::new(transport.with_limits(config.udp_limits)))
}

/// Returns a server with the config's settings.
pub(super) fn server(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<Server<NodeFormat>, IpcError> {
    let builder = Server::builder(checked(config)?, transport)
        // Wire rule W24
        .max_connections(config.max_connections)
        .limits(config.limits())
        .frame_timeout(config.message_timeout)
        .on_malformed(on_malformed(config))
        // Wire rule W27
        .handler_order(HandlerOrder::AnyFirst)
        .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes));
    Ok(match log.sent() {
        Some(write) => builder.watch_sent(write).build(),
        None => builder.build(),
    })
}

/// Returns a client with the config's settings.
pub(super) fn client(
    config: &Config,
    transport: Arc<dyn Transport>,
    log: &Logged,
) -> Result<Client<NodeFormat>, IpcError> {
    let builder = Client::builder(checked(config)?, transport)
        .reconnect(reconnect(config))
        // Wire rule W60
        .sync(config.sync)
        .limits(config.limits())
        .frame_timeout(config.message_timeout)
        .on_malformed(on_malformed(config))
        // Wire rule W27
        .handler_order(HandlerOrder::AnyFirst)
        .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes));
    Ok(match log.sent() {
        Some(write) => builder.watch_sent(write).build(),
        None => builder.build(),
    })
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
    Ok(config.format()?)
}
