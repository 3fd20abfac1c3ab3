//! One way to set up any kind of transport, plain or wrapped, with an address of its own.

#[cfg(feature = "tls-base")]
#[path = "certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod certificates;

use std::fs;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ipc_transport::{
    Endpoint, FaultTransport, Faults, Listener, Stream, TapLog, TapTransport, Transport,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Whatever a test fails with: an error of the setup, not an assertion.
pub(crate) type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    #[cfg(all(unix, feature = "unix"))]
    Unix,
    #[cfg(all(target_os = "linux", feature = "unix"))]
    Abstract,
    #[cfg(all(windows, feature = "pipe"))]
    Pipe,
    #[cfg(feature = "tcp")]
    Tcp,
    #[cfg(feature = "udp")]
    Udp4,
    #[cfg(feature = "udp")]
    Udp6,
    #[cfg(feature = "tls-base")]
    Tls,
    #[cfg(feature = "memory")]
    Memory,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrap {
    Plain,
    Faults(Faults),
    Tap,
}

/// One address of one kind, served and dialed through the same wrapper.
#[derive(Debug)]
pub(crate) struct Rig {
    kind: Kind,
    wrap: Wrap,
    number: u32,
    directory: TempDir,
    /// Listeners whose streams end with them, as those of datagrams do.
    kept: Mutex<Vec<Box<dyn Listener>>>,
    #[cfg(feature = "tls-base")]
    tls: Option<(ipc_transport::TlsServer, ipc_transport::TlsClient)>,
}

impl Rig {
    pub(crate) fn new(kind: Kind, wrap: Wrap) -> std::io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            kind,
            wrap,
            number,
            directory: tempfile::tempdir()?,
            kept: Mutex::default(),
            #[cfg(feature = "tls-base")]
            tls: (kind == Kind::Tls).then(tls),
        })
    }

    /// Returns a transport for the rig's address; TCP asks for any port of a host of its own.
    pub(crate) fn server(&self) -> Box<dyn Transport> {
        match self.kind {
            #[cfg(all(unix, feature = "unix"))]
            Kind::Unix => {
                let path = self.directory.path().join(format!("rig-{}", self.number));
                self.wrapped(ipc_transport::UnixTransport::new(path))
            }
            #[cfg(all(target_os = "linux", feature = "unix"))]
            Kind::Abstract => {
                let name = format!("ipc-transport.{}.{}", std::process::id(), self.number);
                self.wrapped(ipc_transport::AbstractTransport::new(name))
            }
            #[cfg(all(windows, feature = "pipe"))]
            Kind::Pipe => {
                let name =
                    format!(r"\\.\pipe\ipc-transport-{}-{}", std::process::id(), self.number);
                self.wrapped(ipc_transport::PipeTransport::new(name))
            }
            #[cfg(feature = "tcp")]
            Kind::Tcp => self.wrapped(ipc_transport::TcpTransport::new(self.host(), 0)),
            #[cfg(feature = "udp")]
            Kind::Udp4 => self.wrapped(ipc_transport::UdpTransport::udp4(self.host(), 0)),
            #[cfg(feature = "udp")]
            Kind::Udp6 => self.wrapped(ipc_transport::UdpTransport::udp6("::1", 0)),
            #[cfg(feature = "tls-base")]
            Kind::Tls => self.wrapped(self.tls_at(&self.host(), 0)),
            #[cfg(feature = "memory")]
            Kind::Memory => {
                self.wrapped(ipc_transport::MemoryTransport::new(format!("rig-{}", self.number)))
            }
        }
    }

    /// Returns a transport that reaches a bound endpoint, or binds it again.
    pub(crate) fn at(
        &self,
        bound: &Endpoint,
    ) -> Result<Box<dyn Transport>, ipc_transport::TransportError> {
        match bound {
            #[cfg(feature = "tls-base")]
            Endpoint::Tls { host, port } => Ok(self.wrapped(self.tls_at(host, *port))),
            _ => Ok(self.wrapped(bound.transport()?)),
        }
    }

    #[cfg(feature = "tls-base")]
    fn tls_at(&self, host: &str, port: u16) -> ipc_transport::TlsTransport {
        let transport = ipc_transport::TlsTransport::new(host, port);
        match &self.tls {
            Some((server, client)) => {
                transport.with_server(server.clone()).with_client(client.clone())
            }
            None => transport,
        }
    }

    /// Starts a server and returns it with a transport that reaches it.
    pub(crate) async fn start(
        &self,
    ) -> Result<(Box<dyn Listener>, Box<dyn Transport>), ipc_transport::TransportError> {
        let listener = self.server().listen().await?;
        let client = self.at(&listener.endpoint())?;
        Ok((listener, client))
    }

    /// Listens where a listener was closed or dropped: at once, except on Windows, where a wait for its socket
    /// may hold it until the event loop has turned.
    pub(crate) async fn listen_again(
        &self,
        bound: &Endpoint,
    ) -> Result<Box<dyn Listener>, ipc_transport::TransportError> {
        let transport = self.at(bound)?;
        loop {
            match transport.listen().await {
                Err(ipc_transport::TransportError::AddressInUse { .. }) if cfg!(windows) => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                other => return other,
            }
        }
    }

    /// Returns both ends of one connection.
    pub(crate) async fn pair(&self) -> Result<(Stream, Stream), ipc_transport::TransportError> {
        let (mut listener, client) = self.start().await?;
        let pair = self.meet(&mut listener, &client).await?;
        if pair.0.max_datagram().is_some() {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        }
        Ok(pair)
    }

    /// Returns both ends of a new connection; over UDP there is none before something is said.
    pub(crate) async fn meet(
        &self,
        listener: &mut Box<dyn Listener>,
        client: &dyn Transport,
    ) -> Result<(Stream, Stream), ipc_transport::TransportError> {
        let (ours, mut theirs) = tokio::try_join!(
            async {
                let mut ours = client.dial().await?;
                if ours.max_datagram().is_some() {
                    self.said(ours.write_all(HELLO).await)?;
                }
                Ok(ours)
            },
            listener.accept()
        )?;
        if ours.max_datagram().is_some() {
            let mut hello = [0; HELLO.len()];
            self.said(theirs.read_exact(&mut hello).await)?;
        }
        Ok((ours, theirs))
    }

    fn said<T>(&self, result: std::io::Result<T>) -> Result<T, ipc_transport::TransportError> {
        result.map_err(|source| ipc_transport::TransportError::Io {
            endpoint: self.server().endpoint(),
            op: "say hello",
            source,
        })
    }

    /// Returns whether dialing takes somebody who accepts.
    pub(crate) fn shakes_hands(&self) -> bool {
        #[cfg(feature = "tls-base")]
        return self.kind == Kind::Tls;
        #[cfg(not(feature = "tls-base"))]
        false
    }

    /// Returns whether the rig's place in the file system is empty.
    pub(crate) fn is_clean(&self) -> std::io::Result<bool> {
        Ok(fs::read_dir(self.directory.path())?.next().is_none())
    }

    /// On Linux all of 127/8 is the loopback: with a host for each rig, a port that is free again
    /// cannot be taken by another test.
    #[cfg(any(feature = "tcp", feature = "udp"))]
    fn host(&self) -> String {
        use std::net::Ipv4Addr;
        let [high, low] = (self.number as u16).to_be_bytes();
        let host = Ipv4Addr::new(127, 77, high, low);
        if cfg!(target_os = "linux") { host } else { Ipv4Addr::LOCALHOST }.to_string()
    }

    fn wrapped(&self, inner: impl Transport) -> Box<dyn Transport> {
        match self.wrap {
            Wrap::Plain => Box::new(inner),
            Wrap::Faults(faults) => Box::new(FaultTransport::new(inner, faults)),
            Wrap::Tap => Box::new(TapTransport::new(inner, TapLog::new())),
        }
    }
}

/// Returns a server and a client that trust each other, whatever the address is.
#[cfg(feature = "tls-base")]
fn tls() -> (ipc_transport::TlsServer, ipc_transport::TlsClient) {
    let authority = certificates::Authority::new("ca");
    let identity = authority.issue(&["rig"]);
    let server = ipc_transport::TlsServer::builder(identity.chain(), identity.key());
    let client = ipc_transport::TlsClient::builder().trust(authority.pem()).server_name("rig");
    (server.build().expect("a server"), client.build().expect("a client"))
}

/// Waits for something that is going to happen; the deadline only ends a test that would hang.
pub(crate) async fn within<T>(
    future: impl Future<Output = T>,
) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(DEADLINE, future).await
}

/// What is said where a connection begins with what is said.
const HELLO: &[u8] = b"hello";

/// Long enough for a loaded machine, short enough to end a hanging test run.
const DEADLINE: Duration = Duration::from_secs(60);
