//! From the options to node-ipc's server and client.

use std::net::SocketAddr;

use ipc_compat::{Config, Ipc, IpcClient, IpcError, IpcServer, Socket, UdpType};
use ipc_transport::UdpTransport;

use crate::cli::common::Common;

/// Returns a server for these settings. It does not listen yet.
///
/// # Errors
///
/// [`IpcError`] if the settings cannot be used.
pub(crate) fn server(config: Config, common: &Common) -> Result<IpcServer, IpcError> {
    let (ipc, place) = (Ipc::new(config), &common.place);
    if let Some(kind) = common.udp.kind() {
        return ipc.serve_net(kind);
    }
    match (place.local(), common.is_on_tcp()) {
        (Some(path), _) => ipc.serve(path),
        // Host and port are in the config, where port 0 is a free one; as an argument it would
        // count as left out.
        (None, true) => ipc.serve_net(()),
        (None, false) => ipc.serve(()),
    }
}

/// Returns a client with these settings; it connects as soon as its task runs.
///
/// # Errors
///
/// [`IpcError`] if the settings cannot be used, or a text for people if the port is 0.
///
/// # Panics
///
/// If it is called outside a tokio runtime.
pub(crate) fn client(config: Config, common: &Common) -> Result<IpcClient, IpcError> {
    let (id, port, place) = (config.id.clone(), config.network_port, &common.place);
    let transport = common.udp.kind().map(|kind| udp_transport(kind, &config));
    let ipc = Ipc::new(config);
    if let Some(transport) = transport {
        return match port {
            0 => Err(IpcError::InvalidPort { port: 0 }),
            _ => ipc.connect_on(&id, transport),
        };
    }
    match (place.local(), common.is_on_tcp()) {
        (Some(path), _) => ipc.connect_to((id, path)),
        (None, true) if port == 0 => Err(IpcError::InvalidPort { port: 0 }),
        (None, true) => ipc.connect_to_net(id),
        (None, false) => ipc.connect_to(id),
    }
}

/// Returns the transport of a client that talks to the settings' host and port.
fn udp_transport(kind: UdpType, config: &Config) -> UdpTransport {
    let transport = match kind {
        UdpType::Udp6 => UdpTransport::udp6(&config.network_host, config.network_port),
        _ => UdpTransport::udp4(&config.network_host, config.network_port),
    };
    transport.with_broadcast(config.udp_broadcast)
}

/// Returns the address of a UDP peer, which is all that is known of it; `None` for other kinds.
pub(crate) fn udp_address(socket: &Socket) -> Option<SocketAddr> {
    let info = socket.info()?;
    info.endpoint.max_datagram().and(info.remote)
}
