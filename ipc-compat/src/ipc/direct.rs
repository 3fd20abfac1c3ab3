//! Direct access: the plain stream of a node-ipc socket, for peers with another protocol.

use std::sync::Arc;

use ipc_transport::Transport;

use super::args::{ConnectToArgs, ConnectToNetArgs, ServeArgs, ServeNetArgs};
use super::sorted_args::SortedArgs;
use super::{Ipc, IpcError, local, setup};

/// # Direct access
///
/// A transport is where node-ipc's name for a socket leads: path, permissions and the care for the
/// socket file are the config's, but nothing is sent or received. Its [`dial`](Transport::dial) and
/// [`accept`](ipc_transport::Listener::accept) return a [`Stream`](ipc_transport::Stream), which is
/// an ordinary tokio `AsyncRead + AsyncWrite`: for peers in C or on a device, and for protocols of
/// one's own. [`raw_buffer`](crate::Config::raw_buffer) is the same with handlers, reconnecting and
/// a bounded queue.
///
/// ```no_run
/// use ipc_compat::{Config, Ipc};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ipc = Ipc::new(Config::classic());
/// let mut stream = ipc.transport_to("world")?.dial().await?;
/// stream.write_u32_le(0x00ff_eecc).await?;
/// let answer = stream.read_i16().await?; // big-endian
/// # Ok(()) }
/// ```
impl Ipc {
    /// Returns the transport that a client of this id dials; the arguments are those of
    /// [`connect_to`](Self::connect_to). A callback is not called.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the id is empty.
    pub fn transport_to(&self, args: impl ConnectToArgs) -> Result<Arc<dyn Transport>, IpcError> {
        let (call, config) = (SortedArgs::connect_to(args.into_args())?, self.config());
        Ok(local::client(&config, call.paths(&config)))
    }

    /// Returns the transport that a client on TCP or TLS dials; the arguments are those of
    /// [`connect_to_net`](Self::connect_to_net). A callback is not called.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if an argument cannot be used, or `tls`.
    pub fn transport_to_net(
        &self,
        args: impl ConnectToNetArgs,
    ) -> Result<Arc<dyn Transport>, IpcError> {
        let (call, config) = (SortedArgs::connect_to_net(args.into_args())?, self.config());
        setup::net_client(&config, &call)
    }

    /// Returns the transport that a server listens on; the arguments are those of
    /// [`serve`](Self::serve). A callback is not called.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if an argument cannot be used.
    pub fn transport(&self, args: impl ServeArgs) -> Result<Arc<dyn Transport>, IpcError> {
        let (call, config) = (SortedArgs::serve(args.into_args())?, self.config());
        Ok(local::server(&config, call.path(&config)))
    }

    /// Returns the transport that a server on TCP, TLS or UDP listens on; the arguments are those of
    /// [`serve_net`](Self::serve_net). A callback is not called.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if an argument cannot be used, or `tls`.
    pub fn transport_net(&self, args: impl ServeNetArgs) -> Result<Arc<dyn Transport>, IpcError> {
        let (call, config) = (SortedArgs::serve_net(args.into_args())?, self.config());
        setup::net_server(&config, &call)
    }
}
