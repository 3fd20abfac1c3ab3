//! From a config to transports, and to the core's clients and servers.

use std::sync::Arc;

use ipc_core::{Client, Server, blocking};
use ipc_transport::{IpVersion, Keepalive, TcpTransport, Transport, UdpTransport};

use super::log::Logged;
use super::sorted_args::SortedArgs;
use super::{IpcError, UdpType, assured, local, options, tls};
use crate::{Config, Dialect, Family, Interface, NodeFormat};

/// A config that was checked, once for all that is made of it, with its format.
#[derive(Debug)]
pub(super) struct Setup<'a> {
    pub(super) config: &'a Config,
    format: NodeFormat,
}

impl<'a> Setup<'a> {
    /// Checks the config.
    pub(super) fn new(config: &'a Config) -> Result<Self, IpcError> {
        let format = config.checked_format()?;
        if config.peer_user.is_some() && !cfg!(unix) {
            return Err(IpcError::Unsupported { option: "peer_user" });
        }
        Ok(Self { config, format })
    }

    /// Returns the transport of a server on a local socket, if the profile takes it.
    pub(super) fn serve(&self, call: &SortedArgs) -> Result<Arc<dyn Transport>, IpcError> {
        let path = call.path(self.config);
        assured::local_server(self.config, &path)?;
        Ok(local::server(self.config, path))
    }

    /// Returns the transport of a server on the network, if the profile takes it.
    pub(super) fn serve_net(&self, call: &SortedArgs) -> Result<Arc<dyn Transport>, IpcError> {
        assured::net_server(self.config, call.udp())?;
        net_server(self.config, call)
    }

    /// Returns the transport of a client on a local socket.
    pub(super) fn connect_to(&self, call: &SortedArgs) -> Arc<dyn Transport> {
        local::client(self.config, call.paths(self.config))
    }

    /// Returns the transport of a client on the network, if the profile takes it.
    pub(super) fn connect_to_net(&self, call: &SortedArgs) -> Result<Arc<dyn Transport>, IpcError> {
        assured::net_client(self.config)?;
        net_client(self.config, call)
    }

    /// Returns a transport of the program's own, if the profile takes it.
    pub(super) fn on(&self, transport: impl Transport) -> Result<Arc<dyn Transport>, IpcError> {
        assured::other_transport(self.config)?;
        Ok(Arc::new(transport))
    }

    /// Returns a server with the config's settings.
    pub(super) fn server(
        self,
        transport: Arc<dyn Transport>,
        log: &Logged,
    ) -> Result<Server<NodeFormat>, IpcError> {
        let builder = Server::builder(self.format, transport)
            .options(options::of_server(self.config, log)?)
            .handler_order(Config::HANDLER_ORDER);
        Ok(builder.build())
    }

    /// Returns a client with the config's settings.
    pub(super) fn client(self, transport: Arc<dyn Transport>, log: &Logged) -> Client<NodeFormat> {
        Client::builder(self.format, transport)
            .options(options::of_client(self.config, log))
            .handler_order(Config::HANDLER_ORDER)
            .build()
    }

    /// Returns what makes a server without a runtime, with the config's settings.
    pub(super) fn blocking_server(
        self,
        transport: Arc<dyn Transport>,
        log: &Logged,
    ) -> Result<blocking::ServerBuilder<NodeFormat>, IpcError> {
        let builder = blocking::Server::builder(self.format, transport)?;
        Ok(builder.options(options::of_server(self.config, log)?))
    }

    /// Returns a client without a runtime, with the config's settings.
    pub(super) fn blocking_client(
        self,
        transport: Arc<dyn Transport>,
        log: &Logged,
    ) -> Result<blocking::Client<NodeFormat>, IpcError> {
        let builder = blocking::Client::builder(self.format, transport)?;
        Ok(builder.options(options::of_client(self.config, log)).build())
    }
}

/// Returns whether `data.id` names a socket: classic versions always take it. Raw bytes have none.
// Wire rule W22
pub(super) fn identify(config: &Config) -> bool {
    !config.raw_buffer && (config.identify_peer || config.dialect == Dialect::Classic)
}

/// Returns the transport of a server on UDP if the call asks for it, or else on TCP, or on TLS if the
/// config has it.
// Wire rule W42: small segments leave at once, the transport's default.
pub(super) fn net_server(
    config: &Config,
    call: &SortedArgs,
) -> Result<Arc<dyn Transport>, IpcError> {
    if let Some(kind) = call.udp() {
        return udp(config, kind, call);
    }
    let tcp = tcp(config, call);
    match &config.tls {
        Some(tls) => tls::server(config, tls, tcp),
        None => Ok(Arc::new(tcp)),
    }
}

/// Returns the transport of a client on TCP, or on TLS if the config has it. Its own end may be
/// bound.
// Wire rule W48
pub(super) fn net_client(
    config: &Config,
    call: &SortedArgs,
) -> Result<Arc<dyn Transport>, IpcError> {
    let Interface { local_address, local_port, family } = config.interface;
    let mut tcp = tcp(config, call).with_local_port(local_port.unwrap_or(0));
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
fn tcp(config: &Config, call: &SortedArgs) -> TcpTransport {
    let keepalive = config.keepalive.map(|idle| Keepalive::default().with_idle(idle));
    TcpTransport::new(call.host(config), call.port(config))
        .with_keepalive(keepalive)
        .with_user_timeout(config.user_timeout)
}

/// Returns the transport of a UDP socket.
fn udp(config: &Config, udp: UdpType, call: &SortedArgs) -> Result<Arc<dyn Transport>, IpcError> {
    if config.tls.is_some() {
        return Err(IpcError::UdpWithTls);
    }
    let (host, port) = (call.host(config), call.port(config));
    let transport = match udp {
        UdpType::Udp4 => UdpTransport::udp4(host, port),
        UdpType::Udp6 => UdpTransport::udp6(host, port),
    };
    Ok(Arc::new(transport.with_limits(config.udp_limits).with_broadcast(config.udp_broadcast)))
}
