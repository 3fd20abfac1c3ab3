//! From a config to the core's builders and the transports.

use std::path::PathBuf;
use std::sync::Arc;

use ipc_core::queue::QueueLimits;
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, OnMalformed, Server};
use ipc_transport::{Endpoint, TcpTransport, Transport};

use super::socket_root::{self, InSocketRoot};
use super::{IpcError, UdpType};
use crate::{Config, Dialect, NodeFormat, Retries};

/// Returns the transport of a local socket.
pub(super) fn local(config: &Config, id: &str, path: Option<PathBuf>) -> Arc<dyn Transport> {
    let path = path.unwrap_or_else(|| config.socket_path(id));
    // Wire rule W36
    let mode = match (config.readable_all, config.writable_all) {
        (false, false) => 0o600,
        (true, false) => 0o644,
        (false, true) => 0o622,
        (true, true) => 0o666,
    };
    let transport = ipc_transport::UnixTransport::new(path);
    // Wire rule W35
    let socket = transport.with_mode(mode).with_unlink(config.unlink);
    let root = config.socket_root.clone();
    if config.dialect == Dialect::V14 && socket_root::holds(&root, socket.path()) {
        return Arc::new(InSocketRoot { socket, root, secure: config.secure_socket_root });
    }
    Arc::new(socket)
}

/// Returns the transport of a TCP socket; what is not given is the config's.
pub(super) fn tcp(
    config: &Config,
    host: Option<PathBuf>,
    port: Option<i64>,
) -> Result<TcpTransport, IpcError> {
    let (host, port) = address(config, host, port)?;
    // Wire rule W42: small segments leave at once, the transport's default.
    Ok(TcpTransport::new(host, port))
}

/// Returns the transport of a UDP socket; what is not given is the config's.
pub(super) fn udp(
    config: &Config,
    udp: UdpType,
    host: Option<PathBuf>,
    port: Option<i64>,
) -> Result<Arc<dyn Transport>, IpcError> {
    let transport = udp_endpoint(config, udp, host, port)?.transport();
    Ok(transport.map_err(|_| IpcError::Unsupported { option: udp.as_str() })?.into())
}

fn udp_endpoint(
    config: &Config,
    udp: UdpType,
    host: Option<PathBuf>,
    port: Option<i64>,
) -> Result<Endpoint, IpcError> {
    let (mut host, port) = address(config, host, port)?;
    // Wire rule W44
    if udp == UdpType::Udp4 && host == "::1" {
        host = "127.0.0.1".into();
    }
    Ok(match udp {
        UdpType::Udp4 => Endpoint::Udp4 { host, port },
        UdpType::Udp6 => Endpoint::Udp6 { host, port },
    })
}

fn address(
    config: &Config,
    host: Option<PathBuf>,
    port: Option<i64>,
) -> Result<(String, u16), IpcError> {
    let port = match port {
        None => config.network_port,
        Some(port) => u16::try_from(port).map_err(|_| IpcError::InvalidPort { port })?,
    };
    // A host was text before the arguments were sorted, so nothing is lost here.
    let host = host.map(|host| host.to_string_lossy().into_owned());
    Ok((host.unwrap_or_else(|| config.network_host.clone()), port))
}

/// Returns a server with the config's settings.
pub(super) fn server(
    config: &Config,
    transport: Arc<dyn Transport>,
) -> Result<Server<NodeFormat>, IpcError> {
    let builder = Server::builder(checked(config)?, transport)
        // Wire rule W24
        .max_connections(config.max_connections)
        .limits(config.limits())
        .frame_timeout(config.message_timeout)
        .on_malformed(on_malformed(config))
        .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes));
    Ok(builder.build())
}

/// Returns a client with the config's settings.
pub(super) fn client(
    config: &Config,
    transport: Arc<dyn Transport>,
) -> Result<Client<NodeFormat>, IpcError> {
    let builder = Client::builder(checked(config)?, transport)
        .reconnect(reconnect(config))
        // Wire rule W60
        .sync(config.sync)
        .limits(config.limits())
        .frame_timeout(config.message_timeout)
        .on_malformed(on_malformed(config))
        .queue(QueueLimits::default().with_max_bytes(config.max_pending_bytes));
    Ok(builder.build())
}

/// Returns the reconnect policy: a fixed pause, as node-ipc has it.
// Wire rule W50, W51 and W52
pub(super) fn reconnect(config: &Config) -> ReconnectPolicy {
    let backoff = Backoff::fixed(config.retry);
    match config.max_retries {
        _ if config.stop_retrying => ReconnectPolicy::never(),
        Retries::Forever => ReconnectPolicy::forever(backoff),
        Retries::Times(times) => ReconnectPolicy::times(times, backoff),
    }
}

/// Returns whether `data.id` names a socket: classic versions always take it. Raw bytes have none.
// Wire rule W22
pub(super) fn identify(config: &Config) -> bool {
    !config.raw_buffer && (config.identify_peer || config.dialect == Dialect::Classic)
}

// Wire rule W13 and W14
fn on_malformed(config: &Config) -> OnMalformed {
    match config.dialect {
        Dialect::Classic => OnMalformed::Report,
        Dialect::V14 => OnMalformed::Close,
    }
}

fn checked(config: &Config) -> Result<NodeFormat, IpcError> {
    config.validate()?;
    let unsupported = [("tls", config.tls.is_some())];
    for (option, asked) in unsupported {
        if asked {
            return Err(IpcError::Unsupported { option });
        }
    }
    Ok(config.format()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tests W43 and W44
    #[test]
    fn a_udp_server_is_where_the_arguments_or_the_config_say() {
        #[track_caller]
        fn check(udp: UdpType, host: Option<&str>, port: Option<i64>, expected: &str) {
            let mut config = Config::classic();
            config.network_port = 9;
            let endpoint = udp_endpoint(&config, udp, host.map(PathBuf::from), port);
            assert_eq!(endpoint.map(|endpoint| endpoint.to_string()), Ok(expected.to_owned()));
        }
        check(UdpType::Udp4, None, None, "udp4:127.0.0.1:9");
        check(UdpType::Udp6, None, None, "udp6:127.0.0.1:9");
        check(UdpType::Udp4, Some("h.com"), Some(3435), "udp4:h.com:3435");
        check(UdpType::Udp4, Some("::1"), None, "udp4:127.0.0.1:9");
        check(UdpType::Udp6, Some("::1"), None, "udp6:[::1]:9");
        let refused = udp_endpoint(&Config::classic(), UdpType::Udp4, None, Some(65_536));
        assert_eq!(refused, Err(IpcError::InvalidPort { port: 65_536 }));
    }
}
