//! A transport over a socket that another process has opened, and that listens already.

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use socket2::{SockAddr, SockRef, Type};

use super::InheritError;
use crate::kinds::unix::listener::UnixServer;
use crate::kinds::unix::socket_file::SocketFile;
use crate::{Endpoint, Listener, PeerCheck, Stream, Transport, TransportError};

/// A stream socket that listens already: inherited, or opened by the program itself.
///
/// Several processes can serve one such socket, each with its own copy of the descriptor: every
/// client reaches one of them. [`OpenTransport::new`] takes the listeners of the standard library,
/// Unix or TCP, and plain descriptors.
///
/// It listens **once**: the listener owns the descriptor and closes it when it is dropped. A file
/// is left to its maker, neither watched nor removed, unless
/// [`with_file_removal`](Self::with_file_removal) says otherwise. Dialing connects to the socket's
/// address like any client.
///
/// # Defaults
///
/// `TCP_NODELAY` and keepalive on. A socket file accepts all that its rights let in
/// ([`PeerCheck::Any`]), an abstract name [`PeerCheck::SameUserOrRoot`].
///
/// # Errors
///
/// Listening gives [`TransportError::AlreadyTaken`] the second time, or [`TransportError::Io`];
/// dialing and accepting what the kind of socket gives.
///
/// # Examples
///
/// ```
/// use ipc_transport::{OpenTransport, Transport};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let listener = OpenTransport::new(socket)?.listen().await?;
/// # drop(listener);
/// # Ok(()) }
/// ```
pub struct OpenTransport {
    endpoint: Endpoint,
    socket: Mutex<Option<OwnedFd>>,
    accept_check: PeerCheck,
    owns_file: bool,
    /// For TCP: its options.
    #[cfg(feature = "tcp")]
    tcp: crate::TcpTransport,
}

impl OpenTransport {
    /// Returns a transport that serves an open socket, which it sets to non-blocking: for every
    /// process that shares it.
    ///
    /// # Errors
    ///
    /// [`InheritError::NotAListener`] for anything but a listening stream socket of a kind of this
    /// build (whether it listens is checked on Linux, Android and FreeBSD), and
    /// [`InheritError::Io`].
    pub fn new(socket: impl Into<OwnedFd>) -> Result<Self, InheritError> {
        let socket = socket.into();
        let endpoint = inspect(&socket)?;
        let nonblocking = SockRef::from(&socket).set_nonblocking(true);
        nonblocking.map_err(|source| InheritError::Io { op: "setting the mode", source })?;
        #[cfg(feature = "tcp")]
        let tcp = match &endpoint {
            Endpoint::Tcp { host, port } => crate::TcpTransport::new(host, *port),
            // It is not asked for.
            _ => crate::TcpTransport::new("", 0),
        };
        let accept_check = match endpoint {
            Endpoint::Abstract(_) => PeerCheck::SameUserOrRoot,
            _ => PeerCheck::Any,
        };
        Ok(Self {
            endpoint,
            socket: Mutex::new(Some(socket)),
            accept_check,
            owns_file: false,
            #[cfg(feature = "tcp")]
            tcp,
        })
    }

    /// Sets which clients a server on a Unix socket accepts; TCP does not say who a client is.
    #[must_use]
    pub fn with_accept_check(self, check: PeerCheck) -> Self {
        Self { accept_check: check, ..self }
    }

    /// Sets whether the listener removes the socket file when it closes, by default `false`.
    ///
    /// For a socket that its maker has handed over for good, see [`Listener::hand_over`]: this
    /// process is then the one that removes the file, if it is still the same.
    #[must_use]
    pub fn with_file_removal(self, removes: bool) -> Self {
        Self { owns_file: removes, ..self }
    }

    /// Sets whether small writes go out at once over TCP (`TCP_NODELAY`), by default `true`.
    #[cfg(feature = "tcp")]
    #[must_use]
    pub fn with_nodelay(self, nodelay: bool) -> Self {
        Self { tcp: self.tcp.with_nodelay(nodelay), ..self }
    }

    /// Sets when a TCP connection that carries nothing is probed, by default as
    /// [`Keepalive`](crate::Keepalive) says; `None` never.
    #[cfg(feature = "tcp")]
    #[must_use]
    pub fn with_keepalive(self, keepalive: impl Into<Option<crate::Keepalive>>) -> Self {
        Self { tcp: self.tcp.with_keepalive(keepalive), ..self }
    }

    /// Sets how long bytes sent over TCP may go without the peer's system taking them, as
    /// [`TcpTransport::with_user_timeout`](crate::TcpTransport::with_user_timeout) says; by default, and
    /// with `None`, the system decides.
    #[cfg(feature = "tcp")]
    #[must_use]
    pub fn with_user_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        Self { tcp: self.tcp.with_user_timeout(timeout), ..self }
    }

    fn dialer(&self) -> Result<Box<dyn Transport>, TransportError> {
        #[cfg(feature = "tcp")]
        if matches!(self.endpoint, Endpoint::Tcp { .. }) {
            return Ok(Box::new(self.tcp.clone()));
        }
        self.endpoint.transport()
    }

    fn serve(&self, socket: OwnedFd) -> std::io::Result<Box<dyn Listener>> {
        match &self.endpoint {
            #[cfg(feature = "tcp")]
            Endpoint::Tcp { .. } => {
                let io = tokio::net::TcpListener::from_std(socket.into())?;
                Ok(Box::new(crate::kinds::tcp::TcpServer::new(&self.tcp, io)?))
            }
            endpoint => {
                let io = tokio::net::UnixListener::from_std(socket.into())?;
                let server = UnixServer::new(endpoint.clone(), io, self.accept_check);
                Ok(Box::new(match endpoint {
                    Endpoint::Unix(path) if self.owns_file => {
                        server.with_file(SocketFile::new(path)?)
                    }
                    _ => server,
                }))
            }
        }
    }
}

#[async_trait]
impl Transport for OpenTransport {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    fn supports_blocking(&self) -> bool {
        true
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.dialer()?.dial().await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.dialer()?.dial_within(limit).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(socket) = socket else {
            return Err(TransportError::AlreadyTaken { endpoint: self.endpoint() });
        };
        let failed =
            |source| TransportError::Io { endpoint: self.endpoint(), op: "listen", source };
        self.serve(socket).map_err(failed)
    }
}

impl fmt::Debug for OpenTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTransport").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Returns the address of a listening stream socket.
fn inspect(socket: &OwnedFd) -> Result<Endpoint, InheritError> {
    let not = |found| Err(InheritError::NotAListener { found });
    let socket = SockRef::from(socket);
    match socket.r#type() {
        Ok(Type::STREAM) => {}
        Ok(Type::DGRAM) => return not("a datagram socket"),
        Ok(_) => return not("a socket of another type"),
        Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => return not("no socket"),
        Err(source) => return Err(InheritError::Io { op: "looking at the type", source }),
    }
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    match socket.is_listener() {
        Ok(true) => {}
        Ok(false) => return not("a socket that does not listen"),
        Err(source) => return Err(InheritError::Io { op: "looking at the state", source }),
    }
    let address = socket.local_addr();
    let address =
        address.map_err(|source| InheritError::Io { op: "looking at the address", source })?;
    endpoint(&address).ok_or(InheritError::NotAListener { found: "a socket of another family" })
}

fn endpoint(address: &SockAddr) -> Option<Endpoint> {
    #[cfg(feature = "tcp")]
    if let Some(address) = address.as_socket() {
        return Some(Endpoint::Tcp { host: address.ip().to_string(), port: address.port() });
    }
    if let Some(path) = address.as_pathname() {
        return Some(Endpoint::Unix(path.to_owned()));
    }
    let name = address.as_abstract_namespace()?;
    // The name is for people here; a socket whose name is not text is served all the same.
    Some(Endpoint::Abstract(String::from_utf8_lossy(name).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[track_caller]
    fn refused(socket: impl Into<OwnedFd>, expected: &str) {
        match OpenTransport::new(socket) {
            Err(InheritError::NotAListener { found }) => assert_eq!(found, expected),
            other => panic!("expected {expected:?}, got {other:?}"),
        }
    }

    #[test]
    fn what_does_not_listen_is_refused() -> TestResult {
        refused(std::fs::File::open("/dev/null")?, "no socket");
        refused(UdpSocket::bind("127.0.0.1:0")?, "a datagram socket");
        refused(UnixDatagram::unbound()?, "a datagram socket");
        if cfg!(target_os = "linux") {
            refused(UnixStream::pair()?.0, "a socket that does not listen");
        }
        Ok(())
    }

    #[tokio::test]
    async fn an_open_socket_listens_once_and_its_file_stays() -> TestResult {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("app.world");
        let transport = OpenTransport::new(UnixListener::bind(&path)?)?;
        assert_eq!(transport.endpoint(), Endpoint::Unix(path.clone()));
        let mut listener = transport.listen().await?;
        let (ours, theirs) = tokio::try_join!(transport.dial(), listener.accept())?;
        assert_eq!(
            theirs.peer().credentials.map(|found| found.pid),
            ours.peer().credentials.map(|found| found.pid)
        );
        let again = transport.listen().await;
        assert!(matches!(again, Err(TransportError::AlreadyTaken { .. })), "{again:?}");
        listener.close().await?;
        assert!(path.exists(), "whoever made the file removes it");
        // No process has the socket open any more.
        let refused = transport.dial().await;
        assert!(matches!(refused, Err(TransportError::NobodyListening { .. })), "{refused:?}");
        Ok(())
    }

    #[cfg(feature = "tcp")]
    #[tokio::test]
    async fn two_copies_of_one_socket_share_its_clients() -> TestResult {
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = socket.local_addr()?.port();
        let first = OpenTransport::new(socket.try_clone()?)?;
        let second = OpenTransport::new(socket)?;
        assert_eq!(first.endpoint(), Endpoint::Tcp { host: "127.0.0.1".into(), port });
        let mut copies = [first.listen().await?, second.listen().await?];
        for listener in &mut copies {
            tokio::try_join!(first.dial(), listener.accept())?;
        }
        // With one of them closed the other goes on.
        let [closed, mut open] = copies;
        closed.close().await?;
        tokio::try_join!(first.dial(), open.accept())?;
        Ok(())
    }
}
